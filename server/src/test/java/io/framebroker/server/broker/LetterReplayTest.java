package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Dead letters that are tried again. */
class LetterReplayTest {
    private static final DeadLetterFilter ALL = new DeadLetterFilter("", "", Long.MIN_VALUE, Long.MAX_VALUE);

    private final Conversation talk = new Conversation(Conversation.retention(1, 1 << 30, 0));
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private Worker.Opening detector(String id) {
        return talk.worker(id).of("detectors").lease(1_000).attempts(2);
    }

    /** A consumer that has given up these frames, and nothing else in hand. */
    private Worker hasGivenUp(long... sequences) {
        return hasGivenUp(detector("w1"), sequences);
    }

    private Worker hasGivenUp(Worker.Opening opening, long... sequences) {
        Worker worker = opening.joins();
        camera.publishes(sequences);
        worker.givesUp("torn", sequences);
        worker.takesStock();
        worker.forgetsWhatItHeard();
        return worker;
    }

    private long replays(long limit) {
        return talk.broker().replayDeadLetters("cam", ALL, limit, false);
    }

    private long purges() {
        long letters = letters().size();
        talk.broker().purgeDeadLetters("cam", ALL, new Broker.LettersPurged() {
            @Override
            public void purged(long purged) {
                assertThat(purged).isEqualTo(letters);
            }

            @Override
            public void failed(BrokerException why) {
                throw why;
            }
        });
        return letters;
    }

    private List<Long> letters() {
        return talk.broker().deadLetters("cam", ALL).get("detectors").stream()
                .map(letter -> letter.id().ordinal())
                .toList();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    @Test
    void aLetterThatIsAckedIsNoneAnyMore() {
        Worker worker = hasGivenUp(1, 2);

        assertThat(replays(10)).isEqualTo(2);

        worker.receivesAgain(2, 1, 2);
        assertThat(letters()).containsExactly(1L, 2L);
        worker.acks(1, 2);
        worker.hears("1-1/2 OK", "1-2/2 OK");
        worker.hasOutstanding(0);
        assertThat(letters()).isEmpty();
        assertThat(talk.ledger("detectors").acked()).isEqualTo(2);
        assertThat(talk.ledger("detectors").deadLettered()).isZero();
    }

    @Test
    void itIsAnsweredOnceTheStoreHasIt() {
        Worker worker = hasGivenUp(1);
        replays(1);
        talk.store().defer();

        worker.acks(1);
        worker.hearsNothing();
        worker.acks(1);
        store().releaseSettled("detectors", 1);

        worker.hears("1-1/2 OK", "1-1/2 ALREADY_SETTLED");
    }

    @Test
    void aLetterThatIsSkippedIsSkippedByThatName() {
        Worker worker = hasGivenUp(1);
        replays(1);

        worker.skips(1);

        worker.hears("1-1/2 OK");
        assertThat(letters()).isEmpty();
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("NOT_WANTED", 1L));
    }

    @Test
    void theOldestAreTriedAndNoneTwiceAtATime() {
        Worker worker = hasGivenUp(1, 2, 3);

        assertThat(talk.broker().replayDeadLetters("cam", ALL, 2, true)).isEqualTo(2);
        worker.receivesNothing();
        assertThat(replays(2)).isEqualTo(2);
        assertThat(replays(2)).isEqualTo(1);
        assertThat(replays(2)).isZero();

        worker.receivesAgain(2, 1, 2, 3);
    }

    @Test
    void theyWaitInLineForAConsumerAndAPausedGroupGivesNone() {
        hasGivenUp(1, 2).leaves();

        assertThat(replays(10)).isEqualTo(2);
        talk.broker().pauseGroup("cam", "detectors", true, new Changed());
        Worker other = detector("w2").joins();
        other.receivesNothing();
        talk.broker().pauseGroup("cam", "detectors", false, new Changed());

        other.receivesAgain(2, 1, 2);
    }

    @Test
    void eachReplayGrantsAsManyAttemptsAsAFrameHas() {
        Worker worker = hasGivenUp(1);
        replays(1);

        worker.settles(new Verdict.Retry(700, "still no picture"), 1);
        worker.hears("1-1/2 OK");
        worker.receivesAgain(2, 1);
        talk.passes(Duration.ofMillis(699));
        worker.receivesNothing();
        talk.passes(Duration.ofMillis(1));
        worker.receivesAgain(3, 1);
        worker.nacks(0, 1);

        worker.hears("1-1/3 OK");
        worker.receivesNothing();
        worker.hasOutstanding(0);
        assertThat(letters()).containsExactly(1L);
        replays(1);
        worker.receivesAgain(4, 1);
        assertThat(talk.broker().deadLetters("cam", ALL).get("detectors").get(0))
                .satisfies(letter -> assertThat(letter.attempts()).isEqualTo(1))
                .satisfies(letter -> assertThat(letter.lastError()).isEqualTo("torn"));
    }

