package io.framebroker.bridge;

import io.framebroker.bridge.source.GiveUpException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The bridge process. Prints one line on standard output when it reads, or stands by; logs go to standard error. Exit codes: 0 told
 * to end, 1 cannot go on, 2 wrong arguments.
 */
@Command(
        name = "frame-broker-bridge",
        mixinStandardHelpOptions = true,
        version = "frame-broker-bridge 0.1.0",
        sortOptions = false,
        description = "Carries the entries of a Redis Stream into streams of a frame broker.")
public final class Bridge implements Callable<Integer> {
    /** On top of the drain time: closing publishers, and the last word to Redis. */
    private static final long CLOSE_MILLIS = 6_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private BridgeConfig config;

    private Bridge() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Bridge())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println("frame-broker-bridge: " + failure.getMessage());
                    return 1;
                });
    }

    @Override
    public Integer call() throws InterruptedException {
        try {
            config.check();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        Carrier carrier = new Carrier(config, this::announce);
        StopSignal stop =
                StopSignal.listen(carrier::stop, config.exitWithStdin, config.drainTime.toMillis() + CLOSE_MILLIS);
        int code = 1;
        try {
            carrier.run();
            code = 0;
        } catch (GiveUpException e) {
            spec.commandLine().getErr().println("frame-broker-bridge: " + e.getMessage());
        } finally {
            stop.tidied(code);
        }
        return code;
    }

    private void announce(String standing) {
        System.out.println("frame-broker-bridge " + standing + " source=" + config.source + " group=" + config.group
                + " consumer=" + config.consumer());
        System.out.flush();
    }
}
