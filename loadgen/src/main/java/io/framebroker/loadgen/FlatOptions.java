package io.framebroker.loadgen;

import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.soak.Flatness;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.soak.Tolerance;
import java.util.List;
import picocli.CommandLine.Option;

/** What {@code run} and {@code plot} ask of a long run. */
final class FlatOptions {
    @Option(
            names = "--require-flat",
            description = "Fail unless latency and resident memory of the last third are those of the second third, and"
                    + " the disk was never above its limit.")
    private boolean required;

    @Option(
            names = "--latency-tolerance",
            paramLabel = "PART",
            defaultValue = "0.25",
            description = "How far p50 and p99 may rise and be flat (default: ${DEFAULT-VALUE}, a quarter).")
    private double latency;

    @Option(
            names = "--latency-noise",
            paramLabel = "MS",
            defaultValue = "5",
            description = "Rises of so many milliseconds are not looked at (default: ${DEFAULT-VALUE}).")
    private double latencyMillis;

    @Option(
            names = "--memory-tolerance",
            paramLabel = "PART",
            defaultValue = "0.1",
            description = "How far resident memory may rise and be flat (default: ${DEFAULT-VALUE}, a tenth).")
    private double memory;

    boolean required() {
        return required;
    }

    Flatness judge(List<Second> seconds) {
        return Flatness.of(seconds, new Tolerance(latency, latencyMillis, memory));
    }

    void check(Flatness flatness) {
        if (required && !flatness.wrong().isEmpty()) {
            throw new RunFailure("not flat: " + String.join("; ", flatness.wrong()));
        }
    }
}
