package io.framebroker.loadgen.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondsFileTest {
    private static final Second SILENT = new Second(
            1,
            300.5,
            0,
            new Second.Latency(Double.NaN, Double.NaN, Double.NaN),
            0.25,
            Second.Disk.NONE,
            Map.of("broker", new Second.Use(0.5, 0, 0)));

    @TempDir
    Path folder;

    @Test
    void whatWasWrittenIsRead() throws IOException {
        List<Second> seconds = Seconds.flat(12).list();

        assertThat(SecondsFile.read(written(seconds))).isEqualTo(seconds);
    }

    @Test
    void whatIsNotKnownIsEmpty() throws IOException {
        Path file = written(List.of(SILENT));

        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "seconds,published_fps,delivered_fps,latency_p50_ms,latency_p99_ms,latency_max_ms,others_cores,"
                                + "disk_bytes,disk_limit_bytes,broker_cores,broker_resident_bytes,broker_anonymous_bytes",
                        "1.0,300.5,0.0,,,,0.25,,,0.50,,");
        assertThat(SecondsFile.read(file)).containsExactly(SILENT);
    }

    @Test
    void aSecondIsThereBeforeTheNextOne() throws IOException {
        Path file = folder.resolve("s.csv");
        try (SecondsFile out = SecondsFile.create(file)) {
            out.write(SILENT);
            assertThat(SecondsFile.read(file)).hasSize(1);
        }
    }

    @Test
    void whatIsNoneOfOursIsNamed() throws IOException {
        Path file = folder.resolve("s.csv");

        Files.writeString(file, "name,price\npear,3\n");
        assertThatThrownBy(() -> SecondsFile.read(file)).hasMessageContaining("s.csv has no samples of a run");

        Files.writeString(written(List.of(SILENT)), "1.0,2\n", java.nio.file.StandardOpenOption.APPEND);
        assertThatThrownBy(() -> SecondsFile.read(file)).hasMessageContaining("s.csv, line 3: 2 values under 12 names");
    }

    private Path written(List<Second> seconds) {
        Path file = folder.resolve("s.csv");
        try (SecondsFile out = SecondsFile.create(file)) {
            seconds.forEach(out::write);
        }
        return file;
    }
}
