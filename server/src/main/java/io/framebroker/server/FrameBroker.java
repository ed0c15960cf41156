package io.framebroker.server;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The broker process. Prints one line on standard output when it serves; logs go to standard error. Its subcommands
 * talk to a broker that runs, or look into what one has left.
 */
@Command(
        name = "frame-broker",
        mixinStandardHelpOptions = true,
        version = "frame-broker 0.1.0",
        sortOptions = false,
        subcommands = {
            StreamsCommand.class,
            GroupsCommand.class,
            GroupCommand.class,
            ConsumersCommand.class,
            LedgerCommand.class,
            ExplainCommand.class,
            DlqCommand.class,
            TailCommand.class,
            SnapshotCommand.class,
            StoreCommand.class
        },
        description = "A gRPC streaming broker for video frames.")
public final class FrameBroker implements Callable<Integer> {
    @Mixin
    private ServerConfig config;

    public static void main(String[] args) {
        int code = commandLine().execute(args);
        if (code != 0) {
            System.exit(code);
        }
    }

    static CommandLine commandLine() {
        return TimeText.readBy(new CommandLine(new FrameBroker()))
                .setParameterExceptionHandler((e, arguments) -> misused(e))
                .setExecutionExceptionHandler((e, commandLine, parsed) -> {
                    complain(commandLine, e);
                    return commandLine.getCommandSpec().exitCodeOnExecutionException();
                });
    }

    /** Says what is wrong, and where to read more: behind a page of usage nobody sees it. */
    private static int misused(ParameterException e) {
        CommandLine command = e.getCommandLine();
        complain(command, e);
        UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr().println("try '" + command.getCommandSpec().qualifiedName() + " --help'");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static void complain(CommandLine command, Exception e) {
        command.getErr().println("frame-broker: " + Printable.of(String.valueOf(e.getMessage())));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        BrokerServer server = BrokerServer.start(config);
        // Halts, because a JVM that was told to end by a signal would otherwise report the signal, not success.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            server.close();
                            Runtime.getRuntime().halt(0);
                        },
                        "frame-broker-shutdown"));
        System.out.println("frame-broker ready grpc=" + server.port() + " store=" + server.storeName() + " http="
                + (server.httpPort() < 0 ? "none" : server.httpPort()));
        System.out.flush();
        if (config.exitWithStdin) {
            System.in.transferTo(OutputStream.nullOutputStream());
            System.exit(0);
        }
        server.awaitStopped();
        return 0;
    }
}
