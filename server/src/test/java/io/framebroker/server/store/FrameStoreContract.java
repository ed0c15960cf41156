package io.framebroker.server.store;

import static io.framebroker.server.store.Samples.PUBLISHER;
import static io.framebroker.server.store.Samples.RECEIVED;
import static io.framebroker.server.store.Samples.assertSame;
import static io.framebroker.server.store.Samples.ordinals;
import static io.framebroker.server.store.Samples.random;
import static io.framebroker.server.store.Samples.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store has to do, whenever it answers. A store runs it by giving itself. */
public abstract class FrameStoreContract {
    private static final GroupSettings SETTINGS = new GroupSettings(12_000);

    private final Answers answers = new Answers();
    private FrameStore store;
    private StreamStore stream;

    /** A store with nothing in it. */
    protected abstract FrameStore emptyStore();

    @BeforeEach
    void open() {
        store = emptyStore();
        stream = Opened.of(store, "cam", answers).stream();
    }

    @AfterEach
    void close() {
        store.close();
    }

    // ---- frames

    @Test
    void saysWhatItIs() {
        assertThat(store.name()).isNotBlank();
        assertThat(store.ackLevel()).isNotNull();
    }

    @Test
    void aNewStreamIsEmpty() {
        assertThat(stream.lastOrdinal()).isZero();
        assertThat(stream.firstOrdinal()).isEqualTo(1);
        assertThat(stream.count(1, Long.MAX_VALUE)).isZero();
        assertThat(stream.read(1, 1, 10, 1_000)).isEmpty();
    }

    @Test
    void whatIsAppendedIsStoredAndReadBackAsItWas() {
        List<Frame> frames = append(1, 3, 100);

        assertThat(stream.lastOrdinal()).isEqualTo(3);
        assertThat(stream.firstOrdinal()).isEqualTo(1);
        assertSame(read(1, 3, 10, Long.MAX_VALUE), frames);
    }

    @Test
    void appendsAreStoredInTheirOrder() {
        for (int i = 0; i < 100; i++) {
            stream.append(frames(i * 5L + 1, i * 5L + 5, 50));
        }

        answers.awaitStored(500);

        assertThat(answers.storedInOrder()).isTrue();
        assertThat(ordinals(read(1, 500, 1_000, Long.MAX_VALUE))).isEqualTo(range(1, 500));
    }

    @Test
    void framesOfTwoPublishersKeepTheirOwn() {
        PublisherKey other = new PublisherKey("spare", Long.MIN_VALUE);
        List<Frame> both = List.of(frame(1, 10, PUBLISHER), frame(2, 10, other));
        stream.append(both);
        answers.awaitStored(2);

        assertSame(read(1, 2, 10, Long.MAX_VALUE), both);
    }

    @Test
    void aFrameInTheMiddleOfALargerArrayIsReadBackAlone() {
        byte[] message = random(1_000, 7);
        Frame frame =
                new Frame(new FrameContent(message, 300, 200, 1, true, null), stream.generation(), 1, 1, 5, PUBLISHER);
        stream.append(List.of(frame));
        answers.awaitStored(1);

        assertSame(read(1, 1, 1, Long.MAX_VALUE), List.of(frame));
    }

    @Test
    void framesOfAnySizeFit() {
        List<Frame> frames = List.of(
                frame(1, 1, PUBLISHER),
                frame(2, 8 << 20, PUBLISHER),
                frame(3, 0, PUBLISHER),
                frame(4, 1_000_000, PUBLISHER));
        stream.append(frames);
        answers.awaitStored(4);

        assertSame(read(1, 4, 10, Long.MAX_VALUE), frames);
    }

    @Test
    void readingStopsAtTheNumberOfFrames() {
        append(1, 10, 100);

        assertThat(ordinals(read(3, 10, 4, Long.MAX_VALUE))).isEqualTo(range(3, 6));
        assertThat(ordinals(read(3, 10, 1, Long.MAX_VALUE))).isEqualTo(range(3, 3));
    }

    @Test
    void readingStopsBeforeTheBytesAreExceededButGivesOneFrame() {
        append(1, 10, 100);

        assertThat(ordinals(read(1, 10, 10, 300))).isEqualTo(range(1, 3));
        assertThat(ordinals(read(1, 10, 10, 299))).isEqualTo(range(1, 2));
        assertThat(ordinals(read(1, 10, 10, 1))).isEqualTo(range(1, 1));
    }

