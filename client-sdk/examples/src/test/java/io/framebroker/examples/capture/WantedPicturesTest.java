package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.Demand;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WantedPicturesTest {

    private static final long SECOND = 1_000_000_000L;

    private final WantedPictures wanted = new WantedPictures(10 * SECOND);
    private long now = Long.MAX_VALUE - SECOND;

    @Test
    void untilTheBrokerHasToldAllAreWanted() {
        assertThat(played(25, 2)).isEqualTo(50);
        assertThat(wanted.nobody()).isFalse();
    }

    @Test
    void withNeitherConsumerNorGroupNoneIs() {
        told(0, 0, 0);

        assertThat(played(25, 2)).isZero();
        assertThat(wanted.nobody()).isTrue();
    }

    @Test
    void aGroupWithoutConsumersWantsAll() {
        told(0, 1, 0);

        assertThat(played(25, 2)).isEqualTo(50);
    }

    @ParameterizedTest
    @CsvSource({"30, 10, 100", "15, 10, 100", "25, 10, 100", "30, 29, 290", "10, 60, 100", "25, 0.5, 5"})
    void asManyAreTakenAsAreWanted(double fps, double wantedFps, long inTenSeconds) {
        told(1, 0, wantedFps);

        assertThat(played(fps, 10)).isBetween(inTenSeconds, inTenSeconds + 1);
    }

    @Test
    void aSourceThatWasAwayDoesNotMakeUpForIt() {
        told(1, 0, 10);
        played(25, 1);

        now += 60 * SECOND;

        assertThat(played(100, 1)).isBetween(9L, 11L);
    }

    @Test
    void theFirstPictureAtAnotherRateGoesAtOnce() {
        told(1, 0, 0.1);
        assertThat(wanted.takes(now)).isTrue();
        assertThat(wanted.takes(now + SECOND)).isFalse();

        told(2, 0, 1);

        assertThat(wanted.takes(now + SECOND)).isTrue();
    }

    /** Each telling used to let one picture more through. */
    @Test
    void whoeverElseComesAtTheSameRateChangesNothing() {
        told(1, 0, 1);
        assertThat(wanted.takes(now)).isTrue();

        told(2, 0, 1);

        assertThat(wanted.takes(now + SECOND / 2)).isFalse();
    }

    @Test
    void theSourceIsOfUseForAWhileAfterTheLastOneWent() {
        told(0, 0, 0);
        now += 9 * SECOND;
        told(0, 0, 0);
        assertThat(wanted.nobodyForLong(now)).isFalse();
        now += SECOND;
        assertThat(wanted.nobodyForLong(now)).isTrue();

        told(1, 0, 0);
        assertThat(wanted.nobodyForLong(now)).isFalse();
        told(0, 0, 0);
        assertThat(wanted.nobodyForLong(now)).isFalse();
    }

    @Test
    void whoWaitsForSomebodyGoesOnWhenThereIs() throws Exception {
        wanted.awaitSomebody();
        told(0, 0, 0);
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
            try {
                wanted.awaitSomebody();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        told(0, 0, 0);
        assertThat(waiting).isNotDone();
        told(0, 1, 0);

        waiting.get(60, TimeUnit.SECONDS);
    }

    private void told(int consumers, int groups, double fps) {
        wanted.told(
                Demand.newBuilder()
                        .setConsumers(consumers)
                        .setGroups(groups)
                        .setWantedFps(fps)
                        .build(),
                now);
    }

    /** How many of a source's pictures were taken. */
    private long played(double fps, int seconds) {
        long taken = 0;
        long interval = Math.round(SECOND / fps);
        for (long left = Math.round(fps * seconds); left > 0; left--) {
            taken += wanted.takes(now) ? 1 : 0;
            now += interval;
        }
        return taken;
    }
}
