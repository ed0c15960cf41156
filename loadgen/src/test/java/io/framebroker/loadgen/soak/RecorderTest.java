package io.framebroker.loadgen.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.role.Memory;
import io.framebroker.loadgen.role.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RecorderTest {
    @Test
    void theWarmupIsPassedOverAndTheRestIsCountedFromItsEnd(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("segments"));
        Files.write(folder.resolve("segments/1"), new byte[3_000]);
        Files.write(folder.resolve("lock"), new byte[5]);
        try (Recorder recorder = new Recorder(Map.of(), Duration.ofSeconds(2), folder, 4_000, null)) {
            for (int second = 0; second < 4; second++) {
                recorder.accept(sample(second), sample(second + 1));
            }

            assertThat(recorder.seconds()).extracting(Second::at).containsExactly(1.0, 2.0);
            Second last = recorder.seconds().get(1);
            assertThat(last.publishedPerSecond()).isEqualTo(100);
            assertThat(last.deliveredPerSecond()).isEqualTo(200);
            assertThat(last.latency()).isEqualTo(new Second.Latency(1, 2, 3));
            assertThat(last.otherCores()).isEqualTo(0.75);
            assertThat(last.disk()).isEqualTo(new Second.Disk(3_005, 4_000));
            assertThat(last.processes()).isEqualTo(Map.of("broker", new Second.Use(0.25, 0, 0)));
        }
    }

    @Test
    void memoryOfFilesIsToldApart() {
        List<String> status =
                List.of("Name: java", "VmHWM:  900 kB", "VmRSS:\t    300 kB", "RssAnon:  200 kB", "RssFile: 100 kB");

        assertThat(Memory.of(status)).isEqualTo(new Memory(300 << 10, 200 << 10, 900 << 10));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aProcessHasSome() {
        Memory ours = Memory.of(ProcessHandle.current());

        assertThat(ours.residentBytes()).isGreaterThanOrEqualTo(ours.anonymousBytes());
        assertThat(ours.peakBytes()).isGreaterThanOrEqualTo(ours.residentBytes());
        assertThat(ours.anonymousBytes()).isPositive();
    }

    @Test
    void aFolderThatIsNotThereIsEmpty(@TempDir Path folder) {
        assertThat(Folder.bytes(folder.resolve("none"))).isZero();
    }

    /** Of a target that takes a quarter of a core, on a machine of which others use three. */
    private static Sample sample(int second) {
        long nanos = second * 1_000_000_000L;
        return new Sample(
                nanos,
                second * 100,
                0,
                nanos,
                second * 200,
                0,
                0,
                new Sample.Latency(1_000, 2_000, 3_000),
                new Sample.Costs(
                        Map.of("broker", Duration.ofMillis(250L * second)),
                        Duration.ofMillis(1_000L * second),
                        Map.of(),
                        0));
    }
}
