package io.framebroker.server;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
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
    private static final String LEAK_DETECTION = "io.grpc.netty.shaded.io.netty.leakDetection.level";

    @Mixin
    private ServerConfig config;

    public static void main(String[] args) {
        // Netty looks for buffers that were not given back, of which this program has none of its own: 3 % of its time.
        System.setProperty(LEAK_DETECTION, System.getProperty(LEAK_DETECTION, "disabled"));
        int code = run(args);
        if (code != 0) {
            System.exit(code);
        }
    }

    private static int run(String... args) {
        CommandLine command = commandLine();
        try {
            readFile(command, args);
        } catch (IllegalArgumentException e) {
            complain(command, e);
            return command.getCommandSpec().exitCodeOnInvalidInput();
        }
        return command.execute(args);
    }

    static CommandLine commandLine() {
        return TimeText.readBy(new CommandLine(new FrameBroker()))
                .setParameterExceptionHandler(FrameBroker::misused)
                .setExecutionExceptionHandler((e, commandLine, parsed) -> {
                    boolean isTold =
                            commandLine.getCommand() instanceof FrameBroker broker && broker.config.log.tellsWhyNot(e);
                    if (!isTold) {
                        complain(commandLine, e);
                    }
                    return commandLine.getCommandSpec().exitCodeOnExecutionException();
                });
    }

    /** Has the broker take settings from the file that is named, if one is. Its subcommands take none. */
    static void readFile(CommandLine command, String... arguments) {
        CommandLine first = commandLine();
        ParseResult parsed = withErrors(first, arguments);
        String file = first.<FrameBroker>getCommand().config.file;
        if (!parsed.hasSubcommand() && file != null && !file.isEmpty()) {
            CommandSpec spec = command.getCommandSpec();
            spec.defaultValueProvider(ConfigFile.read(Path.of(file), spec, ServerConfig::environment));
        }
    }

    /** Reads arguments to the end, whatever is wrong with them. */
    private static ParseResult withErrors(CommandLine command, String... arguments) {
        command.getCommandSpec().parser().collectErrors(true);
        return command.parseArgs(arguments);
    }

    /** Says everything that is wrong, and where to read more: behind a page of usage nobody sees it. */
    private static int misused(ParameterException e, String... arguments) {
        CommandLine command = e.getCommandLine();
        if (command.getCommand() instanceof FrameBroker) {
            sayAll(command, arguments);
        } else {
            complain(command, e);
        }
        UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr().println("try '" + command.getCommandSpec().qualifiedName() + " --help'");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static void sayAll(CommandLine command, String... arguments) {
        CommandSpec spec = command.getCommandSpec();
        IDefaultValueProvider file = spec.defaultValueProvider();
        Set<ArgSpec> wrongOnes = new HashSet<>();
        // Of what variables and the file give, the first that cannot be read hides those behind it: they are looked at
        // again without it.
        spec.defaultValueProvider(each -> {
            if (wrongOnes.contains(each)) {
                return ConfigFile.ownDefault(each);
            }
            return file == null ? null : file.defaultValue(each);
        });
        Set<String> said = new LinkedHashSet<>();
        int before;
        do {
            before = said.size();
            for (Exception each : withErrors(command, arguments).errors()) {
                // Of a flag that cannot be read its default value is complained of, too.
                if (!(each instanceof ParameterException wrong) || wrong.getArgSpec() == null) {
                    said.add(each.getMessage());
                } else if (wrongOnes.add(wrong.getArgSpec())) {
                    said.add(each.getMessage() + origin(wrong.getArgSpec(), file, arguments));
                }
            }
        } while (said.size() > before);
        said.forEach(each -> complain(command, each));
    }

    private static String origin(ArgSpec wrong, IDefaultValueProvider file, String... arguments) {
        if (!(wrong instanceof OptionSpec option)) {
            return "";
        }
        String flag = option.longestName();
        if (Stream.of(arguments).anyMatch(each -> each.equals(flag) || each.startsWith(flag + "="))) {
            return "";
        }
        String origin = ConfigFile.origin(option, file, ServerConfig::environment);
        return origin == null ? "" : ", in " + origin;
    }

    private static void complain(CommandLine command, Exception e) {
        complain(command, String.valueOf(e.getMessage()));
    }

    private static void complain(CommandLine command, String what) {
        command.getErr().println("frame-broker: " + Printable.of(what));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        config.log.begin();
        config.check();
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
