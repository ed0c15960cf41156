package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a broker finds that comes after another one, and goes on with. */
class RecoveryTest {
    private final Conversation talk = Conversation.thatIsRemembered();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    private static Consumer.Held held(long generation, long ordinal, int attempt, int count) {
        return new Consumer.Held("cam", new Token(generation, ordinal, attempt), count);
    }

    // ---- the stream

    @Test
    void aStreamIsWhatItWas() {
        Created.stream(talk.broker(), "cam", Conversation.backlog(7, 10_000));
        talk.camera().publishes(1, 2);
        StreamState before = talk.stream();

        talk.passes(Duration.ofHours(1));
        talk.brokerCrashes();
        talk.broker().openAll();

        StreamState after = talk.stream();
        assertThat(after.settings()).isEqualTo(before.settings());
        assertThat(after.createdMicros()).isEqualTo(before.createdMicros());
        assertThat(after.frames()).isEqualTo(2);
        assertThat(after.bytes()).isEqualTo(before.bytes());
        assertThat(after.generation()).isEqualTo(before.generation() + 1);
        assertThat(talk.broker().latestFrame("cam"))
                .hasValueSatisfying(frame -> assertThat(frame.sequence()).isEqualTo(2));
    }

    @Test
    void settingsThatWereChangedStay() {
        talk.camera();
        talk.broker().updateStream("cam", Conversation.backlog(9, 10_000));

        talk.brokerCrashes();
        talk.broker().openAll();

        assertThat(talk.stream().settings()).isEqualTo(Conversation.backlog(9, 10_000));
    }

    @Test
    void whatWasTrimmedStaysAway() {
        Created.stream(talk.broker(), "cam", Conversation.retention(2, 1 << 20, 0));
        talk.camera().publishes(1, 2, 3, 4, 5);

        talk.brokerCrashes();
        talk.broker().openAll();

        assertThat(talk.stream().frames()).isEqualTo(2);
        Worker late = talk.worker("w1").of("late").joins();
        late.receives(4, 5);
    }

    @Test
    void theLedgerGoesOn() {
        Camera camera = talk.camera();
        camera.publishes(Frames.of(1, 100), Frames.bad(2), Frames.of(1, 100), Frames.of(3, 100));
        camera.reports(1, "RING_FULL", 10);
        camera.publishes(Frames.of(0, 100));

        talk.brokerCrashes();
        talk.broker().openAll();

        Ledger.OfStream ledger = talk.ledger();
        assertThat(ledger.stored()).isEqualTo(2);
        assertThat(ledger.dropped()).isEqualTo(Map.of("CRC_MISMATCH", 1L, "SEQUENCE_MISSING", 1L));
        assertThat(ledger.reported()).containsEntry("RING_FULL", 10L);
        assertThat(ledger.duplicates()).isEqualTo(1);
        assertThat(ledger.offered()).isEqualTo(14);
    }

    // ---- publishers

    @Test
    void aPublisherGoesOnBehindWhatIsStored() {
        Camera camera = talk.camera();
        camera.publishes(1, 2);
        talk.store().defer();
        camera.publishes(3, 4);

        talk.brokerCrashes();
        talk.store().answerAtOnce();
        Camera again = talk.camera();

        again.hears("opened behind 2");
        again.publishes(2, 3, 4);
        again.hears("2 DUPLICATE DUPLICATE", "stored through 3", "stored through 4");
        assertThat(talk.ledger().stored()).isEqualTo(4);
    }

    @Test
    void aFrameThatLandedThoughNobodyHeardOfItIsADuplicate() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(1);

        talk.brokerCrashes(Fate.EVERYTHING);
        talk.store().answerAtOnce();
        Camera again = talk.camera();

