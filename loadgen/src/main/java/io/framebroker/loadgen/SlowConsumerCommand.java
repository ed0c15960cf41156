package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.role.BrokerProcess;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.scenario.SlowConsumer;
import io.framebroker.loadgen.scenario.SlowConsumerFindings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "slow-consumer",
        description =
                "A group ten times slower than its camera, beside a quick group and another camera: shows that the"
                        + " camera waits, nothing is lost, memory stays flat and nobody else suffers.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SlowConsumerCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--duration",
            defaultValue = "60s",
            converter = Durations.class,
            description = "Time the camera runs (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--rate",
            defaultValue = "100",
            description = "Frames a second of a camera (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--frame-bytes",
            defaultValue = "100000",
            description = "Payload of a frame (default: ${DEFAULT-VALUE}).")
    private int frameBytes;

    @Option(
            names = "--backlog",
            defaultValue = "1000",
            description = "Backlog limit of the streams, in frames (default: ${DEFAULT-VALUE}).")
    private int backlog;

    @Option(
            names = "--noise",
            defaultValue = "10ms",
            converter = Durations.class,
            description =
                    "Differences of latency below this are the machine's: more where others use it (default: ${DEFAULT-VALUE}).")
    private Duration noise;

    @Option(names = "--broker-jar", paramLabel = "FILE", description = "Broker to start.")
    private Path brokerJar;

    @Option(
            names = "--broker-jvm",
            defaultValue = Jvm.SMALL_FLAGS,
            description =
                    "Flags of the broker's JVM; a heap of fixed size, all of it touched, so that resident memory shows what"
                            + " is beside it (default: ${DEFAULT-VALUE}).")
    private String brokerJvm;

    @Option(
            names = "--broker-arg",
            paramLabel = "ARG",
            description = "One more argument for the broker. Repeat for more.")
    private List<String> brokerArgs = List.of();

    @Option(
            names = "--most-resident",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description =
                    "Fail unless the broker's resident memory at the limit stays below, for instance 476M (default: whatever"
                            + " it is).")
    private long mostResidentBytes;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results there.")
    private Path json;

    @Override
    public Integer call() throws InterruptedException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        SlowConsumerFindings findings;
        try (BrokerProcess broker = BrokerProcess.start(
                brokerJar == null ? LoadOptions.defaultBrokerJar() : brokerJar,
                Jvm.of(brokerJvm),
                Stream.concat(
                                Stream.of("--store", "memory", "--backlog-frames", Integer.toString(backlog)),
                                brokerArgs.stream())
                        .toList())) {
            SlowConsumer scenario = new SlowConsumer(
                    broker.address(),
                    broker.process().pid(),
                    rate,
                    frameBytes,
                    backlog,
                    noise,
                    mostResidentBytes / 1024);
            findings = scenario.run(duration);
        }
        out.print(findings);
        out.flush();
        if (json != null) {
            Files.writeString(json, Json.of(findings.toJson()));
        }
        return findings.verdict().isEmpty() ? 0 : 1;
    }
}
