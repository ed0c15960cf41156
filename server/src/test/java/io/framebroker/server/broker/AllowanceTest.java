package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A store that lets so many frames go out before it knows: after a crash they may have been delivered, or not. */
class AllowanceTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private Camera camera;

    @BeforeEach
    void threeFramesMayGoOutAhead() {
        talk.remembered().allowsAhead(3);
        camera = talk.camera();
    }

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    @Test
    void noMoreGoesOutThanTheStoreAllows() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3, 4, 5);
        detector.receives(1, 2, 3, 4, 5);
        talk.store().defer();

        camera.publishes(6, 7, 8, 9, 10);
        store().releaseStored(5);
        detector.receives(6, 7, 8);
        store().releaseAllowances();

        detector.receives(9, 10);
    }

    @Test
    void aCallThatStandsAloneIsGivenEverything() {
        Worker viewer = talk.worker("viewer").joins();
        talk.store().defer();

        camera.publishes(1, 2, 3, 4, 5);
        store().releaseStored(5);

        viewer.receives(1, 2, 3, 4, 5);
    }

    /** It used to go out at once: a broker that crashed with it again and again never got beyond the second attempt. */
    @Test
    void whatMayHaveBeenDeliveredComesAsASecondAttemptOnceTheStoreHasThat() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1, 2, 3, 4, 5);

        talk.brokerCrashes();
        talk.broker().openAll();
        talk.store().defer();
        Worker detector = talk.worker("w1").of("detectors").joins();
        detector.receivesNothing();
        assertThat(store().attemptsHeld()).isEqualTo(3);
        store().releaseAttempts("detectors", 3);
        detector.receivesAgain(2, 1, 2, 3);
        store().releaseAllowances();

        detector.receives(4, 5);
    }

    @Test
    void itComesInOrderAndBeforeWhatIsBehindIt() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1, 2, 3, 4, 5);

        talk.brokerCrashes();
        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receivesInAll("cam 1, attempt 2", "cam 2, attempt 2", "cam 3, attempt 2", "cam 4", "cam 5");
    }

    @Test
    void itIsTheThirdAttemptAfterAnotherCrash() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1);
        talk.brokerCrashes();
        talk.worker("w1").of("detectors").joins().receivesAgain(2, 1);

        talk.brokerCrashes();
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.passes(Duration.ofSeconds(5));

        detector.receivesAgain(3, 1);
    }

    @Test
    void aFrameThatCameLaterWasNeverDelivered() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1);

        talk.brokerCrashes();
        talk.camera().publishes(2);
        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receivesInAll("cam 1, attempt 2", "cam 2");
    }

    /** The frame behind the keyframe that came again was skipped, as if that had been. */
    @Test
    void videoGoesOnBehindWhatMayHaveBeenDelivered() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1);
        camera.publishes(Frames.delta(2));
        talk.broker().purgeStream("cam");
        camera.publishes(3);

        talk.brokerCrashes();
        camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        detector.receivesAgain(2, 3);
        detector.acks(3);
        camera.publishes(Frames.delta(4));

        detector.receives(4);
        assertThat(talk.ledger("detectors").skipped()).containsOnly(Map.entry("PURGED", 2L));
    }

    @Test
    void whatIsLostOfItIsPassedOver() {
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(1, 2, 3);
        talk.brokerCrashes();
        talk.remembered().stream("cam").loses(1, 1);
        talk.remembered().stream("cam").loses(3, 3);

        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receivesAgain(2, 2);
        detector.hears("gap of 1 STORE_LOST: 2-3 through 2-3");
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 2L);
    }

    /** It used to be sent to others at once, and its work was for nothing. */
    @Test
    void whoComesBackWithWhatItWasGivenKeepsIt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.store().defer();
        camera.publishes(1, 2);
        store().releaseStored(2);
        detector.receives(1, 2);

        talk.brokerCrashes((kind, least, most) -> kind == Fate.Kind.GROUP ? Math.max(0, least) : most);
        talk.store().answerAtOnce();
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 2))
                .joins();
        again.hears("1-1/1 through 2 OK");
        again.hasOutstanding(2);
        again.settlesRun("cam", new Token(1, 1, 1), 2, Verdict.ACK);

        again.hears("1-1/1 through 2 OK");
        again.receivesNothing();
    }
}
