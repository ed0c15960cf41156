package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When frames went, in room that does not grow. */
class GoneThroughTest {
    private final GoneThrough gone = new GoneThrough(11);

    @Test
    void aFrameWentBetweenTwoPoints() {
        gone.add(20, 1_000);
        gone.add(30, 2_000);

        assertThat(gone.by(20)).isEqualTo(1_000);
        assertThat(gone.notBefore(20)).isZero();
        assertThat(gone.by(21)).isEqualTo(2_000);
        assertThat(gone.notBefore(21)).isEqualTo(1_000);
    }

    @Test
    void whatHadGoneBeforeHasNoTime() {
        gone.add(20, 1_000);

        assertThat(gone.by(10)).isZero();
        assertThat(gone.by(11)).isEqualTo(1_000);
        assertThat(gone.by(21)).isZero();
    }

    @Test
    void anyFrameIsFoundHoweverManyWent() {
        for (long ordinal = 11; ordinal <= 100_000; ordinal++) {
            gone.add(ordinal, ordinal * 10);
        }

        for (long ordinal = 11; ordinal <= 100_000; ordinal++) {
            assertThat(gone.by(ordinal)).isBetween(ordinal * 10, ordinal * 10 + 10 * 100_000 / 32);
            assertThat(gone.notBefore(ordinal)).isLessThan(ordinal * 10);
        }
        assertThat(gone.points()).isLessThanOrEqualTo(GoneThrough.MOST_POINTS);
    }
}
