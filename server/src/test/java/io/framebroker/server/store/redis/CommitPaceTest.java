package io.framebroker.server.store.redis;

import static io.framebroker.server.store.redis.CommitPace.BETWEEN_NANOS;
import static io.framebroker.server.store.redis.CommitPace.MOST_BYTES_BETWEEN;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommitPaceTest {
    /** A clock that may be anywhere, and runs over. */
    private static final long START = Long.MAX_VALUE - BETWEEN_NANOS / 2;

    private final CommitPace pace = new CommitPace(START);

    @Test
    void whereThereIsNothingToTellNothingIsDue() {
        assertThat(pace.untilDue(START)).isEqualTo(Long.MAX_VALUE);
        assertThat(pace.mayWait(START)).isFalse();
    }

    @Test
    void theNextTimeIsAWhileAfterTheLast() {
        assertThat(pace.next(START + 1)).isEqualTo(START + BETWEEN_NANOS);
        assertThat(pace.untilDue(START + 1)).isEqualTo(BETWEEN_NANOS - 1);
        assertThat(pace.mayWait(START + BETWEEN_NANOS - 1)).isTrue();
        assertThat(pace.mayWait(START + BETWEEN_NANOS)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {BETWEEN_NANOS, BETWEEN_NANOS + 1, 100 * BETWEEN_NANOS})
    void whereTheLastTimeIsLongAgoTheNextIsNow(long afterNanos) {
        assertThat(pace.next(START + afterNanos)).isEqualTo(START + afterNanos);
        assertThat(pace.mayWait(START + afterNanos)).isFalse();
    }

    @Test
    void whatMayBeVoidInAMomentWaitsHoweverLongAgoTheLastTimeIs() {
        long now = START + 100 * BETWEEN_NANOS;

        assertThat(pace.later(now)).isEqualTo(now + BETWEEN_NANOS);
        assertThat(pace.mayWait(now + BETWEEN_NANOS - 1)).isTrue();
        assertThat(pace.mayWait(now + BETWEEN_NANOS)).isFalse();
    }

    @Test
    void theMostUrgentOfWhatWaitsSaysWhenItIsTold() {
        pace.later(START);
        pace.later(START + 1);
        assertThat(pace.untilDue(START + 1)).isEqualTo(BETWEEN_NANOS - 1);

        assertThat(pace.atOnce(START + 2)).isEqualTo(START + 2);
        pace.later(START + 3);

        assertThat(pace.untilDue(START + 3)).isEqualTo(-1);
        assertThat(pace.mayWait(START + 3)).isFalse();
    }

    @Test
    void whatWaitsIsToldWithSoMuchOfFrames() {
        pace.next(START);
        pace.sends(MOST_BYTES_BETWEEN - 1);
        assertThat(pace.mayWait(START)).isTrue();

        pace.sends(1);

        assertThat(pace.mayWait(START)).isFalse();
        assertThat(pace.mayWaitForFrames(START)).isFalse();
    }

    @Test
    void alsoWhatIsToldAtOnceWaitsForFramesThatGoAnyway() {
        pace.atOnce(START);

        assertThat(pace.mayWaitForFrames(START + BETWEEN_NANOS - 1)).isTrue();
        assertThat(pace.mayWaitForFrames(START + BETWEEN_NANOS)).isFalse();
    }

    @Test
    void whatIsTakenIsNotDueAgainAndTheWhileBeginsWithTheTelling() {
        pace.atOnce(START);
        pace.sends(MOST_BYTES_BETWEEN);
        pace.taken();
        assertThat(pace.untilDue(START)).isEqualTo(Long.MAX_VALUE);
        // Nothing was told: frames still count.
        pace.next(START + 1);
        assertThat(pace.mayWait(START + 1)).isFalse();

        pace.told(START + 2);

        assertThat(pace.next(START + 3)).isEqualTo(START + 2 + BETWEEN_NANOS);
        assertThat(pace.mayWaitForFrames(START + 3)).isTrue();
    }
}
