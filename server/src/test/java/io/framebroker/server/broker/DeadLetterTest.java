package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of frames that nobody can work on. */
class DeadLetterTest {
    private static final DeadLetterFilter ALL = new DeadLetterFilter("", "", Long.MIN_VALUE, Long.MAX_VALUE);

    private final Conversation talk = new Conversation(Conversation.retention(1, 1 << 30, 0));
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private Worker.Opening detector(int attempts) {
        return talk.worker("w1").of("detectors").lease(1_000).attempts(attempts);
    }

    private List<DeadLetter> letters() {
        return talk.broker().deadLetters("cam", ALL).get("detectors");
    }

    private DeadLetter letter() {
        assertThat(letters()).hasSize(1);
        return letters().get(0);
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    private List<Frame> read(long... ordinals) {
        List<Frame> frames = new ArrayList<>();
        talk.broker()
                .readDeadLetters(
                        "cam", "detectors", LongStream.of(ordinals).boxed().toList(), frames::addAll);
        return frames;
    }

    private long purges(DeadLetterFilter filter) {
        List<Long> purged = new ArrayList<>();
        talk.broker().purgeDeadLetters("cam", filter, new Broker.LettersPurged() {
            @Override
            public void purged(long letters) {
                purged.add(letters);
            }

            @Override
            public void failed(BrokerException why) {
                throw why;
            }
        });
        return purged.isEmpty() ? -1 : purged.get(0);
    }

    @Test
    void aCallOfBeforeTheMoveTouchesNothing() {
        Worker before =
                talk.worker("w1").of("detectors").lease(1_000).attempts(1).joins();
        camera.publishes(1);
        before.receives(1);
        talk.store().stream("cam").isFull(true);
        talk.passes(Duration.ofSeconds(2));

        talk.broker().seekGroup("cam", "detectors", new StartPosition.Earliest(), new Changed());
        talk.store().stream("cam").isFull(false);
        Worker after =
                talk.worker("w2").of("detectors").lease(1_000).attempts(1).joins();
        after.receives(1);
        // Its thread was in the middle of something when the group was moved.
        before.call().pump();

        assertThat(letters()).isEmpty();
        after.acks(1);
        after.hears("1-1/1 OK");
    }

    @Test
    void aFrameThatIsNackedAtItsLastAttemptIsADeadLetter() {
        Worker worker = detector(2).joins();
        camera.publishes(1);
        worker.settles(new Verdict.Retry(0, "no picture"), 1);
        worker.settles(new Verdict.Retry(0, "still no picture"), 1);

        worker.hears("1-1/1 OK", "1-1/2 OK");
        worker.hasOutstanding(0);
        assertThat(letter())
                .isEqualTo(new DeadLetter(
                        new FrameId(1, 1),
                        letter().bytes(),
                        "MAX_ATTEMPTS",
                        2,
                        "still no picture",
                        "w1",
                        talk.clock().wallMicros()));
        assertThat(talk.ledger("detectors").deadLettered()).isEqualTo(1);
        assertThat(talk.ledger("detectors").pending()).isZero();
        talk.passes(Duration.ofMinutes(1));
        worker.takesStock();
        camera.publishes(2);
        worker.receives(2);
    }

    @Test
    void aNewGroupGivesUpAfterThreeAttempts() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);

        worker.nacks(0, 1);
        worker.nacks(0, 1);
        assertThat(letters()).isEmpty();
        worker.nacks(0, 1);

