package io.framebroker.loadgen;

import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.targets.TargetException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Entry point of the load generator. Exit codes: 0 when the run holds, 1 when it failed (a defect, a child that died,
 * nothing flowed, a missed requirement), 2 for arguments that make no sense.
 */
@Command(
        name = "frame-broker-loadgen",
        description = "Puts load on Frame Broker, measures it and checks every frame.",
        mixinStandardHelpOptions = true,
        version = "frame-broker-loadgen 0.1.0",
        subcommands = {
            RunCommand.class,
            CompareCommand.class,
            SlowConsumerCommand.class,
            FreshFramesCommand.class,
            ScaleCommand.class,
            PlotCommand.class,
            SummaryCommand.class,
            CheckCommand.class,
            ChaosCommand.class,
            RoleCommands.Publisher.class,
            RoleCommands.Consumer.class,
            RoleCommands.Relay.class,
            RoleCommands.RawRelay.class,
            RoleCommands.PollingRelay.class,
            RoleCommands.CheckedPublisher.class,
            RoleCommands.CheckedConsumer.class
        })
public final class LoadGen {
    private LoadGen() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(Preset.expand(args)));
    }

    static CommandLine commandLine() {
        return new CommandLine(new LoadGen()).setExecutionExceptionHandler(LoadGen::failed);
    }

    private static int failed(Exception cause, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (cause instanceof RunFailure || cause instanceof TargetException) {
            err.println("failed: " + cause.getMessage());
        } else {
            cause.printStackTrace(err);
        }
        err.flush();
        return 1;
    }
}
