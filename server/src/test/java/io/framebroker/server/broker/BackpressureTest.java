package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a publisher has to wait, and who pays for it. */
class BackpressureTest {
    private static final int KILO = 1_000;

    private Conversation talk = new Conversation(Conversation.backlog(3, 10 * KILO));

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void thePublisherWaitsAtTheFrameLimitAndGoesOnWhenThereIsRoom() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();

        camera.publishes(1, 2, 3);
        camera.hasToWait();
        detector.acks(2);
        camera.hasToWait();
        detector.acks(1);

        camera.mayGoOn();
        camera.publishes(4, 5);
        camera.hasToWait();
    }

    @Test
    void thePublisherWaitsAtTheByteLimit() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();

        camera.publishesLarge(1, 9 * KILO);
        camera.mayGoOn();
        camera.publishesLarge(2, 50 * KILO);
        camera.hasToWait();
        detector.acks(1);
        camera.hasToWait();
        detector.acks(2);

        camera.mayGoOn();
    }

    @Test
    void aWaitIsToldOnlyWhenItLasts() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);
        camera.forgetsWhatItHeard();

        talk.passes(Duration.ofMillis(99));
        camera.hears();
        talk.passes(Duration.ofMillis(21));
        camera.hears("waiting for group detectors: 3 of 3 backlog frames unsettled");
        talk.passes(Duration.ofSeconds(3));
        camera.hears();
        assertThat(talk.stream().waitReason()).contains("detectors");
        detector.acks(1, 2, 3);

        camera.hears("resumed");
        assertThat(talk.stream().waitReason()).isEmpty();
    }

    /** It used to be told ten times a second, by a group that settles ten frames a second. */
    @Test
    void aPublisherThatWasToldToWaitGoesOnWhenAnEighthIsFree() {
        talk = new Conversation(Conversation.backlog(16, 100 * KILO));
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        talk.passes(Duration.ofMillis(200));
        camera.forgetsWhatItHeard();

        detector.acks(1);
        camera.hasToWait();
        camera.hears();
        detector.acks(2);

        camera.hears("resumed");
        camera.mayGoOn();
    }

    @Test
    void theSlowestGroupSetsThePaceAtTheLimitOnly() {
        Camera camera = talk.camera();
        Worker slow = talk.worker("w1").of("slow").window(1).joins();
        Worker fast = talk.worker("w2").of("fast").joins();

        camera.publishes(1, 2);
        fast.receives(1, 2);
        fast.acks(1, 2);
        camera.publishes(3);
        fast.receives(3);
        fast.acks(3);
        camera.hasToWait();

        slow.receives(1);
        slow.acks(1);
        camera.publishes(4);
        fast.receives(4);
    }

    @Test
    void otherStreamsGoOn() {
        Camera camera = talk.camera();
        Camera dock = talk.camera("dock");
        talk.worker("w1").of("detectors").joins();
        Worker loader = talk.worker("w2").of("loaders").takes("dock").joins();
        camera.publishes(1, 2, 3);
        camera.hasToWait();

        for (int i = 1; i <= 20; i++) {
            dock.publishes(i);
            loader.acksOn("dock", i);
        }

        dock.mayGoOn();
        camera.hasToWait();
    }

    @Test
    void aSlowStoreHoldsThePublisherToo() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(1, 2, 3);
        camera.forgetsWhatItHeard();
        camera.hasToWait();

        talk.passes(Duration.ofMillis(100));
        camera.hears("waiting for the store: 3 of 3 backlog frames unsettled");
        talk.store().stream("cam").releaseStored(1);

        camera.hears("stored through 1", "resumed");
        camera.mayGoOn();
    }

    @Test
    void acksThatTheStoreHasNotConfirmedMakeNoRoom() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);
        talk.store().defer();

        detector.acks(1, 2, 3);
        camera.hasToWait();
        talk.store().releaseAll();

        camera.mayGoOn();
    }

    /** Each new call used to be asked for one more message, however far above the limit the stream was. */
    @Test
    void comingBackMakesNoRoom() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);

        Camera again = talk.camera();
        again.hears("opened behind 3");
        again.hasToWait();
        detector.acks(1);

        again.mayGoOn();
    }

    @Test
    void aLargerLimitLetsThePublisherGoOnAtOnce() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);
        camera.hasToWait();

        talk.broker().updateStream("cam", Conversation.backlog(4, 10 * KILO));

        camera.publishes(4);
        camera.hasToWait();
    }

    @Test
    void aStreamAboveItsShareWaitsForMemory() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30), 20 * KILO);
        Camera greedy = talk.camera();
        Camera modest = talk.camera("dock");
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker loader = talk.worker("w2").of("loaders").takes("dock").joins();
        greedy.publishesLarge(1, 12 * KILO);
        greedy.publishesLarge(2, 12 * KILO);
        greedy.hasToWait();

        modest.publishesLarge(1, 5 * KILO);
        modest.mayGoOn();
        modest.publishesLarge(2, 5 * KILO);
        modest.hasToWait();
        detector.acks(1);
        talk.passes(Duration.ofMillis(20));

        loader.receivesOn("dock", 1, 2);
        modest.hasToWait();
        greedy.hasToWait();
        loader.acksOn("dock", 1);
        talk.passes(Duration.ofMillis(20));
        modest.mayGoOn();
        greedy.mayGoOn();
    }

    /** The newest frames alone could fill the memory: then every camera waited, and there was nothing to wait for. */
    @Test
    void aStreamWithNothingUnsettledNeverWaitsForMemory() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30), 20 * KILO);
        Camera camera = talk.camera();
        Camera dock = talk.camera("dock");

        for (int i = 1; i <= 5; i++) {
            camera.publishesLarge(i, 15 * KILO);
            dock.publishesLarge(i, 15 * KILO);
        }

        camera.mayGoOn();
        dock.mayGoOn();
    }

    /** The share was counted without what a frame costs beside its bytes: many small frames went far above it. */
    @Test
    void smallFramesCountWithWhatTheyCost() {
        talk = new Conversation(Conversation.backlog(1_000_000, 1 << 30), 100 * KILO);
        Camera camera = talk.camera();
        talk.camera("dock");
        talk.worker("w1").of("detectors").joins();

        int frames = 0;
        while (frames < 10_000 && camera.isAsked()) {
            camera.publishes(Frames.of(++frames, 16));
        }

        assertThat(talk.memory().keptBytes()).isLessThan(101 * KILO);
    }

    @Test
    void historyGoesWhenMemoryIsShort() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30), 20 * KILO);
        Camera camera = talk.camera();

        for (int i = 1; i <= 100; i++) {
            camera.publishesLarge(i, 1 * KILO);
        }

        camera.mayGoOn();
        assertThat(talk.memory().keptBytes()).isLessThan(22 * KILO);
    }

    @Test
    void aPublisherThatGoesWhileItWaitsIsForgotten() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);
        camera.losesItsConnection();

        talk.passes(Duration.ofSeconds(1));

        assertThat(talk.stream().waitReason()).isEmpty();
        assertThat(talk.stream().publisherId()).isEmpty();
    }

    /** The reason used to read "null". */
    @Test
    void aPublisherWhoseRoomCameFromAnotherStreamHasNoReasonToWait() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30), 20 * KILO);
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        talk.camera("dock").publishesLarge(1, 18 * KILO);
        camera.publishesLarge(1, 15 * KILO);
        camera.hasToWait();
        assertThat(talk.stream().waitReason()).contains("memory");

        Deleted.stream(talk.broker(), "dock", true);
        assertThat(talk.stream().waitReason()).isEmpty();
        talk.passes(Duration.ofMillis(20));

        camera.mayGoOn();
    }
}
