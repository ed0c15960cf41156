package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A new attempt goes out once the store has it: until then it is on its way, and much can happen. */
class RedeliveryTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    /** A redelivery used to go out while the store could still forget that there had been one. */
    @Test
    void aNewAttemptGoesOutOnceTheStoreHasIt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();

        detector.nacks(0, 1);
        detector.receivesNothing();
        assertThat(store().attemptsHeld()).isEqualTo(1);
        store().releaseAttempts("detectors", 1);

        detector.receivesAgain(2, 1);
    }

    @Test
    void aFirstDeliveryWaitsForNothing() {
        camera.publishes(1, 2);
        talk.store().defer();

        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receives(1, 2);
        assertThat(store().attemptsHeld()).isZero();
    }

    @Test
    void aReleasedFrameIsNoNewAttemptAndWaitsForNothing() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        detector.nacks(0, 1);
        detector.receivesAgain(2, 1);
        talk.store().defer();

        detector.releases(1);

        detector.receivesAgain(2, 1);
    }

    @Test
    void itsRoomIsKeptUntilTheStoreAnswers() {
        Worker detector = talk.worker("w1").of("detectors").window(2).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1, 2);
        talk.store().defer();

        detector.nacks(0, 1, 2);

        detector.receivesNothing();
        detector.hasOutstanding(2);
        store().releaseAttempts("detectors", 2);
        detector.receivesAgain(2, 1, 2);
        detector.hasOutstanding(2);
    }

    @Test
    void noMoreAttemptsAreWrittenThanThereIsRoomFor() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1, 2, 3);
        detector.call().resize(1, 0);
        talk.store().defer();

        talk.passes(Duration.ofSeconds(2));

        assertThat(store().attemptsHeld()).isEqualTo(1);
    }

    @Test
    void whenItsConsumerHasLeftAnotherGetsIt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.nacks(0, 1);
        Worker spare = talk.worker("w2").of("detectors").joins();

        detector.leaves();
        spare.receivesNothing();
        store().releaseAttempts("detectors", 1);

        spare.receivesAgain(2, 1);
        assertThat(store().attemptsHeld()).isZero();
    }

    @Test
    void whenNobodyIsThereItIsStillThatAttempt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.nacks(0, 1);

        detector.losesItsConnection();
        store().releaseAttempts("detectors", 1);
        talk.passes(Duration.ofMinutes(1));
        Worker spare = talk.worker("w2").of("detectors").joins();

        spare.receivesAgain(2, 1);
    }

    @Test
    void whenItsConsumerReadsNoMoreAnotherGetsIt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        detector.nacks(0, 1);
        Worker spare = talk.worker("w2").of("detectors").joins();

        detector.isReady(false);
        store().releaseAttempts("detectors", 1);

        detector.receivesNothing();
        detector.hasOutstanding(0);
        spare.receivesAgain(2, 1);
    }

    @Test
    void aLateAckIsStillGood() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        talk.passes(Duration.ofSeconds(2));
        assertThat(store().attemptsHeld()).isEqualTo(1);

        detector.acks(1);
        talk.store().releaseAll();

        detector.hears("1-1/1 OK");
        detector.receivesNothing();
        detector.hasOutstanding(0);
        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
    }

    @Test
    void aFrameThatIsLetGoMeanwhileDoesNotCome() {
        Conversation brief = new Conversation(Conversation.retention(1, 1 << 20, 0));
        Camera source = brief.camera();
        Worker viewer = brief.worker("v1").lease(1_000).window(1).joins();
        source.publishes(1);
        viewer.receives(1);
        brief.store().defer();
        brief.passes(Duration.ofSeconds(2));
        assertThat(brief.store().stream("cam").attemptsHeld()).isEqualTo(1);

        source.publishes(2, 3, 4);
        brief.store().releaseAll();

        viewer.hears("gap of 2 RETENTION: 1-2 through 1-3");
        viewer.receives(4);
        viewer.hasOutstanding(1);
    }

    @Test
    void itsLeaseBeginsWhenItGoesOut() {
        Worker detector = talk.worker("w1").of("detectors").lease(10_000).joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        detector.nacks(0, 1);

        talk.passes(Duration.ofSeconds(30));
        store().releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);
        talk.passes(Duration.ofMillis(9_999));

        detector.hasOutstanding(1);
        assertThat(store().attemptsHeld()).isZero();
    }

    @Test
    void itComesAgainAsTheNextAttempt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        detector.nacks(0, 1);
        store().releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);

        detector.nacks(0, 1);
        detector.receivesNothing();
        store().releaseAttempts("detectors", 1);

        detector.receivesAgain(3, 1);
    }

    @Test
    void whileTheBrokerMayNotSpeakForTheStreamItStays() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        detector.nacks(0, 1);

        store().isOwned(false);
        store().releaseAttempts("detectors", 1);
        detector.receivesNothing();
        store().isOwned(true);

        detector.receivesAgain(2, 1);
    }

    /** What is left of a limit must not be waited for by a call that has all it asked for. */
    @Test
    void aLimitedCallEndsThoughMoreWasOnItsWay() {
        Worker spare = talk.worker("w2").of("detectors").joins();
        camera.publishes(1, 2);
        spare.receives(1, 2);
        talk.store().defer();
        spare.isReady(false);
        Worker sampler = talk.worker("w1").of("detectors").limit(1).joins();
        spare.nacks(0, 1, 2);
        assertThat(store().attemptsHeld()).isEqualTo(2);

        store().releaseAttempts("detectors", 1);
        sampler.receivesAgain(2, 1);
        sampler.acks(1);
        store().releaseSettled("detectors", 1);
        sampler.hears("1-1/2 OK");
        store().releaseAttempts("detectors", 1);

        sampler.hears("finished");
        sampler.receivesNothing();
    }

    @Test
    void roomThatWasKeptAndIsNotNeededServesTheConsumersOtherStreams() {
        Camera dock = talk.camera("dock");
        Worker detector = talk.worker("w1")
                .of("detectors")
                .takes("cam", "dock")
                .window(1)
                .lease(1_000)
                .joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        talk.passes(Duration.ofSeconds(2));
        dock.publishes(1);
        talk.store().stream("dock").releaseStored(1);
        detector.receivesNothing();

        detector.acks(1);
        store().releaseAttempts("detectors", 1);

        detector.receivesOn("dock", 1);
    }
}