    @Test
    void readingStopsAtTheLastOneWanted() {
        append(1, 10, 100);

        assertThat(ordinals(read(2, 5, 100, Long.MAX_VALUE))).isEqualTo(range(2, 5));
        assertThat(ordinals(read(5, 5, 100, Long.MAX_VALUE))).isEqualTo(range(5, 5));
        assertThat(stream.read(6, 5, 100, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void countingCountsWhatIsThere() {
        append(1, 10, 100);

        assertThat(stream.count(1, 10)).isEqualTo(10);
        assertThat(stream.count(4, 6)).isEqualTo(3);
        assertThat(stream.count(9, Long.MAX_VALUE)).isEqualTo(2);
        assertThat(stream.count(11, 10)).isZero();
        stream.trim(4);
        assertThat(stream.count(1, 10)).isEqualTo(6);
        assertThat(stream.count(1, 4)).isZero();
    }

    @Test
    void trimmedFramesAreGoneAndTheOthersStay() {
        List<Frame> frames = append(1, 10, 100);

        stream.trim(4);

        assertThat(stream.firstOrdinal()).isEqualTo(5);
        assertThat(stream.lastOrdinal()).isEqualTo(10);
        assertThat(stream.read(4, 10, 10, Long.MAX_VALUE)).isEmpty();
        assertSame(read(5, 10, 10, Long.MAX_VALUE), frames.subList(4, 10));
        stream.trim(2);
        assertThat(stream.firstOrdinal()).isEqualTo(5);
    }

    @Test
    void aStreamThatIsTrimmedBareGoesOn() {
        append(1, 10, 100);

        stream.trim(10);
        assertThat(stream.firstOrdinal()).isEqualTo(11);
        assertThat(stream.lastOrdinal()).isEqualTo(10);
        assertThat(stream.count(1, 10)).isZero();
        List<Frame> more = append(11, 12, 100);

        assertSame(read(11, 12, 10, Long.MAX_VALUE), more);
        assertThat(stream.firstOrdinal()).isEqualTo(11);
    }

    @Test
    void manySmallFramesComeAndGo() {
        for (int i = 0; i < 200; i++) {
            append(i * 100L + 1, i * 100L + 100, 20);
            stream.trim(i * 100L);
        }

        assertThat(stream.firstOrdinal()).isEqualTo(19_901);
        assertThat(ordinals(read(19_901, 20_000, 200, Long.MAX_VALUE))).isEqualTo(range(19_901, 20_000));
    }

    @Test
    void framesAreFoundByTheTimeTheyWereReceived() {
        append(1, 10, 100);
        stream.trim(2);

        assertThat(stream.firstReceivedFrom(RECEIVED + 5)).isEqualTo(5);
        assertThat(stream.firstReceivedFrom(RECEIVED)).isEqualTo(3);
        assertThat(stream.firstReceivedFrom(RECEIVED + 11)).isEqualTo(11);
    }

    @Test
    void sizesOfFramesAreKnown() {
        append(1, 3, 100);
        stream.trim(1);

        assertThat(stream.bytes(1)).isZero();
        assertThat(stream.bytes(2)).isEqualTo(100);
        assertThat(stream.bytes(4)).isZero();
    }

    @Test
    void notesAreNumberedOneByOne() {
        PublisherRecord camera = new PublisherRecord(PUBLISHER, 5, 1, 0, List.of());
        for (int i = 1; i <= 20; i++) {
            stream.note(new StreamNote(null, camera, new StreamNote.Counts(i, Map.of(), Map.of())));
        }

        answers.awaitNoted(20);
    }

    // ---- groups

    @Test
    void aNewGroupHasDoneNothing() {
        append(1, 5, 100);

        stream.createGroup("detectors", 2, SETTINGS, true);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 2, 0, 0, 0, Map.of()));
    }

    @Test
    void aFirstDeliveryMovesTheCursor() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);

