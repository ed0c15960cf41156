package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who do not wait for the store: groups that are early, and whoever wants the newest frame. */
class EarlyTest {
    private static final DeadLetterFilter ALL = new DeadLetterFilter("", "", Long.MIN_VALUE, Long.MAX_VALUE);

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

    private Ledger.OfGroup ledger(String group) {
        return talk.broker().ledger("cam").groups().stream()
                .filter(each -> each.group().equals(group))
                .findFirst()
                .orElseThrow();
    }

    private Worker.Opening detector(String id) {
        return talk.worker(id).of("detectors").early();
    }

    @Test
    void anEarlyGroupHasAFrameWhileItIsOnItsWayToTheStoreAndTheOthersWait() {
        Worker detector = detector("w1").joins();
        Worker archive = talk.worker("w2").of("archive").joins();
        talk.store().defer();

        camera.publishes(1, 2);

        detector.receives(1, 2);
        archive.receivesNothing();
        store().releaseStored(2);
        archive.receives(1, 2);
        detector.receivesNothing();
    }

    @Test
    void whatBecomesOfAFrameIsConfirmedOnceItIsStored() {
        Worker detector = detector("w1").window(1).joins();
        talk.store().defer();
        camera.publishes(1, 2);
        detector.receives(1);

        detector.acks(1);

        detector.hearsNothing();
        detector.receives(2);
        assertThat(store().settledHeld()).isZero();
        store().releaseStored(1);
        assertThat(store().settledHeld()).isEqualTo(1);
        detector.hearsNothing();
        store().releaseSettled("detectors", 1);
        detector.hears("1-1/1 OK");
    }

    @Test
    void theLedgerCountsAnEarlyFrameForNobodyUntilItIsStored() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishes(1, 2);
        detector.acks(1);

        assertThat(ledger("detectors").stored()).isZero();
        assertThat(ledger("detectors").pending()).isZero();
        assertThat(talk.broker().ledger("cam").stream().appending()).isEqualTo(2);
        store().releaseStored(2);

