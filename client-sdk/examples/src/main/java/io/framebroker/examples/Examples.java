package io.framebroker.examples;

import io.framebroker.examples.capture.RtspCapture;
import io.framebroker.examples.demo.Demo;
import io.framebroker.examples.processor.SampleProcessor;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry point of the example programs. Exit codes: 0 done, 1 failed, 2 wrong arguments. */
@Command(
        name = "frame-broker-examples",
        mixinStandardHelpOptions = true,
        version = "frame-broker-examples 0.1.0",
        description = "Programs that feed a frame broker and take frames from it.",
        subcommands = {RtspCapture.class, SampleProcessor.class, Demo.class})
public final class Examples implements Runnable {

    @Spec
    private CommandSpec spec;

    private Examples() {}

    public static void main(String[] args) {
        // Pictures are drawn and decoded, never shown.
        System.setProperty("java.awt.headless", "true");
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Examples())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(command.getCommandName() + ": " + failure.getMessage());
                    return 1;
                });
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a program: rtsp-capture, sample-processor or demo");
    }
}
