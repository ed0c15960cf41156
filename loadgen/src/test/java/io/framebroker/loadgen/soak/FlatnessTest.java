package io.framebroker.loadgen.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FlatnessTest {
    private static final Tolerance TOLERANCE = new Tolerance(0.25, 2, 0.1);
    private static final Second.Latency STALL = new Second.Latency(900, 1_800, 2_000);

    @Test
    void whatOnlyWaversIsFlat() {
        Flatness flatness = judge(Seconds.flat(60));

        assertThat(flatness.wrong()).isEmpty();
        assertThat(flatness.toString())
                .contains("latency p99 ms: 10.6, 10.6, 10.6")
                .contains("disk MiB: at most 286, limit 1 024")
                .endsWith("flat" + System.lineSeparator());
    }

    @Test
    void whatGrowsInTheFirstThirdAndStaysThereIsFlat() {
        Seconds seconds = Seconds.flat(60)
                .brokerResident(at -> Seconds.RESIDENT * Math.min(at, 20) / 20)
                .disk(at -> 10_000_000L * Math.min(at, 20));

        assertThat(judge(seconds).wrong()).isEmpty();
    }

    @Test
    void latencyThatGrowsIsNot() {
        Seconds seconds = Seconds.flat(60).latency(at -> new Second.Latency(4, 10 + at * 0.5, 60));

        assertThat(judge(seconds).wrong())
                .containsExactly("latency p99 rose from 25.5 to 35.5 ms, more than 25 % and 2.0 ms");
    }

    @Test
    void aRiseThatIsNoiseIsNotLookedAt() {
        // By half, but by one millisecond only.
        Seconds seconds = Seconds.flat(60).latency(at -> new Second.Latency(1, at > 40 ? 3 : 2, 4));

        assertThat(judge(seconds).wrong()).isEmpty();
    }

    @Test
    void oneStallIsToldAndIsNoTrend() {
        Flatness flatness = judge(Seconds.flat(60).latency(at -> at == 50 ? STALL : null));

        assertThat(flatness.wrong()).isEmpty();
        assertThat(flatness.toString()).contains("seconds with a frame later than 106 ms: 1, the worst 2 000 ms");
    }

    @Test
    void aStallThatDoesNotEndIsATrend() {
        Flatness flatness = judge(Seconds.flat(60).latency(at -> at > 45 ? STALL : null));

        assertThat(flatness.wrong()).hasSize(2).allMatch(wrong -> wrong.matches("latency p\\d\\d rose .*"));
    }

    @Test
    void memoryThatGrowsIsNotFlatAndItsProcessIsNamed() {
        Seconds seconds = Seconds.flat(60).brokerResident(at -> Seconds.RESIDENT + at * 2_000_000L);

        assertThat(judge(seconds).wrong())
                .containsExactly("resident memory of broker rose from 250 to 288 MiB, more than 10 %");
    }

    @Test
    void oneByteAboveTheLimitOfTheDiskIsTooMuch() {
        assertThat(judge(Seconds.flat(60).disk(at -> Seconds.LIMIT)).wrong()).isEmpty();
        // In the first third already, and only then.
        assertThat(judge(Seconds.flat(60).disk(at -> Seconds.LIMIT + (at == 7 ? 1 : 0)))
                        .wrong())
                .containsExactly("disk use went above its limit of 1073741824 bytes at 7 s, to 1073741825 at most");
    }

    @Test
    void aRunInWhichNothingComesThroughIsNotFlat() {
        Second.Latency none = new Second.Latency(Double.NaN, Double.NaN, Double.NaN);

        assertThat(judge(Seconds.flat(60).latency(at -> at > 40 ? none : null)).wrong())
                .containsExactly("nothing was delivered in 20 of 60 seconds");
    }

    @Test
    void aFewSecondsTellNothing() {
        assertThat(judge(Seconds.flat(9)).wrong()).isEmpty();
        assertThat(judge(Seconds.flat(8)).wrong()).containsExactly("8 seconds are too few to tell, 9 are needed");
        assertThat(Flatness.of(List.of(), TOLERANCE).wrong()).hasSize(1);
    }

    private static Flatness judge(Seconds seconds) {
        return Flatness.of(seconds.list(), TOLERANCE);
    }
}
