package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory that has no room for what is stored, and a store that can read it back. */
class CoolingTest {
    /** What a frame of 100 bytes costs. */
    private static final int FRAME = 100 + Backlog.FRAME_OVERHEAD_BYTES;

    private final Conversation talk = Conversation.thatIsRemembered(BrokerSettings.DEFAULT, 10 * FRAME);
    private final Camera camera = talk.camera();

    @BeforeEach
    void nobodyTakesWhatAGroupWaitsFor() {
        stored("cam").canCool();
        talk.worker("w1").of("detectors").joins().leaves();
    }

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private RememberedStream stored(String stream) {
        return talk.remembered().stream(stream);
    }

    private static long[] range(long first, long last) {
        return LongStream.rangeClosed(first, last).toArray();
    }

    private long framesInMemory() {
        return talk.memory().keptBytes() / FRAME;
    }

    @Test
    void nothingLeavesWhileThereIsRoom() {
        camera.publishes(range(1, 9));

        assertThat(framesInMemory()).isEqualTo(9);
    }

    @Test
    void theOldestLeaveUntilTheStreamHasHalfItsShare() {
        camera.publishes(range(1, 20));

        assertThat(framesInMemory()).isEqualTo(5);
        Worker detector = talk.worker("w1").of("detectors").joins();
        detector.receivesNothing();
        stored("cam").readsBack();
        detector.receives(range(1, 8));
    }

    /** A camera used to be held for good by memory that was full to the byte: too full for more, not for what was there. */
    @Test
    void theBacklogGrowsBeyondMemory() {
        talk.broker().updateStream("cam", Conversation.backlog(1_000, 256L << 20));
        camera.publishes(range(1, 100));

        camera.mayGoOn();
        assertThat(talk.stream().backlogFrames()).isEqualTo(100);
        assertThat(framesInMemory()).isLessThanOrEqualTo(10);
    }

    @Test
    void whatLeftMemoryIsReadBackInOrder() {
        camera.publishes(range(1, 30));
        Worker detector = talk.worker("w1").of("detectors").joins();

        talk.store().releaseAll();

        detector.receives(range(1, 30));
    }

    @Test
    void aRetryIsReadBackToo() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        detector.nacks(1_000, 1);
        detector.leaves();
        camera.publishes(range(2, 20));
        talk.passes(Duration.ofSeconds(1));

        Worker spare = talk.worker("w2").of("detectors").window(1).joins();
        spare.receivesNothing();
        stored("cam").readsBack();

        spare.receivesAgain(2, 1);
    }

    @Test
    void theNewestStays() {
        camera.publishesLarge(1, 20 * FRAME);

        assertThat(talk.broker().latestFrame("cam")).isPresent();
        assertThat(talk.memory().keptBytes()).isGreaterThan(20 * FRAME);
    }

    @Test
    void whatIsNotStoredStays() {
        talk.store().defer();
        camera.publishes(range(1, 10));

        talk.passes(Duration.ofSeconds(1));
        assertThat(framesInMemory()).isEqualTo(10);
        talk.store().stream("cam").releaseStored(8);

        assertThat(framesInMemory()).isEqualTo(5);
        talk.store().answerAtOnce();
    }

    @Test
    void aQuietStreamMakesRoomForABusyOne() {
        camera.publishes(range(1, 8));
        Camera dock = talk.camera("dock");
        talk.worker("w1").of("detectors").takes("dock").joins().leaves();
        dock.publishes(range(1, 4));

        talk.passes(Duration.ofSeconds(1));

        assertThat(talk.store().stream("cam").spared()).isEqualTo(6L * FRAME);
    }

    @Test
    void aStreamThatIsOpenedAgainTakesNoMoreThanItsShare() {
        camera.publishes(range(1, 100));

        talk.brokerCrashes();
        talk.broker().openAll();

        assertThat(framesInMemory()).isEqualTo(5);
        assertThat(talk.stream().backlogFrames()).isEqualTo(100);
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.store().releaseAll();
        detector.receives(range(1, 100));
    }

    @Test
    void whatHasLeftAndIsSettledIsGivenBackOnce() {
        camera.publishes(range(1, 20));
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.store().releaseAll();
        detector.acks(range(1, 20));
        detector.forgetsWhatItHeard();
        detector.receives(range(1, 20));

        talk.broker().updateStream("cam", Conversation.retention(0, 0, 0));

        assertThat(talk.stream().frames()).isEqualTo(1);
        assertThat(framesInMemory()).isEqualTo(1);
    }
}