    @Test
    void aNackWithoutADelayWaitsAsLongAsTheGroupHasIt() {
        Worker worker = hasGivenUp(1);
        replays(1);
        worker.takesStock();

        worker.nacks(-1, 1);
        talk.passes(Duration.ofMillis(399));
        worker.receivesNothing();
        talk.passes(Duration.ofMillis(101));

        worker.receivesAgain(3, 1);
    }

    @Test
    void aReleaseCostsNoAttempt() {
        Worker worker = hasGivenUp(1);
        replays(1);

        worker.releases(1);
        worker.releases(1);
        worker.releases(1);

        worker.receivesInAll("cam 1, attempt 2", "cam 1, attempt 2", "cam 1, attempt 2", "cam 1, attempt 2");
        worker.acks(1);
        assertThat(letters()).isEmpty();
    }

    @Test
    void whatIsGivenUpAgainStaysTheLetterItWas() {
        Worker worker = hasGivenUp(1);
        replays(1);
        worker.takesStock();

        worker.givesUp("hopeless", 1);

        worker.hears("1-1/2 OK");
        worker.receivesNothing();
        worker.hasOutstanding(0);
        assertThat(letters()).containsExactly(1L);
        worker.acks(1);
        worker.hears("1-1/2 ALREADY_SETTLED");
        assertThat(worker.lastMessage()).contains("dead letter of group detectors");
    }

    @Test
    void aLeaseThatEndsEndsTheReplay() {
        Worker worker = hasGivenUp(1);
        replays(1);
        worker.receivesAgain(2, 1);

        talk.passes(Duration.ofMillis(1_001));

        worker.hasOutstanding(0);
        worker.acks(1);
        worker.hears("1-1/2 ALREADY_SETTLED");
        worker.receivesNothing();
        assertThat(letters()).containsExactly(1L);
        assertThat(replays(1)).isEqualTo(1);
        worker.receivesAgain(3, 1);
        // Of the replay before: the token is not good for this one.
        worker.settlesRun("cam", new Token(1, 1, 2), 1, Verdict.ACK);
        worker.hears("1-1/2 STALE");
    }

    @Test
    void anExtendedLeaseRunsOn() {
        Worker worker = hasGivenUp(1);
        replays(1);

        talk.passes(Duration.ofMillis(900));
        worker.extendsLeaseOf(1);
        talk.passes(Duration.ofMillis(900));
        worker.acks(1);

        worker.hears("1-1/2 OK", "1-1/2 OK");
    }

    @Test
    void aLostConsumerEndsTheReplayUnlessItComesBackWithTheFrame() {
        Worker worker = hasGivenUp(detector("w1").lease(60_000), 1, 2);
        replays(2);
        Token first = worker.token(1);

        worker.losesItsConnection();
        Worker again = detector("w1")
                .lease(60_000)
                .holds(new Consumer.Held("cam", first, 1))
                .joins();

        again.hears("1-1/2 OK");
        again.hasOutstanding(1);
        again.receivesNothing();
        again.settlesRun("cam", first, 2, Verdict.ACK);
        again.hears("1-1/2 OK", "1-2/2 ALREADY_SETTLED");
        again.hasOutstanding(0);
        assertThat(letters()).containsExactly(2L);
        replays(1);
        again.receivesAgain(3, 2);
        again.losesItsConnection();
        Worker other = detector("w2").lease(60_000).joins();
        talk.passes(Duration.ofMillis(5_001));
        other.receivesNothing();
        assertThat(letters()).containsExactly(2L);
        assertThat(replays(1)).isEqualTo(1);
        other.receivesAgain(4, 2);
    }

    @Test
    void whatAConsumerLeavesBehindGoesToOthers() {
        Worker worker = hasGivenUp(1);
        replays(1);
        Worker other = detector("w2").joins();
        other.receivesNothing();

        worker.leaves();

        other.receivesAgain(2, 1);
        other.acks(1);
        assertThat(letters()).isEmpty();
    }

