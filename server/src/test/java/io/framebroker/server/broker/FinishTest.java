package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Consumers that have said all they will say, and hear what came of it. */
class FinishTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    /** The call used to end before the store had confirmed, and nobody knew what had become of the last settlements. */
    @Test
    void aCallEndsWhenEveryResultIsTold() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);
        talk.store().defer();
        detector.acks(1, 2);

        detector.finishes();
        detector.hears();
        store().releaseSettled("detectors", 1);
        detector.hears("1-1/1 OK");
        store().releaseSettled("detectors", 1);

        detector.hears("1-2/1 OK", "finished");
    }

    @Test
    void aCallThatIsOwedNothingEndsAtOnce() {
        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.finishes();

        detector.hears("finished");
    }

    @Test
    void whatItStillHeldGoesToOthersAtOnceUncounted() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        Worker spare = talk.worker("w2").of("detectors").joins();
        talk.store().defer();
        detector.acks(1);

        detector.finishes();

        spare.receives(2);
        detector.hears();
        store().releaseSettled("detectors", 1);
        detector.hears("1-1/1 OK", "finished");
    }

    @Test
    void itIsGivenNothingMore() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);
        talk.store().defer();
        detector.acks(1);
        detector.finishes();

        camera.publishes(2);
        talk.store().releaseAll();

        detector.receivesNothing();
        detector.hears("1-1/1 OK", "finished");
    }

    @Test
    void aCallOfSeveralStreamsWaitsForAll() {
        Camera dock = talk.camera("dock");
        Worker detector = talk.worker("w1").of("detectors").takes("cam", "dock").joins();
        camera.publishes(1);
        dock.publishes(1);
        talk.store().defer();
        detector.acksOn("cam", 1);
        detector.acksOn("dock", 1);

        detector.finishes();
        talk.store().stream("dock").releaseAll();
        detector.hears("1-1/1 OK");
        store().releaseAll();

        detector.hears("1-1/1 OK", "finished");
    }

    @Test
    void refusalsBehindASettlementOnItsWayAreOwedToo() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.acks(1, 1);

        detector.finishes();
        detector.hears();
        store().releaseAll();

        detector.hears("1-1/1 OK", "1-1/1 ALREADY_SETTLED", "finished");
    }

    /** It used to wait for results that nobody would ever tell. */
    @Test
    void whenTheStreamIsLostItHearsThatThereIsNoResult() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.acks(1);
        detector.finishes();

        store().isLost(Fate.NOTHING_MORE);

        detector.hears("ended: STREAM_MOVED");
    }

    @Test
    void whenAnotherStreamIsLostThatIsNoneOfItsBusinessAnyMore() {
        talk.camera("dock");
        Worker detector = talk.worker("w1").of("detectors").takes("cam", "dock").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.acks(1);
        detector.finishes();

        talk.store().stream("dock").isLost(Fate.NOTHING_MORE);
        detector.hears();
        store().releaseAll();

        detector.hears("1-1/1 OK", "finished");
    }

    /** It used to hear that it had finished, behind the reason for which it had ended. */
    @Test
    void aCallThatHasEndedDoesNotFinish() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        store().isLost(Fate.NOTHING_MORE);
        detector.hears("ended: STREAM_MOVED");

        detector.finishes();

        detector.hears();
    }

    @Test
    void aCallThatIsToldItsEndIsNotToldThatItHasFinished() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.acks(1);

        Deleted.stream(talk.broker(), "cam", true);
        detector.finishes();

        detector.hears("ended: STREAM_DELETED");
        assertThat(detector.isOver()).isTrue();
    }
}
