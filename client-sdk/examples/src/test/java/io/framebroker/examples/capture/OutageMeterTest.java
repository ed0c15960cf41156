package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OutageMeterTest {

    private static final long SECOND = 1_000_000_000L;

    private long now = 42;

    @Test
    void theGapIsTheRateSeenBeforeTimesTheTimeAway() {
        OutageMeter meter = new OutageMeter(0, 60 * SECOND, now);
        play(meter, 100, SECOND / 25);

        meter.away(now);
        now += 4 * SECOND;

        assertThat(meter.picture(now)).isEqualTo(99);
    }

    @Test
    void aNamedRateNeedsNoPictureBefore() {
        OutageMeter meter = new OutageMeter(10, 60 * SECOND, now);

        meter.away(now);
        now += 3 * SECOND;

        assertThat(meter.picture(now)).isEqualTo(29);
    }

    @Test
    void aLastingOutageIsReportedInPartsThatAddUp() {
        OutageMeter meter = new OutageMeter(20, 5 * SECOND, now);
        meter.picture(now);
        meter.away(now);

        long sum = 0;
        int reports = 0;
        for (int second = 0; second < 21; second++) {
            now += SECOND;
            long lost = meter.tick(now);
            sum += lost;
            reports += lost > 0 ? 1 : 0;
        }
        sum += meter.picture(now);

        assertThat(reports).isEqualTo(4);
        assertThat(sum).isEqualTo(20 * 21 - 1);
    }

    @Test
    void whatASourceDidNotGiveWhileItRestedIsNotLost() {
        OutageMeter meter = new OutageMeter(0, 5 * SECOND, now);
        play(meter, 100, SECOND / 25);

        assertThat(meter.rest(now)).isZero();
        now += 100 * SECOND;
        assertThat(meter.tick(now)).isZero();
        assertThat(meter.resume(now)).isEqualTo(2500);
        meter.away(now);
        now += 4 * SECOND;

        assertThat(meter.picture(now)).isEqualTo(99);
    }

    @Test
    void whatWasLostBeforeASourceRestedStaysLost() {
        OutageMeter meter = new OutageMeter(20, 5 * SECOND, now);
        meter.picture(now);
        meter.away(now);
        now += 6 * SECOND;
        long reported = meter.tick(now);
        now += SECOND;

        reported += meter.rest(now);

        assertThat(reported).isEqualTo(20 * 7 - 1);
        now += 10 * SECOND;
        assertThat(meter.resume(now)).isEqualTo(200);
        assertThat(meter.picture(now)).isZero();
    }

    @Test
    void aCameraNeverSeenAndWithoutNamedRateHasNoEstimate() {
        OutageMeter meter = new OutageMeter(0, SECOND, now);

        meter.away(now);
        now += 100 * SECOND;

        assertThat(meter.tick(now)).isZero();
        assertThat(meter.picture(now)).isZero();
    }

    @Test
    void aBurstAtTheStartOfARunDoesNotSpoilTheRate() {
        OutageMeter meter = new OutageMeter(0, 60 * SECOND, now);
        play(meter, 100, SECOND / 25);
        meter.away(now);
        now += SECOND;
        play(meter, 5, SECOND / 1000);

        meter.away(now);
        now += 2 * SECOND;

        assertThat(meter.picture(now)).isEqualTo(49);
    }

    @Test
    void withoutOutageNothingIsLost() {
        OutageMeter meter = new OutageMeter(25, SECOND, now);
        meter.picture(now);
        now += 3 * SECOND;

        assertThat(meter.tick(now)).isZero();
        assertThat(meter.picture(now)).isZero();
    }

    private void play(OutageMeter meter, int pictures, long periodNanos) {
        for (int i = 0; i < pictures; i++) {
            meter.picture(now);
            now += i < pictures - 1 ? periodNanos : 0;
        }
    }
}
