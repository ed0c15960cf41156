package io.framebroker.loadgen.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Sample;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepsTest {
    private static final long SECOND = 1_000_000_000;
    private static final long MIB = 1 << 20;

    @TempDir
    private Path folder;

    @Test
    void aStepIsALineWithWhatEachProcessTook() {
        Steps steps = new Steps(Growth.CAMERAS, "t", List.of(step(Target.BROKER, 1), step(Target.BROKER, 64)));

        String[] lines = steps.toString().split("\n");
        assertThat(lines[0]).contains("cameras", "broker, cores", "publisher, cores", "p99.9 ms", "heap MiB");
        assertThat(lines[2].trim().split("\\s{2,}"))
                .containsExactly(
                        "64", "960", "950", "2.0", "2.0", "2.0", "0.50", "0.20", "0.521", "1 100", "300", "250",
                        "0.30");
    }

    @Test
    void coresMemoryAndLatencyAreDrawnOverTheSize() throws IOException {
        Path svg = folder.resolve("s.svg");

        new Steps(Growth.CAMERAS, "64 cameras", List.of(step(Target.BROKER, 1), step(Target.BROKER, 64))).write(svg);

        assertThat(Files.readString(svg))
                .contains("64 cameras", "cores busy", "memory, MiB", "latency, ms", "objects on its heap", "p99.9")
                .doesNotContain("without files");
    }

    @Test
    void theDiskStoresFilesAreToldApart() throws IOException {
        Path svg = folder.resolve("s.svg");

        new Steps(Growth.CAMERAS, "t", List.of(step(Target.BROKER_DISK, 1))).write(svg);

        assertThat(Files.readString(svg)).contains("broker without files");
    }

    @Test
    void aPictureMayBePng() throws IOException {
        Path png = folder.resolve("s.png");

        new Steps(Growth.IDLE, "t", List.of(step(Target.BROKER, 0))).write(png);

        BufferedImage image = ImageIO.read(png.toFile());
        assertThat(image.getWidth()).isGreaterThan(image.getHeight());
    }

    @Test
    void nothingIsNotTold() {
        assertThatThrownBy(() -> new Steps(Growth.IDLE, "t", List.of())).hasMessage("there is no step to tell of");
    }

    @Test
    void whatIsNotKnownOfTheHeapIsNull() {
        BrokerMemory memory = new BrokerMemory(1, 2, 3, OptionalLong.empty());

        assertThat(memory.toJson()).containsEntry("live_heap_bytes", null).containsEntry("frames_bytes", 1L);
    }

    /** One second, of which the broker has worked half and others three tenths. */
    private static Step step(Target target, int size) {
        Workload workload = Growth.CAMERAS.workload(1, Math.max(1, size), 15, 50_000);
        Histogram latencies = new Histogram(3);
        latencies.recordValue(2_000);
        Sample from = sample(0, 0, 0, Map.of("publisher", Duration.ZERO, target.label(), Duration.ZERO), 0);
        Sample to = sample(
                SECOND,
                960,
                950,
                Map.of("publisher", Duration.ofMillis(200), target.label(), Duration.ofMillis(500)),
                1_000);
        return new Step(
                size,
                new Measurement(Side.of(target), workload, from, to, latencies, Defects.NONE, 0, 0),
                new Second.Use(0.5, 1_100 * MIB, 1_000 * MIB),
                new BrokerMemory(250 * MIB, 0, 0, OptionalLong.of(300 * MIB)));
    }

    private static Sample sample(long nanos, long sent, long settled, Map<String, Duration> cpu, long machineMillis) {
        return new Sample(
                nanos,
                sent,
                sent,
                nanos,
                settled,
                settled,
                0,
                Sample.Latency.NONE,
                new Sample.Costs(cpu, Duration.ofMillis(machineMillis), Map.of(), 0));
    }
}
