package io.framebroker.loadgen.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.role.Sample;
import io.framebroker.loadgen.targets.Side;
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
    private static final long SECOND = 1_000_000_000;
    private static final Sample.Costs NO_COSTS = new Sample.Costs(Map.of(), Duration.ZERO, Map.of(), 0);
    private static final Sample.Latency NO_LATENCY = Sample.Latency.NONE;
    private static final Sample START = new Sample(0, 0, 0, 0, 0, 0, 0, NO_LATENCY, NO_COSTS);

    private static final Side RAW = Side.of(Target.RAW);
    private static final Side RELAY = Side.of(Target.RELAY);
    private static final Side BROKER = Side.of(Target.BROKER);
    private static final Side REDIS = Side.of(Target.REDIS);
    private static final Side REDIS_BATCH = Side.of(Target.REDIS_BATCH);
    private static final Side BROKER_REDIS = Side.of(Target.BROKER_REDIS);

    private static final Workload WORKLOAD = new Workload(1, 1, 1, 1, 100_000, 1, 64, 64, 0, true);

    @Test
    void ratesUseEachSidesOwnTime() {
        Sample from = new Sample(0, 0, 0, 0, 0, 0, 0, NO_LATENCY, costs(Map.of("broker", 1.0), 10, 0));
        Sample to = new Sample(
                2_000_000_000L,
                1_000,
                900,
                4_000_000_000L,
                1_000,
                800,
                0,
                NO_LATENCY,
                costs(Map.of("broker", 3.0), 18, 0));

        assertThat(to.sentPerSecond(from)).isEqualTo(500);
        assertThat(to.deliveredPerSecond(from)).isEqualTo(250);
        assertThat(to.settledPerSecond(from)).isEqualTo(200);
        assertThat(to.cpuSeconds(from)).containsExactly(Map.entry("broker", 2.0));
        assertThat(to.otherCores(from)).as("8 s in all, 2 of them ours, in 4 s").isEqualTo(1.5);
        assertThat(to.sentPerSecond(to)).isZero();
    }

    @Test
    void figuresFollowFromFrames() {
        Measurement measured = measurement(RELAY, 10_000);

        assertThat(measured.megabytesPerSecond()).isEqualTo(1_000);
        assertThat(measured.cpuPerThousand("relay")).isEqualTo(0.05);
        assertThat(measured.cpuPerThousand("nobody")).isNaN();
        assertThat(measured.latencyMillis(50)).isCloseTo(3.1, offset(0.01));
    }

    @Test
    void aDefectFailsTheRunAndIsNamed() {
        Defects defects = new Defects(1, 0, 0, 0, 0, List.of("lost g0/cam-0 7 (first of 1)"));
        Measurement lossy = measurement(RELAY, 10_000, histogram(), defects);

        assertThatThrownBy(lossy::check)
                .isInstanceOf(RunFailure.class)
                .hasMessageContaining("relay: verification failed: lost 1,")
                .hasMessageContaining("lost g0/cam-0 7");
    }

    @Test
    void nothingFlowedFailsTheRun() {
        Measurement silent = measurement(RELAY, 0, new Histogram(3), Defects.NONE);

        assertThatThrownBy(silent::check).hasMessageContaining("relay: nothing flowed");
    }

    @Test
    void comparesRoundByRoundToTheFirstAndTheSecond() {
        Comparison comparison = Comparison.ofDelivered(List.of(RAW, RELAY, BROKER));
        double[][] rounds = {{20_000, 10_000, 8_000}, {10_000, 5_000, 5_500}, {22_000, 11_000, 9_900}};
        for (double[] round : rounds) {
            comparison.add(measurement(RAW, round[0]));
            comparison.add(measurement(RELAY, round[1]));
            comparison.add(measurement(BROKER, round[2]));
        }

        assertThat(comparison.ratio(RELAY, RAW)).isEqualTo(new Spread(0.5, 0.5, 0.5));
        String[] lines = comparison.toText().split("\n");
        assertThat(lines).anyMatch(line -> line.matches("raw +20 000 \\[10 000 - 22 000\\] .*"));
        assertThat(lines).anyMatch(line -> line.matches("relay / raw +0.50 \\[0.50 - 0.50\\]"));
        assertThat(lines).anyMatch(line -> line.matches("broker / raw +0.45 \\[0.40 - 0.55\\]"));
        assertThat(lines).anyMatch(line -> line.matches("broker / relay +0.90 \\[0.80 - 1.10\\] +not distinguishable"));
        assertThat(comparison.toJson().get("ratios").toString()).contains("distinguishable=false");
    }

    @Test
    void comparesSettledFramesToPlainRedisWhereverItStands() {
        Comparison comparison = Comparison.ofSettled(List.of(BROKER, REDIS, REDIS_BATCH, BROKER_REDIS));
        for (double round : new double[] {1, 2, 1.5}) {
            // Shuffled: the tables keep the order asked for.
            comparison.add(settled(BROKER_REDIS, 1_500 * round));
            comparison.add(settled(REDIS_BATCH, 3_000 * round));
            comparison.add(settled(BROKER, 4_000 * round));
            comparison.add(settled(REDIS, 1_000 * round));
        }

        assertThat(comparison.ratio(BROKER_REDIS, REDIS)).isEqualTo(new Spread(1.5, 1.5, 1.5));
        String[] lines = PeerTables.of(comparison).split("\n");
        assertThat(lines).anyMatch(line -> line.matches("redis +1 500 \\[1 000 - 2 000\\] +10 000 +6 000 .*"));
        assertThat(lines).anyMatch(line -> line.matches("redis +0.02 +- +0.04 +0.03 +0.09 +120"));
        assertThat(lines).anyMatch(line -> line.matches("broker +0.02 +0.04 +- +0.03 +0.09 +-"));
        assertThat(lines).anyMatch(line -> line.matches("redis +200 +- +400 +300"));
        assertThat(lines).anyMatch(line -> line.matches("broker-redis +200 +400 +- +300"));
        assertThat(comparison.toJson().get("targets").toString())
                .contains("peak_resident_mib={publisher=200.0, middle=NaN, server=400.0, consumer=300.0}");
        assertThat(lines)
                .anyMatch(line -> line.startsWith("cores kept busy by others: broker 0.25 [0.25 - 0.25], redis"));
        assertThat(lines)
                .filteredOn(line -> line.contains(" / "))
                .extracting(line -> line.replaceAll("  .*", ""))
                .containsExactly(
                        "broker / redis",
                        "broker / redis-batch",
                        "redis-batch / redis",
                        "broker-redis / broker",
                        "broker-redis / redis",
                        "broker-redis / redis-batch");
    }

    /** Of frames that come at fixed times every target carries as many; what differs is how late. */
    @Test
    void comparesLatencyWhereFramesComeAtFixedTimes() {
        Side many = new Side(Target.BROKER_DISK, 64);
        Comparison comparison = Comparison.ofSettled(List.of(Side.of(Target.BROKER_DISK), many));
        for (int round = 1; round <= 3; round++) {
            comparison.add(paced(Side.of(Target.BROKER_DISK), 1_000));
            comparison.add(paced(many, 1_000 * round));
        }

        assertThat(PeerTables.of(comparison).split("\n"))
                .anyMatch(line -> line.startsWith("ratio of p99 ms"))
                .anyMatch(line -> line.matches("broker-disk@64 / broker-disk +2.00 \\[1.00 - 3.00\\] +not dist.*"))
                .noneMatch(line -> line.startsWith("ratio of settled"));
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
        Sample before = START;
        Sample now = new Sample(
                1_000_000_000L,
                11_234,
                0,
                1_000_000_000L,
                11_230,
                0,
                2,
                new Sample.Latency(900, 3_100, 4_000),
                NO_COSTS);
        Progress progress = new Progress("", BROKER, WORKLOAD, new PrintStream(new ByteArrayOutputStream(), true));

        assertThat(progress.line(12, before, now))
                .isEqualTo("[ 12s] broker  pub 11 234 fps  con 11 230 fps  1 123 MB/s  p99 3.1 ms  lost 2");
    }

    private static Measurement measurement(Side side, double fps) {
        return measurement(side, fps, histogram(), Defects.NONE);
    }

    private static Measurement measurement(Side side, double fps, Histogram latencies, Defects defects) {
        Map<String, Double> cpu = Map.of("publisher", 0.2, side.target().label(), 0.5, "consumer", 0.3);
        Sample end = new Sample(SECOND, 10_000, 0, SECOND, (long) fps, (long) fps, 0, NO_LATENCY, costs(cpu, 1, 0));
        return new Measurement(side, WORKLOAD, START, end, latencies, defects, 0, 0);
    }

    private static Measurement paced(Side side, long micros) {
        Workload workload = new Workload(1, 1, 1, 1, 100_000, 1, 64, 64, 1_000, true);
        Histogram latencies = new Histogram(3);
        latencies.recordValue(micros);
        Sample end = new Sample(SECOND, 1_000, 0, SECOND, 1_000, 1_000, 0, NO_LATENCY, costs(Map.of(), 1, 0));
        return new Measurement(side, workload, START, end, latencies, Defects.NONE, 0, 0);
    }

    /** By each of four groups; on a machine of which others use a quarter of a core. */
    private static Measurement settled(Side side, double fps) {
        Map<String, Double> cpu = side.target().isPlainRedis()
                ? Map.of("publisher", 0.2, "redis-server", 0.4, "consumer", 0.3)
                : Map.of("publisher", 0.2, side.target().label(), 0.4, "consumer", 0.3);
        Sample.Costs costs = costs(cpu, 1.15, 1_200_000);
        Sample end = new Sample(SECOND, 10_000, 0, SECOND, (long) (4 * fps), (long) fps, 0, NO_LATENCY, costs);
        return new Measurement(side, WORKLOAD, START, end, histogram(), Defects.NONE, 0, 0);
    }

    private static Sample.Costs costs(Map<String, Double> cpu, double machine, long aofBytes) {
        Map<String, Duration> times = new LinkedHashMap<>();
        cpu.forEach((process, seconds) -> times.put(process, Duration.ofMillis((long) (seconds * 1_000))));
        Map<String, Long> peaks = new LinkedHashMap<>();
        cpu.forEach((process, seconds) -> peaks.put(process, (long) (seconds * 1_000) << 20));
        return new Sample.Costs(times, Duration.ofMillis((long) (machine * 1_000)), peaks, aofBytes);
    }

    private static Histogram histogram() {
        Histogram histogram = new Histogram(3);
        histogram.recordValue(3_100);
        return histogram;
    }
}
