package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LargeRunTest {
    @Test
    @Timeout(300)
    void aMillionEventsAreCheckedInSeconds(@TempDir Path folder) {
        LogSet logs = LogSet.large(200_000);
        logs.remove(LogSet.C, "DELIVER 0 123456 ");

        long startNanos = System.nanoTime();
        Report report = logs.check(folder);
        double seconds = (System.nanoTime() - startNanos) / 1e9;

        assertThat(report.first(Verdict.LOST)).containsExactly("r/cam/p0/1/123456 (group g1)");
        assertThat(report.found()).containsExactly(Verdict.LOST);
        // Measured: half a second, writing included. The rest is for machines that do other things too.
        assertThat(seconds).isLessThan(20);
    }
}
