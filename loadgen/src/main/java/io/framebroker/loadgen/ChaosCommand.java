package io.framebroker.loadgen;

import io.framebroker.loadgen.chaos.ChaosRun;
import io.framebroker.loadgen.chaos.Scenario;
import io.framebroker.loadgen.chaos.Scenarios;
import io.framebroker.loadgen.chaos.StageSetup;
import io.framebroker.loadgen.check.Report;
import io.framebroker.loadgen.check.Terms;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.role.BrokerProcess;
import io.framebroker.loadgen.role.Jvm;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "chaos",
        description = "Real processes under faults, judged by their logs. The same seed brings the same faults.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ChaosCommand implements Callable<Integer> {
    private static final String WORKER_FLAGS = "-Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";
    private static final String BROKER_FLAGS = "-Xms512m -Xmx512m -XX:+UseParallelGC";
    private static final Duration QUIET = Duration.ofSeconds(2);

    @Spec
    private CommandSpec spec;

    @Option(names = "--scenario", paramLabel = "NAME", description = "One of those that --list shows.")
    private String scenario;

    @Option(names = "--list", description = "Show the scenarios.")
    private boolean list;

    @Option(names = "--seed", paramLabel = "N", description = "Of faults and payloads (default: drawn, and printed).")
    private Long seed;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Faults, one after the other; 0 for none (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--pause",
            paramLabel = "TIME",
            defaultValue = "2s",
            converter = Durations.class,
            description = "Most time between two of them (default: ${DEFAULT-VALUE}).")
    private Duration pause;

    @Option(
            names = "--min-acks",
            paramLabel = "N",
            defaultValue = "20000",
            description =
                    "Fewer acks make the run void; frames flow until there are as many (default: ${DEFAULT-VALUE}).")
    private long minAcks;

    @Option(
            names = "--most-wait",
            paramLabel = "TIME",
            converter = Durations.class,
            description = "How long a frame may wait for an ack while no fault is on: more where others use the machine"
                    + " (default: 5s).")
    private Duration mostWait;

    @Option(
            names = "--most-comeback",
            paramLabel = "TIME",
            converter = Durations.class,
            description =
                    "How long publishers may be without acks once a broker is started again (default: the scenario's).")
    private Duration mostComeback;

    @Option(
            names = "--streams",
            paramLabel = "N",
            defaultValue = "2",
            description = "Streams, each with a publisher (default: ${DEFAULT-VALUE}).")
    private int streams;

    @Option(
            names = "--groups",
            paramLabel = "N",
            defaultValue = "2",
            description = "Groups; each gets every frame (default: ${DEFAULT-VALUE}).")
    private int groups;

    @Option(
            names = "--consumers",
            paramLabel = "N",
            defaultValue = "2",
            description = "Members of a group (default: ${DEFAULT-VALUE}).")
    private int consumers;

    @Option(
            names = "--rate",
            paramLabel = "FPS",
            defaultValue = "500",
            description = "Frames a second of each publisher (default: ${DEFAULT-VALUE}).")
    private double rate;

    @Option(
            names = "--frame-bytes",
            paramLabel = "BYTES",
            defaultValue = "8000",
            description = "Largest payload; sizes go down to half of it (default: ${DEFAULT-VALUE}).")
    private int frameBytes;

    @Option(names = "--broker-jar", paramLabel = "FILE", description = "Broker to start.")
    private Path brokerJar;

    @Option(
            names = "--broker-jvm",
            paramLabel = "FLAGS",
            defaultValue = BROKER_FLAGS,
            description = "Flags of the broker's JVM (default: ${DEFAULT-VALUE}).")
    private String brokerJvm;

    @Option(
            names = "--broker-arg",
            paramLabel = "ARG",
            description =
                    "One more argument for the broker; {redis-port} stands for the port of the run's Redis. Repeat"
                            + " for more.")
    private List<String> brokerArguments = List.of();

    @Option(
            names = "--redis-server",
            paramLabel = "PROGRAM",
            description =
                    "Start a Redis of the run's own with this program (default: none, unless the scenario takes one).")
    private String redisServer;

    @Option(
            names = "--redis-arg",
            paramLabel = "ARG",
            description = "One more argument for it, for instance --appendonly. Repeat for more.")
    private List<String> redisArguments = List.of();

    @Option(
            names = "--worker-jvm",
            paramLabel = "FLAGS",
            defaultValue = WORKER_FLAGS,
            description = "Flags of the JVMs of publishers and consumers (default: ${DEFAULT-VALUE}).")
    private String workerJvm;

    @Option(
            names = "--logs",
            paramLabel = "DIR",
            description =
                    "Empty folder for the logs, which stay (default: a temporary one, which stays if the run is not"
                            + " clean).")
    private Path logs;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report there too.")
    private Path json;

    @Override
    public Integer call() throws InterruptedException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (list) {
            Scenarios.all().forEach(each -> out.printf("%-16s %s%n", each.name(), each.description()));
            return 0;
        }
        ChaosRun run = run();
        System.err.printf(
                "scenario %s, seed %d, logs in %s%n",
                run.scenario().name(), run.asked().seed(), run.asked().logs());
        Report report = run.execute();
        out.printf(
                "scenario %s, seed %d%n%n%s", run.scenario().name(), run.asked().seed(), report.toText());
        out.flush();
        if (json != null) {
            Files.writeString(json, Json.of(json(run, report)));
        }
        if (report.clean() && logs == null) {
            delete(run.asked().logs());
        } else {
            out.println("logs: " + run.asked().logs());
        }
        return report.clean() ? 0 : 1;
    }

    private ChaosRun run() throws IOException {
        try {
            if (scenario == null) {
                throw new IllegalArgumentException("--scenario is missing; --list shows which there are");
            }
            Scenario chosen = Scenarios.named(scenario);
            if (rounds < 0) {
                throw new IllegalArgumentException("--rounds is " + rounds + "; it must be 0 or more");
            }
            return new ChaosRun(chosen, setup(), rounds, usual(), pause, QUIET, System.err);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Terms usual() {
        Terms usual = Terms.DEFAULT
                .withMinimums(minAcks, 0, 0)
                .withBounds(mostWait == null ? Terms.DEFAULT.mostWait() : mostWait, Terms.DEFAULT.recovery());
        return mostComeback == null
                ? usual
                : usual.withPromises(usual.promises().withMostComeback(mostComeback));
    }

    private StageSetup setup() throws IOException {
        String run = Long.toHexString(Stamp.nowMicros());
        StageSetup.Load load = new StageSetup.Load(streams, groups, consumers, frameBytes, rate);
        Path jar = brokerJar == null ? LoadOptions.defaultBrokerJar() : brokerJar;
        List<String> broker = BrokerProcess.command(jar, Jvm.of(brokerJvm));
        return new StageSetup(
                run,
                seed == null ? ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE) : seed,
                folder(run),
                load,
                StageSetup.Habits.DEFAULT,
                new StageSetup.BrokerSetup(BrokerProcess.command(jar, Jvm.of(brokerJvm)), brokerArguments, 1, null),
                redisServer == null ? null : new StageSetup.RedisSetup(redisServer, redisArguments),
                false,
                Jvm.of(workerJvm));
    }

    private Path folder(String run) throws IOException {
        if (logs == null) {
            return Files.createTempDirectory("frame-broker-chaos-" + run + "-");
        }
        if (Files.exists(logs)) {
            try (Stream<Path> there = Files.list(logs)) {
                if (there.findAny().isPresent()) {
                    throw new IllegalArgumentException("--logs is '" + logs + "', which is not empty");
                }
            }
        }
        return Files.createDirectories(logs);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static Map<String, Object> json(ChaosRun run, Report report) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("scenario", run.scenario().name());
        json.put("seed", run.asked().seed());
        json.put("rounds", run.rounds());
        json.put("report", report.toJson());
        return json;
    }
}
