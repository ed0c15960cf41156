package io.framebroker.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store has to do, whenever it answers. A store runs it by giving itself. */
public abstract class FrameStoreContract {
    private static final PublisherKey PUBLISHER = new PublisherKey("camera", 1);

    private final Answers answers = new Answers();
    private FrameStore store;
    private StreamStore stream;

    /** A store with nothing in it. */
    protected abstract FrameStore emptyStore();

    @BeforeEach
    void open() {
        store = emptyStore();
        stream = store.open("cam", answers);
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
        Frame frame = new Frame(new FrameContent(message, 300, 200, 1, true, null), 1, 1, 1, 5, PUBLISHER);
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

    // ---- groups

    @Test
    void aNewGroupHasDoneNothing() {
        append(1, 5, 100);

        stream.createGroup("detectors", 2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 2, 0, 0, 0, Map.of()));
    }

    @Test
    void aFirstDeliveryMovesTheCursor() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0);

        stream.delivered("detectors", 1, 3, 1);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 3, 3, 0, 0, Map.of()));
    }

    @Test
    void aRedeliveryMovesNothing() {
        append(1, 5, 100);
        stream.createGroup("detectors", 0);
        stream.delivered("detectors", 1, 3, 1);

        stream.delivered("detectors", 2, 2, 2);
        stream.delivered("detectors", 1, 1, 1);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 3, 3, 0, 0, Map.of()));
    }

    @Test
    void settledFramesAreNoLongerPending() {
        append(1, 6, 100);
        stream.createGroup("detectors", 0);
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
        stream.createGroup("detectors", 0);
        stream.delivered("detectors", 1, 1, 1);

        stream.settle("detectors", 2, 4, Outcome.SKIPPED, "PURGED");
        answers.awaitSettled("detectors", 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 1, 0, 0, Map.of("PURGED", 3L)));
        stream.delivered("detectors", 5, 6, 1);
        stream.settle("detectors", 5, 6, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 6, 1, 2, 0, Map.of("PURGED", 3L)));
    }

    @Test
    void aFrameIsSettledAfterAnyNumberOfDeliveries() {
        append(1, 1, 100);
        stream.createGroup("detectors", 0);
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
        stream.createGroup("detectors", 0);
        stream.createGroup("archive", 0);
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
        stream.createGroup("detectors", 0);
        stream.createGroup("archive", 3);
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
        stream.createGroup("detectors", 0);
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
        stream.createGroup("detectors", 0);
        stream.delivered("detectors", 1, 4, 1);

        stream.deleteGroup("detectors");
        stream.createGroup("detectors", 5);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(5, 5, 0, 0, 0, Map.of()));
    }

    @Test
    void manyDeliveriesWithOneThatHangsAreKeptApart() {
        stream.createGroup("detectors", 0);
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

    // ---- streams

    @Test
    void streamsDoNotKnowOfEachOther() {
        Answers others = new Answers();
        StreamStore other = store.open("dock", others);
        List<Frame> here = append(1, 3, 100);
        stream.createGroup("detectors", 0);
        other.append(frames(1, 1, 50));
        others.awaitStored(1);
        other.createGroup("detectors", 1);
        other.trim(1);

        assertSame(read(1, 3, 10, Long.MAX_VALUE), here);
        assertThat(stream.group("detectors").base()).isZero();
        assertThat(other.group("detectors").base()).isEqualTo(1);
        assertThat(others.stored()).isEqualTo(1);
    }

    @Test
    void aDeletedStreamIsForgotten() {
        append(1, 3, 100);
        stream.createGroup("detectors", 0);

        store.delete("cam");
        Answers afresh = new Answers();
        StreamStore again = store.open("cam", afresh);

        assertThat(again.lastOrdinal()).isZero();
        assertThat(again.firstOrdinal()).isEqualTo(1);
        again.createGroup("detectors", 0);
        again.append(frames(1, 1, 10));
        afresh.awaitStored(1);
    }

    @Test
    void deletingAnUnknownStreamChangesNothing() {
        append(1, 1, 100);

        store.delete("nobody");

        assertThat(stream.lastOrdinal()).isEqualTo(1);
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

    private static List<Frame> frames(long first, long last, int bytes) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(ordinal -> frame(ordinal, bytes, PUBLISHER))
                .toList();
    }

    private static Frame frame(long ordinal, int bytes, PublisherKey publisher) {
        FrameContent content = new FrameContent(random(bytes, ordinal), 0, bytes, ordinal, ordinal % 2 == 0, null);
        return new Frame(content, 1, ordinal, ordinal * 3, 1_700_000_000_000_000L + ordinal, publisher);
    }

    private static byte[] random(int bytes, long seed) {
        byte[] array = new byte[bytes];
        new Random(seed).nextBytes(array);
        return array;
    }

    private static List<Long> ordinals(List<Frame> frames) {
        return frames.stream().map(Frame::ordinal).toList();
    }

    private static List<Long> range(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    private static void assertSame(List<Frame> actual, List<Frame> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            Frame is = actual.get(i);
            Frame was = expected.get(i);
            assertThat(is.id()).isEqualTo(was.id());
            assertThat(is.sequence()).isEqualTo(was.sequence());
            assertThat(is.receivedMicros()).isEqualTo(was.receivedMicros());
            assertThat(is.publisher()).isEqualTo(was.publisher());
            assertThat(is.content().keyframe()).isEqualTo(was.content().keyframe());
            assertThat(Arrays.equals(bytes(is), bytes(was)))
                    .as("bytes of " + was.id())
                    .isTrue();
        }
    }

    private static byte[] bytes(Frame frame) {
        FrameContent content = frame.content();
        return Arrays.copyOfRange(content.array(), content.offset(), content.offset() + content.length());
    }
}
