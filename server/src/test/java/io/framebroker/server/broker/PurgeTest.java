package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream that is emptied, with a store that takes its time. */
class PurgeTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private final Camera camera = talk.camera();

    @BeforeEach
    void somebodyWaits() {
        talk.worker("w1").of("detectors").joins().leaves();
    }

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    /** They used to go before the store had it that groups were done with them: after a crash they were missing. */
    @Test
    void framesGoOnceItIsDurableThatNobodyWantsThem() {
        camera.publishes(1, 2, 3);
        talk.store().defer();

        assertThat(talk.broker().purgeStream("cam")).isEqualTo(3);
        assertThat(talk.stream().frames()).isEqualTo(3);
        store().releaseSettled("detectors", 1);

        assertThat(talk.stream().frames()).isZero();
        assertThat(talk.ledger("detectors").skipped()).containsEntry("PURGED", 3L);
    }

    @Test
    void theyAreThereWhenTheBrokerCrashesBefore() {
        camera.publishes(1, 2, 3);
        talk.store().defer();
        talk.broker().purgeStream("cam");

        talk.brokerCrashes();
        talk.store().answerAtOnce();

        talk.worker("w1").of("detectors").joins().receives(1, 2, 3);
    }

    @Test
    void whatCameMeanwhileStays() {
        camera.publishes(1, 2);
        talk.store().defer();
        talk.broker().purgeStream("cam");
        camera.publishes(3);
        store().releaseStored(1);

        store().releaseSettled("detectors", 1);

        assertThat(talk.stream().frames()).isEqualTo(1);
        talk.worker("w1").of("detectors").joins().receives(3);
    }

    @Test
    void theyGoWhenTheLastGroupIsDoneWithThem() {
        talk.worker("w1").of("archive").joins().leaves();
        camera.publishes(1, 2);
        talk.store().defer();
        talk.broker().purgeStream("cam");

        store().releaseSettled("detectors", 1);
        assertThat(talk.stream().frames()).isEqualTo(2);
        store().releaseSettled("archive", 1);

        assertThat(talk.stream().frames()).isZero();
    }

    @Test
    void whatIsInHandsStaysUntilItIsSettled() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1);

        assertThat(talk.broker().purgeStream("cam")).isZero();
        assertThat(talk.stream().frames()).isEqualTo(3);
        talk.store().defer();
        detector.acks(1);
        assertThat(talk.stream().frames()).isEqualTo(3);
        talk.store().releaseAll();

        assertThat(talk.stream().frames()).isZero();
    }

    @Test
    void aWaitingCameraGoesOnWhenTheyAreGone() {
        Conversation small =
                Conversation.thatIsRemembered(new BrokerSettings(true, 10, 0, Conversation.backlog(2, 1000)), 1 << 20);
        small.worker("w1").of("detectors").joins().leaves();
        Camera waiting = small.camera();
        waiting.publishes(1, 2);
        waiting.hasToWait();
        small.store().defer();

        small.broker().purgeStream("cam");
        waiting.hasToWait();
        small.store().releaseAll();

        waiting.mayGoOn();
    }

    @Test
    void aViewerIsToldAndHoldsNothingUp() {
        Worker viewer = talk.worker("viewer").window(1).joins();
        camera.publishes(1, 2, 3);
        viewer.receives(1);
        viewer.acks(1);
        viewer.receives(2);
        talk.store().defer();

        talk.broker().purgeStream("cam");
        talk.store().releaseAll();

        viewer.hears("1-1/1 OK", "gap of 1 PURGED: 1-3 through 1-3");
        viewer.acks(2);
        talk.store().releaseAll();
        assertThat(talk.stream().frames()).isZero();
    }
}
