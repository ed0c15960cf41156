package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RoomTest {
    @Test
    void aDiskTooSmallIsToldWithBothSidesAndTheReason(@TempDir Path folder) {
        Path notYetThere = folder.resolve("a/b");

        assertThatThrownBy(() -> Room.disk(notYetThere, Long.MAX_VALUE, "for the append-only file"))
                .isInstanceOf(RunFailure.class)
                .hasMessageMatching("only [\\d.]+ GB are free where " + notYetThere
                        + " is, 9223372036.9 GB are needed: for the append-only file");
        assertThatCode(() -> Room.disk(notYetThere, 1, "")).doesNotThrowAnyException();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryTooSmallIsTold() {
        assertThatThrownBy(() -> Room.memory(Long.MAX_VALUE, "for the heaps"))
                .hasMessageMatching(
                        "only [\\d.]+ GB of memory are available, 9223372036.9 GB are needed: for the heaps");
        assertThatCode(() -> Room.memory(1, "")).doesNotThrowAnyException();
    }

    @Test
    void heapsAreReadFromFlags() {
        assertThat(Room.heapBytes(List.of("-Xms1g", "-Xmx2g", "-XX:+UseParallelGC")))
                .isEqualTo(2L << 30);
        assertThat(Room.heapBytes(List.of("-Xmx200m"))).isEqualTo(200L << 20);
        assertThat(Room.heapBytes(List.of())).isZero();
    }
}
