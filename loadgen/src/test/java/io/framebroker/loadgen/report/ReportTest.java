package io.framebroker.loadgen.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.role.Sample;
import io.framebroker.loadgen.targets.Target;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Workload WORKLOAD = new Workload(1, 1, 1, 1, 100_000, 1, 64, 64, 0, true);

    @Test
    void ratesUseEachSidesOwnTime() {
        Sample from = new Sample(0, 0, 0, 0, 0, 0, -1, Map.of("broker", Duration.ofSeconds(1)));
        Sample to = new Sample(
                2_000_000_000L, 1_000, 900, 4_000_000_000L, 1_000, 0, 50, Map.of("broker", Duration.ofSeconds(3)));

        assertThat(to.sentPerSecond(from)).isEqualTo(500);
        assertThat(to.deliveredPerSecond(from)).isEqualTo(250);
        assertThat(to.cpuSeconds(from)).containsExactly(Map.entry("broker", 2.0));
        assertThat(to.sentPerSecond(to)).isZero();
    }

    @Test
    void figuresFollowFromFrames() {
        Measurement measured = measurement(Target.RELAY, 10_000);

        assertThat(measured.megabytesPerSecond()).isEqualTo(1_000);
        assertThat(measured.cpuPerThousand("relay")).isEqualTo(0.05);
        assertThat(measured.cpuPerThousand("nobody")).isNaN();
        assertThat(measured.latencyMillis(50)).isCloseTo(3.1, offset(0.01));
    }

    @Test
    void aDefectFailsTheRunAndIsNamed() {
        Defects defects = new Defects(1, 0, 0, 0, 0, List.of("lost g0/cam-0 7 (first of 1)"));
        Measurement lossy = measurement(Target.RELAY, 10_000, histogram(), defects);

        assertThatThrownBy(lossy::check)
                .isInstanceOf(RunFailure.class)
                .hasMessageContaining("relay: verification failed: lost 1,")
                .hasMessageContaining("lost g0/cam-0 7");
    }

    @Test
    void nothingFlowedFailsTheRun() {
        Measurement silent = measurement(Target.RELAY, 0, new Histogram(3), Defects.NONE);

        assertThatThrownBy(silent::check).hasMessageContaining("relay: nothing flowed");
    }

    @Test
    void comparesRoundByRoundToTheFirstAndTheSecond() {
        Comparison comparison = new Comparison();
        double[][] rounds = {{20_000, 10_000, 8_000}, {10_000, 5_000, 5_500}, {22_000, 11_000, 9_900}};
        for (double[] round : rounds) {
            comparison.add(measurement(Target.RAW, round[0]));
            comparison.add(measurement(Target.RELAY, round[1]));
            comparison.add(measurement(Target.BROKER, round[2]));
        }

        assertThat(comparison.ratio(Target.RELAY, Target.RAW)).isEqualTo(new Spread(0.5, 0.5, 0.5));
        String[] lines = comparison.toText().split("\n");
        assertThat(lines).anyMatch(line -> line.matches("raw +20 000 \\[10 000 - 22 000\\] .*"));
        assertThat(lines).anyMatch(line -> line.matches("relay / raw +0.50 \\[0.50 - 0.50\\]"));
        assertThat(lines).anyMatch(line -> line.matches("broker / raw +0.45 \\[0.40 - 0.55\\]"));
        assertThat(lines).anyMatch(line -> line.matches("broker / relay +0.90 \\[0.80 - 1.10\\] +not distinguishable"));
        assertThat(comparison.toJson().get("ratios").toString()).contains("distinguishable=false");
    }

    @Test
    void jsonIsJson() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("text", "a \"quote\", a \\ and\na line\u0001");
        map.put("numbers", Arrays.asList(1, 2.5, Double.NaN, null, true));
        map.put("none", Map.of());

        assertThat(Json.of(map)).isEqualTo("""
                {
                  "text": "a \\"quote\\", a \\\\ and\\na line\\u0001",
                  "numbers": [1, 2.5, null, null, true],
                  "none": {}
                }
                """);
    }

    @Test
    void progressSaysWhatFlowsAndWhatIsMissing() {
        Sample before = new Sample(0, 0, 0, 0, 0, 0, -1, Map.of());
        Sample now = new Sample(1_000_000_000L, 11_234, 0, 1_000_000_000L, 11_230, 2, 3_100, Map.of());
        Progress progress =
                new Progress("", Target.BROKER, WORKLOAD, new PrintStream(new ByteArrayOutputStream(), true));

        assertThat(progress.line(12, before, now))
                .isEqualTo("[ 12s] broker  pub 11 234 fps  con 11 230 fps  1 123 MB/s  p99 3.1 ms  lost 2");
    }

    private static Measurement measurement(Target target, double fps) {
        return measurement(target, fps, histogram(), Defects.NONE);
    }

    private static Measurement measurement(Target target, double fps, Histogram latencies, Defects defects) {
        Map<String, Double> cpu = Map.of("publisher", 0.2, target.label(), 0.5, "consumer", 0.3);
        return new Measurement(target, WORKLOAD, 1, 10_000, fps, fps, cpu, latencies, defects, 0);
    }

    private static Histogram histogram() {
        Histogram histogram = new Histogram(3);
        histogram.recordValue(3_100);
        return histogram;
    }
}