        again.hears("opened behind 1");
        again.publishes(1);
        again.hears("1 DUPLICATE DUPLICATE");
        assertThat(talk.ledger().stored()).isEqualTo(1);
    }

    @Test
    void whatWasRefusedIsStillKnown() {
        Camera camera = talk.camera();
        camera.publishes(Frames.of(1, 100), Frames.bad(2));

        talk.brokerCrashes();
        Camera again = talk.camera();

        again.hears("opened behind 2, without [2]");
        again.publishes(2);
        again.hears("2 REJECTED CRC_MISMATCH");
    }

    /**
     * The refusal used to be noted before the frames in front of it were appended: (1) noted, with a last sequence of 3,
     * (2) crash, (3) the publisher was told that all up to 3 was there.
     */
    @Test
    void aRefusalDoesNotMakeFramesInFrontOfItStored() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(Frames.of(1, 100), Frames.of(2, 100), Frames.bad(3));

        talk.brokerCrashes((kind, least, most) -> kind == Fate.Kind.NOTES ? most : least);

        talk.camera().hears("opened behind 0");
    }

    @Test
    void anOlderEpochIsRefused() {
        talk.camera("cam", "camera", 2).hears("opened behind 0");

        talk.brokerCrashes();

        assertThatThrownBy(() -> talk.camera("cam", "camera", 1))
                .hasFieldOrPropertyWithValue("reason", "PUBLISHER_FENCED");
        talk.camera("cam", "camera", 3).hears("opened behind 0");
    }

    /** It used to be told at once, and a broker that came after knew nothing of the epoch. */
    @Test
    void aPublisherIsOpenWhenItsEpochIsDurable() {
        talk.camera("cam", "camera", 1).losesItsConnection();
        talk.store().defer();

        Camera camera = talk.camera("cam", "camera", 2);
        camera.hears();
        camera.hasToWait();
        store().releaseNotes();

        camera.hears("opened behind 0");
        camera.mayGoOn();
    }

    @Test
    void aPublisherThatComesBackInItsEpochWaitsForTheSame() {
        talk.camera("dock");
        talk.store().defer();
        Camera camera = talk.camera("cam", "camera", 1);
        camera.losesItsConnection();

        Camera again = talk.camera("cam", "camera", 1);
        again.hears();
        store().releaseNotes();

        again.hears("opened behind 0");
        camera.hears();
    }

    @Test
    void aReportIsConfirmedWhenItIsDurable() {
        Camera camera = talk.camera();
        camera.forgetsWhatItHeard();
        talk.store().defer();

        camera.reports(1, "RING_FULL", 5);
        camera.hears();
        store().releaseNotes();

        camera.hears("reported through 1");
    }

    @Test
    void aReportIsCountedOnce() {
        Camera camera = talk.camera();
        camera.reports(1, "RING_FULL", 5);
        talk.store().defer();
        camera.reports(2, "RING_FULL", 7);

        talk.brokerCrashes();
        talk.store().answerAtOnce();
        Camera again = talk.camera();
        again.hears("opened behind 0, report 1");
        again.reports(1, "RING_FULL", 5);
        again.reports(2, "RING_FULL", 7);

        again.hears("reported through 1", "reported through 2");
        assertThat(talk.ledger().reported()).containsEntry("RING_FULL", 12L);
    }

    @Test
    void aPublisherHasNotFinishedBeforeItsReportIsDurable() {
        Camera camera = talk.camera();
        camera.forgetsWhatItHeard();
        talk.store().defer();
        camera.reports(1, "RING_FULL", 5);

        camera.finishes();
        camera.hears();
        store().releaseNotes();

        camera.hears("reported through 1", "finished");
    }

    @Test
    void whatGroupsHaveNotSettledStillFillsTheBacklog() {
        Created.stream(talk.broker(), "cam", Conversation.backlog(3, 1 << 20));
        talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);

        talk.brokerCrashes();
        Camera again = talk.camera();
        again.hears("opened behind 3");
        again.hasToWait();
        Worker detector =
                talk.worker("w1").of("detectors").holds(held(1, 1, 1, 3)).joins();
        detector.settlesRun("cam", new Token(1, 1, 1), 3, Verdict.ACK);

        again.mayGoOn();
    }

    // ---- groups

    @Test
    void aConsumerGoesOnWithWhatItHolds() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        detector.acks(2);

        talk.brokerCrashes();
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(held(1, 1, 1, 1), held(1, 3, 1, 1))
                .joins();
        again.hears("1-1/1 OK", "1-3/1 OK");
        again.hasOutstanding(2);
        talk.passes(Duration.ofSeconds(29));
        again.settlesRun("cam", new Token(1, 1, 1), 1, Verdict.ACK);
        again.settlesRun("cam", new Token(1, 3, 1), 1, Verdict.ACK);

        again.hears("1-1/1 OK", "1-3/1 OK");
        again.receivesNothing();
        assertThat(talk.ledger("detectors").acked()).isEqualTo(3);
    }

    @Test
    void theLeasesOfWhatItHoldsStartAnew() {
        talk.worker("w1").of("detectors").lease(10_000).joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();
        talk.passes(Duration.ofMillis(9_999));
        again.hasOutstanding(1);
        talk.passes(Duration.ofMillis(1));

        again.hasOutstanding(0);
    }

    @Test
    void whatNobodyHoldsComesAgainAfterTheGrace() {
        talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2);

        talk.brokerCrashes();
        Worker spare = talk.worker("w2").of("detectors").joins();
        talk.camera().publishes(3);
        spare.receives(3);
        talk.passes(Duration.ofMillis(4_999));
        spare.receivesNothing();
        talk.passes(Duration.ofMillis(1));
        spare.receivesNothing();
        spare.acks(3);

        spare.receivesAgain(2, 1);
        spare.acks(1);
        spare.receivesAgain(2, 2);
    }

    @Test
    void aConsumersReasonToSkipIsNotTakenForTheBrokersOwn() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        camera.publishes(Frames.of(1, 100), Frames.delta(2));
        worker.receives(1, 2);
        worker.settles(new Verdict.Skip("OVERFLOW"), 1);
        worker.acks(2);
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("CONSUMER_OVERFLOW", 1L));

        talk.brokerCrashes();
        Worker next = talk.worker("w1").of("detectors").joins();
        talk.camera("cam", "camera-of-cam", 1).publishes(Frames.delta(3));

        next.receives(3);
    }

    @Test
    void reasonsToSkipAreBoundedOverRestarts() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        for (int i = 1; i <= 70; i++) {
            camera.publishes(i);
            worker.receives(i);
            worker.settles(new Verdict.Skip("REASON_" + i), i);
            if (i == 40) {
                talk.brokerCrashes();
                worker = talk.worker("w1").of("detectors").joins();
                camera = talk.camera("cam", "camera-of-cam", 1);
            }
        }

        assertThat(talk.ledger("detectors").skipped()).hasSize(65).containsEntry("OTHER", 6L);
    }

    // ---- a broker that ends in order

    @Test
    void whatWasReleasedComesAgainAsItWasAndInCompany() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        worker.receives(1, 2, 3);
        worker.acks(2);
        worker.leaves();

        talk.brokerLeaves();

        Worker other = talk.worker("w2").of("detectors").joins();
        other.receivesAgain(1, 1, 3);
        other.acks(1, 3);
        other.hears("1-1/1 OK", "1-3/1 OK");
    }

    @Test
    void whatWasNackedComesAsTheNextAttemptAndInCompany() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.receives(1, 2);
        worker.nacks(60_000, 1, 2);
        worker.leaves();

        talk.brokerLeaves();

        Worker other = talk.worker("w2").of("detectors").joins();
        other.receivesAgain(2, 1, 2);
        other.acks(1, 2);
    }

    @Test
    void whatSomebodyHasWaitsForThemAndComesAgainAsItWas() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.receives(1, 2);
        worker.losesItsConnection();

        talk.brokerLeaves();

        Worker other = talk.worker("w2").of("detectors").joins();
        other.receivesNothing();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();
        again.hears("1-1/1 OK");
        again.hasOutstanding(1);
        talk.passes(Duration.ofSeconds(5));
        other.receivesAgain(1, 2);
    }

    @Test
    void aConnectionThatEndsWithItsBrokerCostsNoAttempt() {
        Conversation strict =
                Conversation.thatIsRemembered(new BrokerSettings(true, 10, 0, StreamSettings.DEFAULT), 1 << 20);
        Worker worker = strict.worker("w1").of("detectors").joins();
        strict.camera().publishes(1, 2);
        worker.receives(1, 2);

        strict.broker().leave();
        worker.losesItsConnection();
        strict.brokerCrashes(Fate.EVERYTHING);

        Worker other = strict.worker("w2").of("detectors").joins();
        other.receivesAgain(1, 1, 2);
        strict.comesOutEven();
    }

    @Test
    void aLeaseThatHadEndedBeforeCountsAsAfterACrash() {
        Worker worker = talk.worker("w1").of("detectors").lease(1_000).joins();
        talk.camera().publishes(1);
        worker.receives(1);
        worker.isReady(false);
        talk.passes(Duration.ofSeconds(2));

        talk.brokerLeaves();
        Worker other = talk.worker("w2").of("detectors").joins();

        talk.passes(Duration.ofSeconds(5));
        other.receivesAgain(2, 1);
    }

    @Test
    void whoeverClaimsToHaveWhatWasGivenBackHasItNot() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        worker.receives(1);
        worker.releases(1);
        worker.forgetsWhatItHeard();
        worker.receivesAgain(1, 1);
        worker.leaves();

        talk.brokerLeaves();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();

        again.hears("1-1/1 STALE");
        again.receivesAgain(1, 1);
    }

    @Test
    void anAttemptThatWasWrittenAndNeverWentOutIsNone() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        worker.receives(1);
        talk.store().defer();
        worker.nacks(0, 1);
        worker.isReady(false);
        store().releaseAttempts("detectors", 1);
        worker.leaves();

        talk.brokerLeaves();

        talk.worker("w2").of("detectors").joins().receivesAgain(2, 1);
    }

    @Test
    void whatWasGivenBackIsKnownToTheNextBrokerOnly() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.leaves();
        talk.brokerLeaves();
        talk.worker("w2").of("detectors").joins().receivesAgain(1, 1, 2);

        talk.brokerCrashes(Fate.EVERYTHING);

        Worker third = talk.worker("w3").of("detectors").joins();
        third.receivesNothing();
        talk.passes(Duration.ofSeconds(5));
        third.receivesAgain(2, 1);
        third.acks(1);
        third.receivesAgain(2, 2);
    }

    @Test
    void whoLeavesHandsNothingOutAnyMore() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();

        talk.broker().leave();
        camera.publishes(1);

        worker.receivesNothing();
    }

    @Test
    void withoutGraceItComesAgainAtOnce() {
        Conversation brief =
                Conversation.thatIsRemembered(new BrokerSettings(true, 10, 0, StreamSettings.DEFAULT), 1 << 20);
        brief.worker("w1").of("detectors").joins();
        brief.camera().publishes(1);

        brief.brokerCrashes();

        brief.worker("w2").of("detectors").joins().receivesAgain(2, 1);
    }

    @Test
    void afterTheGraceItIsStillTheConsumersUntilAnotherHasIt() {
        talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();
        talk.broker().openAll();
        talk.passes(Duration.ofMinutes(1));
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();

        again.receivesNothing();
        again.hasOutstanding(1);
        again.hears("1-1/1 OK");
    }

    @Test
    void whatOneConsumerHasAnotherCannotHold() {
        talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();
        talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();
        Worker liar = talk.worker("w2").of("detectors").holds(held(1, 1, 1, 1)).joins();

        liar.hears("1-1/1 STALE");
        liar.hasOutstanding(0);
    }

    @Test
    void whatIsHeldByAnotherNameThanItHasIsNot() {
        talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);

        talk.brokerCrashes();
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(held(1, 1, 2, 1), held(2, 2, 1, 1))
                .joins();

        again.hears("1-1/2 UNKNOWN_TOKEN", "2-2/1 UNKNOWN_TOKEN");
        again.hasOutstanding(0);
    }

    /** What was settled between frames that were not used to be unknown, as if its token were wrong. */
    @Test
    void whatWasSettledIsKnownToBe() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3, 4);
        detector.acks(1, 3);

        talk.brokerCrashes();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 4)).joins();

        again.hears("1-1/1 ALREADY_SETTLED", "1-2/1 OK", "1-3/1 ALREADY_SETTLED", "1-4/1 OK");
        again.hasOutstanding(2);
    }

    @Test
    void aSettlementThatWasConfirmedHolds() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3, 4);
        talk.store().defer();
        detector.acks(1, 2);
        detector.skips(3);
        store().releaseSettled("detectors", 1);
        detector.hears("1-1/1 OK");

        talk.brokerCrashes();
        talk.store().answerAtOnce();
        Worker again = talk.worker("w1").of("detectors").joins();
        talk.passes(Duration.ofSeconds(5));

        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
        again.receivesAgain(2, 2);
        again.acks(2);
        again.receivesAgain(2, 3);
        again.acks(3);
        again.receivesAgain(2, 4);
    }

    @Test
    void aSettlementThatLandedThoughNobodyHeardOfItHolds() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        talk.store().defer();
        detector.acks(1);
        detector.skips(2);

        talk.brokerCrashes(Fate.EVERYTHING);
        talk.store().answerAtOnce();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 2)).joins();

        again.hears("1-1/1 through 2 ALREADY_SETTLED");
        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
        assertThat(talk.ledger("detectors").skipped()).containsEntry("NOT_WANTED", 1L);
    }

    @Test
    void aFirstDeliveryThatTheStoreNeverHeardOfComesAgainAsTheFirst() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        camera.publishes(1);
        detector.acks(1);
        detector.receives(1);
        talk.store().defer();
        camera.publishes(2);
        store().releaseStored(1);
        detector.receives(2);

        talk.brokerCrashes();
        talk.store().answerAtOnce();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 2, 1, 1)).joins();

        again.hears("1-2/1 UNKNOWN_TOKEN");
        again.receives(2);
    }

    @Test
    void attemptsGoOn() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        detector.nacks(0, 1);
        detector.nacks(0, 1);

        talk.brokerCrashes();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 3, 1)).joins();
        again.hasOutstanding(1);
        again.settlesRun("cam", new Token(1, 1, 3), 1, new Verdict.Retry(0));

        again.receivesAgain(4, 1);
        talk.passes(Duration.ofSeconds(5));
        again.receivesNothing();
        again.acks(1);
        again.receivesAgain(2, 2);
    }

    @Test
    void anAttemptThatWasWrittenAndNotGivenIsCounted() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        talk.store().defer();
        detector.nacks(0, 1);

        talk.brokerCrashes(Fate.EVERYTHING);
        talk.store().answerAtOnce();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();
        again.hears("1-1/1 STALE");
        talk.passes(Duration.ofSeconds(5));

        again.receivesAgain(3, 1);
    }

    @Test
    void aGroupKeepsItsSettings() {
        talk.worker("w1").of("detectors").lease(12_000).joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();

        assertThatThrownBy(() -> talk.worker("w1").of("detectors").lease(13_000).joins())
                .hasFieldOrPropertyWithValue("reason", "GROUP_SETTINGS_DIFFER");
        talk.worker("w1").of("detectors").lease(12_000).joins();
    }

    @Test
    void aGroupGoesOnWhereItWasWhateverTheConsumerAsksFor() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        detector.acks(1, 2);
        detector.leaves();
        talk.camera().publishes(3);

        talk.brokerCrashes();

        talk.worker("w1")
                .of("detectors")
                .from(new StartPosition.Earliest())
                .joins()
                .receives(3);
    }

    @Test
    void aCallThatStoodAloneIsGone() {
        talk.worker("viewer").joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();
        talk.broker().openAll();

        assertThat(talk.broker().groups("cam")).isEmpty();
    }

    @Test
    void tokensOfFramesOfBothBrokersAreGood() {
        talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);

        talk.brokerCrashes();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 1, 1, 1)).joins();
        talk.camera().publishes(2);
        again.hears("1-1/1 OK");
        again.settlesRun("cam", new Token(1, 1, 1), 1, Verdict.ACK);
        again.settlesRun("cam", new Token(2, 2, 1), 1, Verdict.ACK);

        again.hears("1-1/1 OK", "2-2/1 OK");
        again.receives(2);
    }

    @Test
    void aBrokerMayComeAfterABrokerThatCameAfterABroker() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        detector.acks(1);
        talk.brokerCrashes();
        Worker again = talk.worker("w1").of("detectors").holds(held(1, 2, 1, 2)).joins();
        again.settlesRun("cam", new Token(1, 2, 1), 1, Verdict.ACK);
        talk.camera().publishes(4);
        again.receives(4);

        talk.brokerCrashes();
        Worker third = talk.worker("w1").of("detectors").joins();
        talk.passes(Duration.ofSeconds(5));

        assertThat(talk.ledger("detectors").acked()).isEqualTo(2);
        third.receivesAgain(2, 3);
        third.acks(3);
        third.receivesAgain(2, 4);
    }
}