    @Test
    void aPurgeTakesThemOutOfTheHandsOfWhoeverHasThem() {
        Worker worker = hasGivenUp(detector("w1").window(1), 1, 2);
        replays(2);
        worker.receivesAgain(2, 1);

        assertThat(purges()).isEqualTo(2);

        worker.hasOutstanding(0);
        worker.receivesNothing();
        worker.acks(1);
        worker.hears("1-1/2 ALREADY_SETTLED");
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("DEAD_LETTER_PURGED", 2L));
        camera.publishes(3);
        worker.receives(3);
    }

    @Test
    void whatGoesForNewerLettersIsNotTriedAnyMore() {
        Worker worker = detector("w1").joins();
        for (int i = 1; i <= 8; i++) {
            camera.publishesLarge(i, 8 << 20);
            worker.givesUp("torn", i);
        }
        worker.takesStock();
        worker.forgetsWhatItHeard();
        replays(1);
        worker.receivesAgain(2, 1);

        camera.publishesLarge(9, 8 << 20);
        worker.givesUp("torn", 9);

        worker.hasOutstanding(0);
        worker.acks(1);
        worker.hears("1-9/1 OK", "1-1/2 ALREADY_SETTLED");
        assertThat(letters()).hasSize(8).doesNotContain(1L);
    }

    @Test
    void whatWasReadWaitsOnWhereNobodyIsLeftToTakeIt() {
        Worker worker = hasGivenUp(1, 2);
        store().holdLetters();
        replays(2);
        worker.leaves();
        store().releaseLetters();

        Worker other = detector("w2").joins();

        assertThat(store().lettersAsked()).isEqualTo(2);
        store().releaseLetters();
        other.receivesAgain(2, 1, 2);
    }

    @Test
    void aDeletedStreamGivesRoomBackToACallThatGoesOn() {
        talk.camera("dock");
        Worker worker = hasGivenUp(detector("w1").takes("*").window(2), 1);
        replays(1);
        worker.hasOutstanding(1);

        talk.broker().deleteStream("cam", true, new Deleted());

        worker.hears("removed: cam");
        worker.hasOutstanding(0);
    }

    @Test
    void aGroupThatEndsTakesThemAlong() {
        Worker worker = hasGivenUp(1);
        store().holdLetters();
        replays(1);

        talk.broker().deleteGroup("cam", "detectors", true, new Deleted());
        store().releaseLetters();

        worker.hears("ended: GROUP_DELETED");
        worker.receivesNothing();
    }

    @Test
    void aMovedGroupHasItsLettersStillAndTriesThemNoMore() {
        hasGivenUp(1, 2);
        camera.publishes(3);
        replays(2);
        talk.broker().seekGroup("cam", "detectors", new StartPosition.New(), new Changed());

        Worker again = detector("w1").joins();
        again.receivesNothing();
        assertThat(letters()).containsExactly(1L, 2L);
        assertThat(replays(2)).isEqualTo(2);
        again.receivesAgain(2, 1, 2);
        again.acks(1);
        again.settlesRun("cam", new Token(1, 1, 2), 2, Verdict.ACK);

        again.hears("1-1/2 OK", "1-1/2 ALREADY_SETTLED", "1-2/2 OK");
        assertThat(talk.ledger("detectors").acked()).isZero();
        assertThat(letters()).isEmpty();
    }

    @Test
    void lettersWhoseFramesComeAgainAnywayAreNotReplayed() {
        hasGivenUp(1, 2);
        camera.publishes(3);
        talk.broker().seekGroup("cam", "detectors", new StartPosition.Earliest(), new Changed());
        long first = talk.stream().firstOrdinal();
        assertThat(first).isLessThanOrEqualTo(3);

        assertThat(replays(10))
                .isEqualTo(letters().stream().filter(each -> each < first).count());
    }

    @Test
    void framesAndLettersTakeTurns() {
        Worker worker = hasGivenUp(
                detector("w1").window(4), LongStream.rangeClosed(1, 40).toArray());
        worker.call().pause();
        camera.publishesTogether(LongStream.rangeClosed(41, 80).toArray());
        replays(40);

        worker.call().resume();
        List<Long> got = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            List<Long> taken = worker.takesOrdinalsOfAllAttempts();
            got.addAll(taken);
            worker.acks(taken.stream().mapToLong(Long::longValue).toArray());
        }
        assertThat(got).filteredOn(each -> each <= 40).hasSizeBetween(15, 29);
        assertThat(got).filteredOn(each -> each > 40).hasSizeBetween(15, 29);
    }

    @Test
    void theyAreReadSomeAtATimeAndFramesGoOnMeanwhile() {
        Worker worker = hasGivenUp(LongStream.rangeClosed(1, 40).toArray());
        store().holdLetters();

        replays(40);
        camera.publishes(41);
        worker.receives(41);
        assertThat(store().lettersAsked()).isEqualTo(16);
        store().releaseLetters();

        assertThat(worker.takesStock()).isEqualTo(16);
        assertThat(store().lettersAsked()).isEqualTo(16);
        store().releaseLetters();
        store().releaseLetters();
        assertThat(worker.takesStock()).isEqualTo(24);
        assertThat(store().lettersAsked()).isZero();
    }

    @Test
    void aLetterThatCannotBeReadIsLookedForAgainAndThenLeftAlone() {
        Worker worker = hasGivenUp(1, 2);
        store().holdLetters();
        replays(1);

        for (int i = 0; i < 5; i++) {
            assertThat(store().lettersAsked()).isEqualTo(1);
            store().losesLetters();
            talk.passes(Duration.ofSeconds(10));
        }

        assertThat(store().lettersAsked()).isZero();
        assertThat(letters()).containsExactly(1L, 2L);
        assertThat(replays(2)).isEqualTo(2);
        store().releaseLetters();
        worker.receivesAgain(2, 1, 2);
    }

    @Test
    void aConsumerOfSeveralStreamsIsAskedAgainWhenRoomComes() {
        Camera dock = talk.camera("dock");
        Worker worker = hasGivenUp(detector("w1").takes("cam", "dock").window(1), 1, 2);
        dock.publishes(1);
        worker.receivesOn("dock", 1);

        replays(2);
        worker.receivesNothing();
        worker.acksOn("dock", 1);

        worker.receivesAgain(2, 1);
        worker.acks(1);
        worker.receivesAgain(2, 2);
        worker.acks(2);
        assertThat(letters()).isEmpty();
    }

    @Test
    void theyCountAgainstALimit() {
        hasGivenUp(1, 2, 3).leaves();
        replays(3);
        Worker worker = detector("w2").limit(2).joins();

        worker.receivesAgain(2, 1, 2);
        worker.acks(1, 2);

        worker.hears("1-1/2 OK", "1-2/2 OK", "finished");
        assertThat(letters()).containsExactly(3L);
        detector("w3").joins().receivesAgain(2, 3);
    }

    @Test
    void whoAcksByItselfHasThemAcked() {
        hasGivenUp(1, 2).leaves();
        replays(2);

        Worker worker = detector("w2").autoAck().joins();

        worker.receivesAgain(2, 1, 2);
        worker.hearsNothing();
        worker.hasOutstanding(0);
        assertThat(letters()).isEmpty();
    }

    @Test
    void inStrictOrderTheyAreOutsideOfIt() {
        Worker worker = talk.worker("w1")
                .of("detectors")
                .asks(new AskedSettings(1_000L, null, 2, GroupSettings.Order.STRICT))
                .joins();
        camera.publishes(1, 2, 3);
        worker.givesUp("torn", 1);
        worker.receives(1, 2, 3);
        worker.nacks(500, 2);

        replays(1);

        worker.receivesAgain(2, 1);
        worker.acks(1, 3);
        assertThat(letters()).isEmpty();
        talk.passes(Duration.ofSeconds(1));
        worker.receivesAgain(2, 2);
    }

    @Test
    void itsLifeGoesOn() {
        Worker worker = hasGivenUp(1);
        talk.passes(Duration.ofMillis(10));
        replays(1);
        talk.passes(Duration.ofMillis(10));
        worker.nacks(500, 1);
        assertThat(life(1)).endsWith("NACKED w1 #2", "RETAINED", "PENDING #3");
        talk.passes(Duration.ofMillis(500));
        assertThat(life(1)).endsWith("NACKED w1 #2", "DELIVERED w1 #3", "RETAINED", "PENDING w1 #3");

        talk.passes(Duration.ofMillis(10));
        worker.acks(1);

        assertThat(life(1))
                .containsSubsequence("DEAD_LETTERED w1 #1", "DELIVERED w1 #2", "NACKED w1 #2", "DELIVERED w1 #3")
                .endsWith("ACKED w1 #3", "RETAINED");
    }

    private List<String> life(long ordinal) {
        List<String> lines = new ArrayList<>();
        talk.broker().explainFrame("cam", new FrameId(1, ordinal), new Broker.Explained() {
            @Override
            public void explained(List<FrameEvent> life) {
                life.forEach(event -> lines.add(event.what()
                        + (event.consumerId().isEmpty() ? "" : " " + event.consumerId())
                        + (event.attempt() == 0 ? "" : " #" + event.attempt())));
            }

            @Override
            public void failed(BrokerException why) {
                throw why;
            }
        });
        return lines;
    }

    @Test
    void whoHoldsThemIsSeen() {
        Worker worker = hasGivenUp(1, 2);
        replays(2);
        worker.takesStock();

        assertThat(talk.broker().consumers("cam", "detectors"))
                .singleElement()
                .satisfies(state -> assertThat(state.pendingFrames()).isEqualTo(2));
        worker.acks(1, 2);

        assertThat(talk.broker().consumers("cam", "detectors"))
                .singleElement()
                .satisfies(state -> assertThat(state.pendingFrames()).isZero());
    }
}
