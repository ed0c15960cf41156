package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames that were stored once and have vanished from the store. */
class LostFramesTest {
    private final Conversation talk = Conversation.thatIsRemembered(
            new BrokerSettings(true, 10, 5_000, Conversation.backlog(5, 1 << 20)), 1 << 20);

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private void loses(long first, long last) {
        talk.remembered().stream("cam").loses(first, last);
    }

    /** A durable group, and nobody there. */
    private void groupAtTheStart() {
        talk.worker("w1").of("detectors").joins().leaves();
    }

    @Test
    void aGroupPassesOverWhatIsLost() {
        groupAtTheStart();
        talk.camera().publishes(1, 2, 3, 4);
        talk.brokerCrashes();
        loses(2, 3);

        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receives(1, 4);
        detector.hears("gap of 2 STORE_LOST: 2-2 through 2-3");
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 2L);
    }

    /** It used to be missing there until a consumer came to it. */
    @Test
    void whatIsLostIsSkippedByNameInTheLedgerBeforeItIsPassedOver() {
        groupAtTheStart();
        talk.camera().publishes(1, 2, 3);
        talk.brokerCrashes();
        loses(2, 2);
        talk.broker().openAll();

        assertThat(talk.ledger("detectors").waiting()).isEqualTo(2);
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 1L);
        assertThat(talk.ledger("detectors").imbalance()).isZero();
        talk.worker("w1").of("detectors").joins().receives(1, 3);

        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 1L);
        assertThat(talk.ledger("detectors").imbalance()).isZero();
    }

    /** The ledger used to call them stored. */
    @Test
    void whatIsLostHasItsNameAsSoonAsTheStreamIsOpen() {
        groupAtTheStart();
        talk.camera().publishes(1, 2, 3);
        talk.brokerCrashes();
        loses(2, 3);

        talk.broker().openAll();

        assertThat(talk.ledger().dropped()).containsEntry("STORE_LOST", 2L);
        assertThat(talk.ledger().stored()).isEqualTo(1);
        assertThat(talk.ledger().offered()).isEqualTo(3);
        talk.worker("w1").of("detectors").joins().receives(1);
    }

    @Test
    void whatIsLostIsNamedOnceHoweverOftenTheStreamIsOpened() {
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        loses(2, 2);
        assertThat(talk.ledger().dropped()).containsEntry("STORE_LOST", 1L);
        talk.brokerCrashes();
        talk.broker().openAll();
        assertThat(talk.ledger().dropped()).containsEntry("STORE_LOST", 1L);

        talk.broker().purgeStream("cam");
        talk.brokerCrashes();
        talk.camera().publishes(4);

        assertThat(talk.ledger().dropped()).containsEntry("STORE_LOST", 1L);
        assertThat(talk.ledger().stored()).isEqualTo(3);
        assertThat(talk.ledger().offered()).isEqualTo(4);
    }

    /** It used to be waited for until another frame came. */
    @Test
    void whatIsLostAtTheEndIsPassedOverWithNothingBehindIt() {
        groupAtTheStart();
        talk.camera().publishes(1, 2, 3);
        talk.brokerCrashes();
        loses(2, 3);

        Worker detector = talk.worker("w1").of("detectors").joins();

        detector.receives(1);
        detector.hears("gap of 2 STORE_LOST: 2-2 through 2-3");
    }

    /** A backlog of lost frames used to hold the camera for good: only another frame would have had it passed over. */
    @Test
    void aBacklogThatIsLostDoesNotHoldTheCamera() {
        groupAtTheStart();
        talk.camera().publishes(1, 2, 3, 4, 5);
        talk.brokerCrashes();
        loses(1, 5);

        Camera camera = talk.camera();

        camera.hears("opened behind 5");
        camera.mayGoOn();
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 5L);
    }

    @Test
    void aFrameInHandThatIsLostIsSkipped() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        detector.receives(1, 2, 3);
        talk.brokerCrashes();
        loses(2, 2);

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        again.hears("1-1/1 OK", "1-2/1 ALREADY_SETTLED", "1-3/1 OK");
        again.hasOutstanding(2);
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 1L);
    }

    @Test
    void whatVanishesUnderTheBrokerIsPassedOver() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        talk.camera().publishes(1, 2, 3, 4);
        detector.receives(1);

        loses(2, 3);
        detector.acks(1);

        detector.receives(4);
        detector.hears("1-1/1 OK", "gap of 2 STORE_LOST: 1-2 through 1-3");
    }

    /** A retry that was lost used to be due for good, and nobody of its group was given anything any more. */
    @Test
    void aRetryThatVanishesIsSkippedAndHoldsNobodyUp() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        detector.receives(1, 2, 3);
        detector.nacks(1_000, 1, 2, 3);

        loses(1, 2);
        talk.passes(Duration.ofSeconds(1));
        camera.publishes(4);

        detector.receivesInAll("cam 3, attempt 2", "cam 4");
        detector.hears(
                "1-1/1 OK",
                "1-2/1 OK",
                "1-3/1 OK",
                "gap of 1 STORE_LOST: 1-1 through 1-1",
                "gap of 1 STORE_LOST: 1-2 through 1-2");
        assertThat(talk.ledger("detectors").skipped()).containsEntry("STORE_LOST", 2L);
    }

    @Test
    void aFrameInHandThatVanishesCanBeSettled() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        detector.receives(1);

        loses(1, 1);
        detector.acks(1);

        detector.hears("1-1/1 OK");
        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
    }

    @Test
    void theNewestFrameIsNoneWhenItIsLost() {
        talk.camera().publishes(1, 2);

        loses(2, 2);

        assertThat(talk.broker().latestFrame("cam")).isEmpty();
    }

    @Test
    void whoComesLaterStartsBehindWhatIsLost() {
        talk.camera().publishes(1, 2, 3);
        talk.brokerCrashes();
        loses(1, 2);

        Worker late = talk.worker("w2").of("late").joins();

        late.receives(3);
        late.hears("gap of 2 STORE_LOST: 2-1 through 2-2");
    }
}