        stream.delivered("detectors", 1, 3, 1);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 3, 3, 0, 0, Map.of()));
    }

    @Test
    void aRedeliveryMovesNothing() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 3, 1);

        stream.delivered("detectors", 2, 2, 2);
        stream.delivered("detectors", 1, 1, 1);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 3, 3, 0, 0, Map.of()));
    }

    @Test
    void settledFramesAreNoLongerPending() {
        append(1, 6, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 5, 1);

        stream.settle("detectors", 2, 3, Outcome.ACKED, null);
        stream.settle("detectors", 5, 5, Outcome.SKIPPED, "NOT_WANTED");
        stream.settle("detectors", 1, 1, Outcome.SKIPPED, "NOT_WANTED");
        answers.awaitSettled("detectors", 3);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 5, 1, 2, 0, Map.of("NOT_WANTED", 2L)));
    }

    @Test
    void waitingFramesThatAreSkippedMoveTheCursor() {
        append(1, 6, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 1, 1);

        stream.settle("detectors", 2, 4, Outcome.SKIPPED, "PURGED");
        answers.awaitSettled("detectors", 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 1, 0, 0, Map.of("PURGED", 3L)));
        stream.delivered("detectors", 5, 6, 1);
        stream.settle("detectors", 5, 6, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 6, 1, 2, 0, Map.of("PURGED", 3L)));
    }

    /** As of a consumer that wants the newest frame, and is done with it as it is sent. */
    @Test
    void waitingFramesMayBeAcked() {
        append(1, 6, 100);
        stream.createGroup("viewers", 0, SETTINGS, false);

        stream.settle("viewers", 1, 3, Outcome.SKIPPED, "CONFLATED");
        stream.settle("viewers", 4, 4, Outcome.ACKED, null);
        answers.awaitSettled("viewers", 2);
        stream.trim(4);
        stream.settle("viewers", 5, 5, Outcome.ACKED, null);
        answers.awaitSettled("viewers", 3);

        assertThat(stream.group("viewers")).isEqualTo(new GroupRecord(0, 5, 0, 2, 0, Map.of("CONFLATED", 3L)));
    }

    @Test
    void attemptsAboveTheFirstAreNumberedOneByOneForEachGroup() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("viewers", 0, SETTINGS, false);
        stream.delivered("detectors", 1, 5, 1);
        stream.delivered("viewers", 1, 1, 1);

        stream.delivered("detectors", 2, 2, 2);
        stream.delivered("detectors", 2, 2, 3);
        stream.delivered("detectors", 4, 4, 2);
        stream.delivered("viewers", 1, 1, 2);

        answers.awaitAttempted("detectors", 3);
        answers.awaitAttempted("viewers", 1);
        assertThat(answers.attemptedAtMost("detectors")).isEqualTo(3);
        assertThat(answers.attemptedAtMost("viewers")).isEqualTo(1);
        assertThat(answers.settledAtMost("detectors")).isZero();
    }

    @Test
    void aFrameIsSettledAfterAnyNumberOfDeliveries() {
        append(1, 1, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        for (int attempt = 1; attempt <= 5; attempt++) {
            stream.delivered("detectors", 1, 1, attempt);
        }

        stream.settle("detectors", 1, 1, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 1, 0, 1, 0, Map.of()));
    }

    @Test
    void settlementsAreNumberedOneByOneForEachGroup() {
        append(1, 20, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 20, 1);
        stream.delivered("archive", 1, 20, 1);

        for (int i = 1; i <= 10; i++) {
            stream.settle("detectors", i * 2L - 1, i * 2L, Outcome.ACKED, null);
        }
        stream.settle("archive", 1, 20, Outcome.ACKED, null);

        answers.awaitSettled("detectors", 10);
        answers.awaitSettled("archive", 1);
        assertThat(answers.settledAtMost("detectors")).isEqualTo(10);
        assertThat(answers.settledAtMost("archive")).isEqualTo(1);
        assertThat(stream.group("detectors").acked()).isEqualTo(20);
    }

    @Test
    void groupsDoNotKnowOfEachOther() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 3, SETTINGS, true);
        stream.delivered("detectors", 1, 5, 1);
        stream.settle("detectors", 1, 5, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);

        assertThat(stream.group("archive")).isEqualTo(new GroupRecord(3, 3, 0, 0, 0, Map.of()));
        stream.delivered("archive", 4, 4, 1);
        assertThat(stream.group("archive")).isEqualTo(new GroupRecord(3, 4, 1, 0, 0, Map.of()));
    }

    @Test
    void aGroupKeepsItsCountsWhenItsFramesAreTrimmed() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        stream.settle("detectors", 1, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);

        stream.trim(3);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 1, 3, 0, Map.of()));
        stream.settle("detectors", 4, 4, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 2);
        assertThat(stream.group("detectors").acked()).isEqualTo(4);
    }

    @Test
    void aGroupThatIsDeletedAndMadeAgainStartsAnew() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);

        stream.deleteGroup("detectors");
        stream.createGroup("detectors", 5, SETTINGS, true);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(5, 5, 0, 0, 0, Map.of()));
    }

    @Test
    void aGroupThatIsRestartedStartsAnewAndGoesOnBeingNumbered() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        stream.delivered("detectors", 1, 1, 2);
        stream.settle("detectors", 2, 2, Outcome.SKIPPED, "NOT_WANTED");
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);

        stream.restartGroup("detectors", 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 1, 0, 0, 0, Map.of()));
        stream.delivered("detectors", 2, 4, 1);
        stream.delivered("detectors", 2, 2, 2);
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 3);
        answers.awaitAttempted("detectors", 2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 4, 2, 1, 0, Map.of()));
        assertThat(answers.settledAtMost("detectors")).isEqualTo(3);
        assertThat(answers.attemptedAtMost("detectors")).isEqualTo(2);
    }

    @Test
    void manyDeliveriesWithOneThatHangsAreKeptApart() {
        stream.createGroup("detectors", 0, SETTINGS, true);
        append(1, 1, 20);
        stream.delivered("detectors", 1, 1, 1);
        long settlements = 0;
        for (int i = 0; i < 1_000; i++) {
            long first = i * 100L + 2;
            stream.append(frames(first, first + 99, 0));
            answers.awaitStored(first + 99);
            stream.delivered("detectors", first, first + 99, 1);
            stream.settle("detectors", first, first + 99, Outcome.ACKED, null);
            settlements++;
        }
        answers.awaitSettled("detectors", settlements);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 100_001, 1, 100_000, 0, Map.of()));
        stream.settle("detectors", 1, 1, Outcome.ACKED, null);
        stream.append(frames(100_002, 100_002, 0));
        answers.awaitStored(100_002);
        stream.delivered("detectors", 100_002, 100_002, 1);
        answers.awaitSettled("detectors", settlements + 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 100_002, 1, 100_001, 0, Map.of()));
    }

    // ---- dead letters

    @Test
    void aDeadLetterLeavesItsGroupAndOutlivesItsFrame() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 3, 1_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 3, 1);
        stream.delivered("detectors", 2, 2, 2);

        DeadLetter letter = Letters.bury(stream, "detectors", frames.get(1), 2);
        stream.settle("detectors", 1, 1, Outcome.ACKED, null);
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 3);
        stream.trim(3);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 3, 0, 2, 1, Map.of()));
        assertThat(stream.deadLetters("detectors")).containsExactly(letter);
        assertSame(Letters.read(stream, "detectors", 2L), List.of(frames.get(1)));
    }

    @Test
    void onlyAPendingFrameBecomesADeadLetter() {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 3, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 2, 1);
        stream.settle("detectors", 1, 1, Outcome.ACKED, null);

        for (Frame each : List.of(frames.get(0), frames.get(2))) {
            assertThatThrownBy(() -> Letters.bury(stream, "detectors", each, 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(stream.deadLetters("detectors")).isEmpty();
    }

    @Test
    void deadLettersComeInTheOrderTheyDiedAndAreReadInTheOrderAsked() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 5, 200_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 5, 1);

        for (int each : new int[] {4, 1, 5}) {
            Letters.bury(stream, "detectors", frames.get(each - 1), 1);
        }
        answers.awaitSettled("detectors", 3);

        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactly(4L, 1L, 5L);
        assertSame(Letters.read(stream, "detectors", 5L, 2L, 4L), List.of(frames.get(4), frames.get(3)));
    }

    @Test
    void aRestartedGroupKeepsItsDeadLettersOutsideItsCounts() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 4, 1_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        for (Frame each : frames.subList(0, 3)) {
            Letters.bury(stream, "detectors", each, 1);
        }

        stream.restartGroup("detectors", 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 1, 0, 0, 0, Map.of()));
        stream.delivered("detectors", 2, 4, 1);
        DeadLetter again = Letters.bury(stream, "detectors", frames.get(1), 7);
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 5);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 4, 1, 1, 1, Map.of()));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactly(1L, 3L, 2L);
        assertThat(stream.deadLetters("detectors")).contains(again);
        stream.trim(3);
        assertSame(Letters.read(stream, "detectors", 1L, 2L, 3L), frames.subList(0, 3));
        stream.purge("detectors", List.of(1L, 2L, 3L), "OLD");
        answers.awaitSettled("detectors", 6);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 4, 1, 1, 0, Map.of("OLD", 1L)));
        assertThat(stream.deadLetters("detectors")).isEmpty();
    }

    @Test
    void purgedDeadLettersAreGoneAndSkipped() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 4, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        stream.delivered("archive", 1, 4, 1);
        for (Frame each : frames) {
            Letters.bury(stream, "detectors", each, 3);
        }
        Letters.bury(stream, "archive", frames.get(0), 3);

        stream.purge("detectors", List.of(3L, 1L), "OLD");
        answers.awaitSettled("detectors", 5);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 0, 0, 2, Map.of("OLD", 2L)));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactly(2L, 4L);
        assertThat(Letters.read(stream, "detectors", 1L, 3L)).isEmpty();
        assertThat(stream.deadLetters("archive")).hasSize(1);
        assertThatThrownBy(() -> stream.purge("detectors", List.of(3L), "OLD"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ackedDeadLettersAreGoneAndAcked() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 4, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        for (Frame each : frames.subList(0, 3)) {
            Letters.bury(stream, "detectors", each, 3);
        }

        stream.purge("detectors", List.of(3L, 1L), null);
        stream.settle("detectors", 4, 4, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 5);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 0, 3, 1, Map.of()));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactly(2L);
        assertThat(Letters.read(stream, "detectors", 1L, 3L)).isEmpty();
        assertThatThrownBy(() -> stream.purge("detectors", List.of(3L), null))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ackedDeadLettersOfBeforeARestartJustGo() throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 3, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 3, 1);
        Letters.bury(stream, "detectors", frames.get(0), 3);
        stream.restartGroup("detectors", 1);
        stream.delivered("detectors", 2, 3, 1);
        Letters.bury(stream, "detectors", frames.get(1), 3);

        stream.purge("detectors", List.of(1L, 2L), null);
        answers.awaitSettled("detectors", 3);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 3, 1, 1, 0, Map.of()));
        assertThat(stream.deadLetters("detectors")).isEmpty();
    }

    // ---- streams

    @Test
    void streamsDoNotKnowOfEachOther() {
        Answers others = new Answers();
        StreamStore other = Opened.of(store, "dock", others).stream();
        List<Frame> here = append(1, 3, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        other.append(frames(1, 1, 50));
        others.awaitStored(1);
        other.createGroup("detectors", 1, SETTINGS, true);
        other.trim(1);

        assertSame(read(1, 3, 10, Long.MAX_VALUE), here);
        assertThat(stream.group("detectors").base()).isZero();
        assertThat(other.group("detectors").base()).isEqualTo(1);
        assertThat(others.stored()).isEqualTo(1);
    }

    @Test
    void aDeletedStreamIsForgotten() {
        append(1, 3, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);

        stream.delete();
        Answers afresh = new Answers();
        StreamStore again = Opened.of(store, "cam", afresh).stream();

        assertThat(again.lastOrdinal()).isZero();
        assertThat(again.firstOrdinal()).isEqualTo(1);
        assertThat(again.generation()).as("its frames have other ids").isGreaterThan(stream.generation());
        again.createGroup("detectors", 0, SETTINGS, true);
        again.append(Samples.frames(again.generation(), 1, 1, 10));
        afresh.awaitStored(1);
    }

    // ---- as others see them

    private List<Frame> append(long first, long last, int bytes) {
        List<Frame> frames = frames(first, last, bytes);
        stream.append(frames);
        answers.awaitStored(last);
        return frames;
    }

    /** Reads, waiting for what is not in memory. */
    private List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        List<Frame> frames = new ArrayList<>();
        long bytes = 0;
        while (frames.size() < maxFrames && from + frames.size() <= through) {
            long seen = answers.readables();
            List<Frame> some = stream.read(from + frames.size(), through, maxFrames - frames.size(), maxBytes - bytes);
            if (some.isEmpty()) {
                answers.awaitReadable(seen);
                continue;
            }
            long more = some.stream().mapToLong(Frame::bytes).sum();
            if (!frames.isEmpty() && bytes + more > maxBytes) {
                break;
            }
            frames.addAll(some);
            bytes += more;
        }
        return frames;
    }

    private List<Frame> frames(long first, long last, int bytes) {
        return Samples.frames(stream.generation(), first, last, bytes);
    }

    private Frame frame(long ordinal, int bytes, PublisherKey publisher) {
        return Samples.frame(stream.generation(), ordinal, bytes, publisher);
    }
}
