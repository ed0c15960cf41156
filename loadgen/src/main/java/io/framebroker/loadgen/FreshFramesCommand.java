package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.role.BrokerProcess;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.scenario.FreshFrames;
import io.framebroker.loadgen.scenario.FreshFramesFindings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "fresh-frames",
        description =
                "A camera with a LATEST consumer of 10 frames a second and a group with a max_age, which stall for 2 s now and"
                        + " then: shows how old frames are when they are handled, and that each frame is delivered or named.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class FreshFramesCommand implements Callable<Integer> {
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
            defaultValue = "30",
            description = "Frames a second of the camera (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--frame-bytes",
            defaultValue = "100000",
            description = "Payload of a frame (default: ${DEFAULT-VALUE}).")
    private int frameBytes;

    @Option(
            names = "--max-age",
            defaultValue = "200ms",
            converter = Durations.class,
            description = "Of the group (default: ${DEFAULT-VALUE}).")
    private Duration maxAge;

    @Option(
            names = "--noise",
            defaultValue = "0s",
            converter = Durations.class,
            description = "What the machine may add to any time, where others use it (default: ${DEFAULT-VALUE}).")
    private Duration noise;

    @Option(names = "--broker-jar", paramLabel = "FILE", description = "Broker to start.")
    private Path brokerJar;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results there.")
    private Path json;

    @Override
    public Integer call() throws InterruptedException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        FreshFramesFindings findings;
        try (BrokerProcess broker = BrokerProcess.start(
                brokerJar == null ? LoadOptions.defaultBrokerJar() : brokerJar,
                Jvm.of("-Xmx256m"),
                List.of("--store", "memory"))) {
            findings = new FreshFrames(broker.address(), rate, frameBytes, maxAge, noise).run(duration);
        }
        out.print(findings);
        out.flush();
        if (json != null) {
            Files.writeString(json, Json.of(findings.toJson()));
        }
        return findings.verdict().isEmpty() ? 0 : 1;
    }
}