        assertThat(letter().attempts()).isEqualTo(3);
    }

    @Test
    void aFrameWhoseLastLeaseEndsIsADeadLetter() {
        Worker worker = detector(1).joins();
        camera.publishes(1);

        talk.passes(Duration.ofMillis(1_001));

        assertThat(letter().reason()).isEqualTo("MAX_ATTEMPTS");
        assertThat(letter().lastError()).isEqualTo("lease ended");
        assertThat(letter().lastConsumerId()).isEqualTo("w1");
        worker.hasOutstanding(0);
    }

    @Test
    void aFrameWhoseLastConsumerIsLostIsADeadLetterThoughNobodyIsThere() {
        Worker worker = talk.worker("w1").of("detectors").attempts(1).joins();
        camera.publishes(1);

        worker.losesItsConnection();
        talk.passes(Duration.ofMillis(4_999));
        assertThat(letters()).isEmpty();
        talk.passes(Duration.ofMillis(2));

        assertThat(letter().lastError()).isEqualTo("connection lost");
    }

    @Test
    void aReleaseCostsNoAttempt() {
        Worker worker = detector(1).joins();
        camera.publishes(1);

        worker.releases(1);
        worker.releases(1);

        assertThat(letters()).isEmpty();
        assertThat(worker.takesStock()).isEqualTo(3);
    }

    @Test
    void aConsumerMayGiveUpAtOnceAndOnSeveralFrames() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2, 3);

        worker.settlesRun("cam", worker.token(1), 2, new Verdict.GiveUp("torn"));

        worker.hears("1-1/1 OK", "1-2/1 OK");
        worker.hasOutstanding(1);
        assertThat(letters()).extracting(DeadLetter::reason).containsOnly("NACK_DEAD_LETTER");
        assertThat(letters()).extracting(letter -> letter.id().ordinal()).containsExactly(1L, 2L);
    }

    @Test
    void itIsAnsweredOnceTheStoreHasIt() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        talk.store().defer();

        worker.givesUp("torn", 1);
        worker.hearsNothing();
        store().releaseSettled("detectors", 1);

        worker.hears("1-1/1 OK");
    }

    @Test
    void aLateAckIsToldThatItIsADeadLetter() {
        Worker worker = detector(1).joins();
        camera.publishes(1);
        talk.passes(Duration.ofSeconds(2));

        worker.acks(1);

        worker.hears("1-1/1 ALREADY_SETTLED");
        assertThat(worker.lastMessage()).contains("1-1").contains("dead letter of group detectors");
    }

    @Test
    void itOutlivesItsFrame() {
        Worker worker = detector(1).joins();
        camera.publishes(1);
        byte[] content =
                talk.broker().latestFrame("cam").orElseThrow().content().array().clone();
        worker.givesUp("torn", 1);

        camera.publishes(2, 3, 4);
        worker.acks(2, 3, 4);

        assertThat(talk.stream().firstOrdinal()).isGreaterThan(1);
        assertThat(read(1))
                .singleElement()
                .satisfies(frame -> assertThat(frame.content().array()).isEqualTo(content));
    }

    @Test
    void aFrameThatIsOutOfMemoryIsGivenUpOnceItIsRead() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2);
        store().makeCold(1);

        worker.givesUp("torn", 1);
        worker.hearsNothing();
        worker.hasOutstanding(2);
        store().releaseReadable();

        worker.hears("1-1/1 OK");
        worker.hasOutstanding(1);
        assertThat(letter().lastError()).isEqualTo("torn");
    }

    /** Late work is work done, as long as the frame is there. */
    @Test
    void aFrameThatIsOutOfMemoryCanStillBeAckedLate() {
        Worker worker = detector(1).joins();
        camera.publishes(1, 2);
        store().makeCold(1);
        talk.passes(Duration.ofMillis(1_001));
        assertThat(letters()).extracting(letter -> letter.id().ordinal()).containsExactly(2L);

        worker.acks(1);
        store().releaseReadable();
        talk.passes(Duration.ofSeconds(1));

        worker.hears("1-1/1 OK");
        assertThat(letters()).hasSize(1);
        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
    }

    @Test
    void withoutRoomInTheStoreItStaysPendingAndIsTriedAgain() {
        detector(1).joins();
        camera.publishes(1);
        store().isFull(true);

        talk.passes(Duration.ofSeconds(5));
        assertThat(letters()).isEmpty();
        assertThat(talk.ledger("detectors").pending()).isEqualTo(1);
        store().isFull(false);
        talk.passes(Duration.ofMillis(100));

        assertThat(letters()).hasSize(1);
    }

    @Test
    void purgedLettersAreSkippedByName() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2, 3);
        worker.givesUp("torn", 1, 2);
        worker.settles(new Verdict.Retry(0), 3);
        worker.settles(new Verdict.Retry(0), 3);
        worker.settles(new Verdict.Retry(0), 3);

        assertThat(purges(new DeadLetterFilter("detectors", "NACK_DEAD_LETTER", 0, Long.MAX_VALUE)))
                .isEqualTo(2);

        assertThat(letter().id()).isEqualTo(new FrameId(1, 3));
        assertThat(talk.ledger("detectors").deadLettered()).isEqualTo(1);
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("DEAD_LETTER_PURGED", 2L));
        assertThat(read(1, 3)).extracting(Frame::ordinal).containsExactly(3L);
    }

    @Test
    void aPurgeIsAnsweredOnceTheStoreHasDoneIt() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        worker.givesUp("torn", 1);
        talk.store().defer();

        assertThat(purges(ALL)).isEqualTo(-1);
    }

    /** Nobody answered. */
    @Test
    void aPurgeThatTheStoreDoesNotConfirmIsAnsweredAfterAWhile() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        worker.givesUp("torn", 1);
        talk.store().defer();
        List<String> answers = purging();

        talk.passes(Duration.ofMinutes(1));

        assertThat(answers).containsExactly("CHANGE_UNCONFIRMED");
    }

    @Test
    void aPurgeOfAStreamThatIsDeletedMeanwhileIsAnswered() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        worker.givesUp("torn", 1);
        talk.store().defer();
        List<String> answers = purging();

        Deleted.stream(talk.broker(), "cam", true);

        assertThat(answers).containsExactly("STREAM_DELETED");
    }

    private List<String> purging() {
        List<String> answers = new ArrayList<>();
        talk.broker().purgeDeadLetters("cam", ALL, new Broker.LettersPurged() {
            @Override
            public void purged(long letters) {
                answers.add("purged " + letters);
            }

            @Override
            public void failed(BrokerException why) {
                answers.add(why.reason());
            }
        });
        return answers;
    }

    /** The verdict used to be forgotten. */
    @Test
    void whoEndsBehindAVerdictThatHasToWaitHearsItsResult() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        store().makeCold(1);
        worker.givesUp("torn", 1);

        worker.finishes();
        worker.hearsNothing();
        store().releaseReadable();

        worker.hears("1-1/1 OK", "finished");
        assertThat(letter().lastError()).isEqualTo("torn");
    }

    @Test
    void roomThatALateVerdictGivesBackIsForTheOtherStreamsOfTheCall() {
        Worker worker = detector(3).takes("cam", "dock").window(1).joins();
        camera.publishes(1);
        worker.receives(1);
        talk.camera("dock").publishes(1);
        store().makeCold(1);
        worker.givesUp("torn", 1);
        worker.receivesNothing();

        store().releaseReadable();

        worker.receivesOn("dock", 1);
    }

    @Test
    void aVerdictThatIsSaidAgainIsCarriedOutOnce() {
        Worker worker = detector(3).joins();
        camera.publishes(1);
        store().makeCold(1);
        for (int again = 0; again < 5; again++) {
            worker.givesUp("torn", 1);
        }

        store().releaseReadable();

        worker.hears("1-1/1 OK");
        assertThat(letters()).hasSize(1);
    }

    @Test
    void lettersAreFoundByTime() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2);
        worker.givesUp("torn", 1);
        talk.passes(Duration.ofMillis(500));
        long later = talk.clock().wallMicros();
        worker.givesUp("torn", 2);

        assertThat(talk.broker()
                        .deadLetters("cam", new DeadLetterFilter("", "", later, later + 1))
                        .get("detectors"))
                .hasSize(1);
        assertThat(purges(new DeadLetterFilter("", "", 0, later))).isEqualTo(1);
        assertThat(letter().id()).isEqualTo(new FrameId(1, 2));
    }

    @Test
    void theOldestGoWhereThereAreTooMany() {
        Worker worker = detector(3).window(100_000).joins();
        int most = DeadLetters.MOST_LETTERS;
        for (int first = 1; first <= most + 2; first += 500) {
            camera.publishes(
                    LongStream.range(first, Math.min(first + 500L, most + 3)).toArray());
            long last = Math.min(first + 499L, most + 2);
            worker.settlesRun("cam", worker.token(first), (int) (last - first + 1), new Verdict.GiveUp("torn"));
        }

        assertThat(letters()).hasSize(most);
        assertThat(letters().get(0).id().ordinal()).isEqualTo(3);
        assertThat(talk.ledger("detectors").deadLettered()).isEqualTo(most);
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("DEAD_LETTER_OVERFLOW", 2L));
        worker.takesStock();
        worker.forgetsWhatItHeard();
    }

    @Test
    void theOldestGoWhereTheyAreTooLarge() {
        Worker worker = detector(3).joins();
        for (int i = 1; i <= 9; i++) {
            camera.publishesLarge(i, 8 << 20);
            worker.givesUp("torn", i);
        }

        assertThat(letters())
                .extracting(letter -> letter.id().ordinal())
                .containsExactly(2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        camera.publishesLarge(10, (8 << 20) + 1);
        worker.givesUp("torn", 10);

        assertThat(letters()).hasSize(8);
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("DEAD_LETTER_OVERFLOW", 2L));
    }

    @Test
    void aMovedGroupKeepsItsLettersOutsideItsLedger() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2, 3);
        worker.givesUp("torn", 2, 3);

        moves(new StartPosition.New());

        assertThat(talk.ledger("detectors").deadLettered()).isZero();
        assertThat(letters()).extracting(letter -> letter.id().ordinal()).containsExactly(2L, 3L);
        assertThat(read(2, 3)).hasSize(2);
        assertThat(purges(ALL)).isEqualTo(2);
        assertThat(letters()).isEmpty();
        assertThat(talk.ledger("detectors").skipped()).isEmpty();
    }

    @Test
    void aFrameThatAMovedGroupGivesUpAgainIsOneLetter() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2);
        worker.givesUp("torn", 2);

        moves(new StartPosition.Earliest());
        assertThat(letters()).hasSize(1);
        Worker again = detector(3).joins();
        again.receives(1, 2);
        again.givesUp("still torn", 2);

        again.hears("1-2/1 OK");
        assertThat(letter().lastError()).isEqualTo("still torn");
        assertThat(talk.ledger("detectors").deadLettered()).isEqualTo(1);
        assertThat(purges(ALL)).isEqualTo(1);
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("DEAD_LETTER_PURGED", 1L));
    }

    /** What had been given up and could not be buried yet was pending, and goes where pending frames go. */
    @Test
    void aMoveForgetsWhatIsNotBuriedYet() {
        detector(1).joins();
        camera.publishes(1);
        store().isFull(true);
        talk.passes(Duration.ofSeconds(2));

        moves(new StartPosition.Earliest());
        store().isFull(false);
        talk.passes(Duration.ofSeconds(2));

        assertThat(letters()).isEmpty();
        detector(1).joins().receives(1);
    }

    private void moves(StartPosition position) {
        Changed operator = new Changed();
        talk.broker().seekGroup("cam", "detectors", position, operator);
        assertThat(operator.heard()).singleElement().asString().startsWith("changed detectors");
    }

    @Test
    void lettersGoWithTheirGroup() {
        Worker worker = detector(3).joins();
        camera.publishes(1, 2);
        worker.givesUp("torn", 1);
        assertThat(letters()).hasSize(1);

        talk.broker().deleteGroup("cam", "detectors", true, new Deleted());
        assertThat(letters()).isNull();
        assertThat(read(1)).isEmpty();
        detector(3).joins();

        assertThat(letters()).isEmpty();
    }

    @Test
    void aPausedGroupGivesUpAsAnyOther() {
        Worker worker = detector(1).joins();
        camera.publishes(1, 2);
        store().makeCold(1);
        talk.broker().pauseGroup("cam", "detectors", true, new Changed());

        worker.givesUp("torn", 1);
        worker.hearsNothing();
        store().releaseReadable();

        worker.hears("1-1/1 OK");
        talk.passes(Duration.ofMillis(1_001));
        assertThat(letters()).extracting(letter -> letter.id().ordinal()).containsExactly(1L, 2L);
    }

    @Test
    void whatIsTooOldIsSkippedAndWhatIsUsedUpStaysPending() {
        Worker worker = talk.worker("w1")
                .of("detectors")
                .window(1)
                .asks(new AskedSettings(1_000L, 5_000L, 1, null))
                .joins();
        camera.publishes(1);
        store().isFull(true);
        talk.passes(Duration.ofSeconds(2));
        worker.isReady(false);
        camera.publishes(2);

        talk.passes(Duration.ofSeconds(6));
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("MAX_AGE", 1L));
        assertThat(talk.ledger("detectors").pending()).isEqualTo(1);
        store().isFull(false);
        talk.passes(Duration.ofSeconds(1));

        assertThat(letter().id()).isEqualTo(new FrameId(1, 1));
    }

    @Test
    void aDesertedGroupHoldsNoCameraForFramesThatCannotBeBuried() {
        Conversation other = new Conversation(
                new BrokerSettings(
                        true, 10, 5_000, new StreamSettings(3, 1 << 20, 1, 1 << 20, 0), false, 30_000, 60_000, 0),
                1 << 20);
        Worker worker =
                other.worker("w1").of("detectors").lease(1_000).attempts(1).joins();
        Camera otherCamera = other.camera();
        otherCamera.publishes(1, 2, 3);
        other.store().stream("cam").isFull(true);
        worker.losesItsConnection();

        other.passes(Duration.ofSeconds(59));
        otherCamera.hasToWait();
        assertThat(other.ledger("detectors").pending()).isEqualTo(3);
        other.passes(Duration.ofSeconds(1));

        otherCamera.mayGoOn();
        assertThat(other.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 2L));
        other.store().stream("cam").isFull(false);
        other.passes(Duration.ofSeconds(1));
        assertThat(other.ledger("detectors").deadLettered()).isEqualTo(1);
        other.comesOutEven();
    }

    @Test
    void callsInOtherModesKeepNone() {
        camera.publishes(1);
        for (Worker.Opening mode : List.of(
                talk.worker("v1").latest(0),
                talk.worker("v2").replay(null, true, 0).from(new StartPosition.Earliest()))) {
            Worker viewer = mode.joins();
            viewer.receives(1);

            assertThatThrownBy(() -> viewer.givesUp("torn", 1)).isInstanceOfSatisfying(BrokerException.class, e -> {
                assertThat(e.reason()).isEqualTo("NO_DEAD_LETTERS");
                assertThat(e).hasMessageContaining("QUEUE");
            });
            assertThat(viewer.call().groupSettings().maxAttempts()).isZero();
            viewer.acks(1);
            viewer.hears("1-1/1 OK");
        }
    }

    @Test
    void aGroupOfOneCallKeepsNone() {
        Worker viewer = talk.worker("v1").joins();
        camera.publishes(1);

        assertThatThrownBy(() -> viewer.givesUp("torn", 1))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("NO_DEAD_LETTERS"));
        assertThatThrownBy(() -> talk.worker("v2").attempts(3).joins())
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("NO_DEAD_LETTERS"));
        viewer.nacks(0, 1);
        viewer.nacks(0, 1);
        viewer.nacks(0, 1);
        viewer.nacks(0, 1);
        assertThat(viewer.takesStock()).isEqualTo(5);
    }

    @Test
    void aStoreThatKeepsNoneSaysSo() {
        Conversation other = Conversation.thatIsRemembered();

        assertThatThrownBy(() -> other.worker("w1").of("detectors").attempts(3).joins())
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("NO_DEAD_LETTERS"));
        Worker worker = other.worker("w1").of("detectors").joins();
        assertThat(worker.call().groupSettings().maxAttempts()).isZero();
    }

    @Test
    void aGroupThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> talk.broker()
                        .deadLetters("cam", new DeadLetterFilter("nobody", "", Long.MIN_VALUE, Long.MAX_VALUE)))
                .hasMessageContaining("nobody");
    }
}