        assertThat(ledger("detectors").acked()).isEqualTo(1);
        assertThat(ledger("detectors").pending()).isEqualTo(1);
        assertThat(ledger("detectors").imbalance()).isZero();
    }

    @Test
    void theStoreHearsOfThePartThatIsStored() {
        talk.broker().updateStream("cam", new StreamSettings(1000, 1 << 20, 1, 1 << 20, 0));
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishesTogether(1, 2, 3, 4);
        detector.receives(1, 2, 3, 4);

        detector.settlesRun("cam", new Token(1, 2, 1), 3, Verdict.ACK);
        store().releaseFrames(3);

        assertThat(ledger("detectors").waiting()).isZero();
        assertThat(ledger("detectors").pending()).isEqualTo(1);
        store().releaseSettled("detectors", 1);
        detector.nacks(0, 1);
        assertThat(store().attemptsHeld()).isEqualTo(1);
        store().releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);
        detector.acks(1);
        store().releaseSettled("detectors", 1);
        assertThat(talk.stream().frames()).isEqualTo(1);
        detector.hearsNothing();
        store().releaseAll();
        detector.hears("1-2/1 through 4 OK", "1-1/1 OK", "1-1/2 OK");
    }

    @Test
    void settlementsWithinThePartThatIsStoredAreAskedOnce() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishesTogether(1, 2, 3, 4);
        detector.acks(1, 2, 4);

        store().releaseFrames(2);
        assertThat(store().settledHeld()).isEqualTo(2);
        store().releaseSettled("detectors", 2);
        detector.hears("1-1/1 OK", "1-2/1 OK");
        detector.acks(3);
        store().releaseAll();

        detector.hears("1-4/1 OK", "1-3/1 OK");
        assertThat(ledger("detectors").acked()).isEqualTo(4);
    }

    /** Where the store has no room, they are what makes some. */
    @Test
    void settlementsOfStoredFramesDoNotWaitForThoseOfFramesOnTheirWay() {
        talk.broker().updateStream("cam", new StreamSettings(1000, 1 << 20, 1, 1 << 20, 0));
        Worker slow = detector("w1").window(1).joins();
        Worker quick = detector("w2").joins();
        talk.store().defer();
        camera.publishes(1, 2, 3);
        slow.receives(1);
        quick.receives(2, 3);
        store().releaseStored(2);
        quick.acks(2, 3);

        slow.acks(1);
        store().releaseSettled("detectors", 2);

        assertThat(talk.stream().frames()).isEqualTo(1);
        quick.hears("1-2/1 OK");
        slow.hearsNothing();
        store().releaseAll();
        slow.hears("1-1/1 OK");
    }

    /** A live picture would keep the stream from making room. */
    @Test
    void oneWhoWantsTheNewestHoldsNothingBackThatIsStored() {
        talk.broker().updateStream("cam", new StreamSettings(1000, 1 << 20, 1, 1 << 20, 0));
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.store().defer();
        camera.publishes(1, 2, 3, 4, 5);
        store().releaseStored(3);
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        viewer.receives(5);

        detector.acks(1, 2, 3);
        store().releaseSettled("detectors", 3);

        assertThat(talk.stream().frames()).isEqualTo(1);
    }

    @Test
    void aFrameThatIsGivenBackComesAgainOnceTheStoreHasIt() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishes(1);
        detector.receives(1);

        detector.nacks(0, 1);

        detector.receivesNothing();
        store().releaseStored(1);
        assertThat(store().attemptsHeld()).isEqualTo(1);
        store().releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);
    }

    @Test
    void aLeaseThatEndsBeforeTheFrameIsStoredLeadsToASecondAttemptThen() {
        Worker detector = detector("w1").lease(1_000).joins();
        talk.store().defer();
        camera.publishes(1);
        detector.receives(1);

        talk.passes(Duration.ofSeconds(10));

        detector.receivesNothing();
        store().releaseStored(1);
        store().releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);
    }

    @Test
    void aFrameThatIsGivenUpIsADeadLetterOnceTheStoreHasIt() {
        Conversation letters = new Conversation();
        Camera other = letters.camera();
        Worker detector = letters.worker("w1").of("detectors").early().joins();
        letters.store().defer();
        other.publishes(1);

        detector.givesUp("no face", 1);

        detector.hearsNothing();
        assertThat(letters.broker().deadLetters("cam", ALL).get("detectors")).isEmpty();
        letters.store().stream("cam").releaseStored(1);
        letters.store().stream("cam").releaseSettled("detectors", 1);
        detector.hears("1-1/1 OK");
        assertThat(letters.broker().deadLetters("cam", ALL).get("detectors")).hasSize(1);
        letters.comesOutEven();
    }

    @Test
    void aFrameThatWasNeverStoredIsAnotherOneWhenItComesAgain() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishes(1);
        detector.receives(1);
        detector.acks(1);
        Token lost = detector.token(1);

        talk.brokerCrashes(Fate.NOTHING_MORE);
        talk.store().answerAtOnce();
        talk.broker().openAll();
        Worker again = detector("w1").holds(new Consumer.Held("cam", lost, 1)).joins();

        again.hears("1-1/1 UNKNOWN_TOKEN");
        again.receivesNothing();
        talk.camera("cam", "camera-of-cam", 2).publishes(1);
        assertThat(again.token(1).generation()).isGreaterThan(lost.generation());
        again.receives(1);
        again.settlesRun("cam", lost, 1, Verdict.ACK);
        again.hears("1-1/1 UNKNOWN_TOKEN");
        assertThat(ledger("detectors").pending()).isEqualTo(1);
        again.acks(1);
        again.settlesRun("cam", lost, 1, Verdict.ACK);
        again.hears("2-1/1 OK", "1-1/1 UNKNOWN_TOKEN");
    }

    @Test
    void aFrameThatIsStoredAsTheBrokerLeavesIsReleasedUncounted() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishes(1, 2);
        detector.receives(1, 2);

        talk.broker().leave();
        store().releaseStored(2);
        talk.brokerCrashes(Fate.EVERYTHING);
        talk.store().answerAtOnce();
        talk.broker().openAll();
        Worker back = detector("w1")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 2))
                .joins();

        back.hears("1-1/1 through 2 OK");
    }

    @Test
    void aFrameOnItsWayThatIsTooOldIsSkippedForAFreshOne() {
        Worker detector = talk.worker("w1")
                .of("detectors")
                .window(1)
                .asks(new AskedSettings(60_000L, 200L, null, null, true))
                .joins();
        talk.store().defer();
        camera.publishes(1, 2);
        detector.receives(1);
        talk.passes(Duration.ofMillis(300));

        camera.publishes(3);
        detector.acks(1);

        detector.receives(3);
        detector.hears("gap of 1 MAX_AGE: 1-2 through 1-2");
        store().releaseAll();
        detector.hears("1-1/1 OK");
        assertThat(ledger("detectors").skipped()).containsEntry("MAX_AGE", 1L);
    }

    @Test
    void aConsumerThatComesBackStillHasWhatIsOnItsWay() {
        Worker detector = detector("w1").joins();
        talk.store().defer();
        camera.publishes(1, 2);
        detector.receives(1, 2);
        detector.losesItsConnection();

        Worker back = detector("w1")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 2))
                .joins();

        back.hears("1-1/1 through 2 OK");
        back.settlesRun("cam", new Token(1, 1, 1), 2, Verdict.ACK);
        store().releaseAll();
        back.hears("1-1/1 through 2 OK");
        assertThat(ledger("detectors").acked()).isEqualTo(2);
    }

    @Test
    void aGroupThatIsMovedForgetsWhatItHadEarly() {
        Worker detector = detector("w1").joins();
        camera.publishes(1, 2);
        detector.acks(1, 2);
        talk.store().defer();
        camera.publishes(3);
        detector.acks(3);
        detector.forgetsWhatItHeard();

        talk.broker().seekGroup("cam", "detectors", new StartPosition.Earliest(), new Changed());
        store().releaseAll();
        Worker anew = detector("w1").joins();
        store().releaseAll();

        anew.receives(1, 2, 3);
        anew.acks(1, 2, 3);
        store().releaseAll();
        anew.hears("1-1/1 OK", "1-2/1 OK", "1-3/1 OK");
    }

    @Test
    void whatIsOnItsWayAsTheBrokerLeavesIsNotLeftToTheNext() {
        Worker detector = detector("w1").joins();
        camera.publishes(1);
        talk.store().defer();
        camera.publishes(2);
        detector.receives(1, 2);

        talk.brokerLeaves();
        talk.broker().openAll();
        Worker back = detector("w1")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 2))
                .joins();

        back.hears("1-1/1 OK", "1-2/1 UNKNOWN_TOKEN");
        back.receives(2);
    }

    @Test
    void theNewestFrameComesWithoutTheStore() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        talk.store().defer();

        camera.publishes(1, 2, 3);
        viewer.receives(1);
        viewer.acks(1);

        viewer.receives(3);
        viewer.hears("gap of 1 CONFLATED: 1-2 through 1-2");
        store().releaseAll();
        viewer.hears("1-1/1 OK");
    }

    @Test
    void whoeverWantsTheNewestFrameIsDoneWithItWhenItIsStored() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).autoAck().joins();
        talk.store().defer();
        camera.publishes(1, 2, 3);
        viewer.receives(1, 2, 3);
        assertThat(store().settledHeld()).isZero();

        store().releaseStored(3);

        assertThat(store().settledHeld()).isEqualTo(3);
        assertThat(talk.broker().ledger("cam").groups().get(0).acked()).isEqualTo(3);
    }

    @Test
    void theStreamDoesNotKeepWhatIsPassedOver() {
        talk.broker().updateStream("cam", new StreamSettings(1000, 1 << 20, 1, 1 << 20, 0));
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        viewer.isReady(false);
        talk.store().defer();
        camera.publishesTogether(1, 2);
        camera.publishesTogether(3, 4);
        viewer.isReady(true);
        viewer.receives(4);

        store().releaseStored(1);

        assertThat(talk.stream().frames()).isEqualTo(1);
        store().releaseStored(1);
        assertThat(talk.stream().frames()).isEqualTo(1);
        assertThat(talk.broker().ledger("cam").groups().get(0).skipped()).containsEntry("CONFLATED", 3L);
    }

    @Test
    void oneWhoJoinsAGroupIsHeldToWhatItSays() {
        detector("w1").joins();

        assertThat(catchThrowableOfType(
                                BrokerException.class,
                                () -> talk.worker("w2")
                                        .of("detectors")
                                        .asks(new AskedSettings(null, null, null, null, false))
                                        .joins())
                        .reason())
                .isEqualTo("GROUP_SETTINGS_DIFFER");
        talk.worker("w3").of("detectors").joins();
    }
}
