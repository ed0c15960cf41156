package io.framebroker.server.store;

import static io.framebroker.server.store.Samples.PUBLISHER;
import static io.framebroker.server.store.Samples.RECEIVED;
import static io.framebroker.server.store.Samples.assertSame;
import static io.framebroker.server.store.Samples.sequence;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamRecord.Pending;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store has to do beside {@link FrameStoreContract} if it keeps frames when its broker ends. */
public abstract class DurableStoreContract {
    private static final GroupSettings SETTINGS = new GroupSettings(12_000);
    private static final PublisherKey SPARE = new PublisherKey("spare@2", Long.MIN_VALUE);

    /** How a store ends. */
    public enum Ending {
        /** In good order. */
        CLOSED,
        /** As when its process is killed. */
        ABANDONED
    }

    private Answers answers = new Answers();
    private FrameStore store;
    private StreamStore stream;
    private StreamRecord record;
    private long notesAsked;

    /** A store with nothing in it. */
    protected abstract FrameStore emptyStore();

    /** Ends a store, and gives one that finds what it has left and may take it at once. */
    protected abstract FrameStore reopened(FrameStore before, Ending ending);

    @BeforeEach
    void open() {
        store = emptyStore();
        openStream();
    }

    private void openStream() {
        Opened opened = Opened.of(store, "cam", answers);
        stream = opened.stream();
        record = opened.record();
        notesAsked = 0;
    }

    private void reopen(Ending ending) {
        assertThat(answers.wrong()).isNull();
        store = reopened(store, ending);
        answers = new Answers();
        openStream();
    }

    @AfterEach
    void close() {
        store.close();
        assertThat(answers.wrong()).isNull();
    }

    // ---- frames

    @ParameterizedTest
    @EnumSource
    void framesComeBackAsTheyWere(Ending ending) {
        List<Frame> frames = new ArrayList<>();
        int[] sizes = {10, 300_000, 0, 20, 30, 70_000, 40, 1, 5_000_000, 50};
        for (int i = 0; i < sizes.length; i++) {
            frames.add(Samples.frame(stream.generation(), i + 1, sizes[i], i % 4 == 3 ? SPARE : PUBLISHER));
        }
        stream.append(frames);
        answers.awaitStored(sizes.length);

        reopen(ending);

        assertThat(stream.firstOrdinal()).isEqualTo(1);
        assertThat(stream.lastOrdinal()).isEqualTo(sizes.length);
        assertThat(stream.count(1, sizes.length)).isEqualTo(sizes.length);
        assertSame(answers.read(stream, 1, sizes.length), frames);
        for (int i = 0; i < sizes.length; i++) {
            assertThat(stream.bytes(i + 1)).isEqualTo(sizes[i]);
            assertThat(stream.receivedMicros(i + 1)).isEqualTo(RECEIVED + i + 1);
        }
        assertThat(stream.firstReceivedFrom(RECEIVED + 4)).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource
    void laterFramesFollowInALaterGeneration(Ending ending) {
        List<Frame> all = new ArrayList<>(append(1, 3, 100));
        long generation = stream.generation();

        for (int i = 2; i <= 4; i++) {
            reopen(ending);
            assertThat(stream.generation()).isGreaterThan(generation);
            generation = stream.generation();
            all.addAll(append(i * 3L - 2, i * 3L, 100));
        }

        assertSame(answers.read(stream, 1, 12), all);
    }

    @ParameterizedTest
    @EnumSource
    void coolFramesComeBackToo(Ending ending) {
        List<Frame> frames = append(1, 50, 1_000);
        stream.cool(40);

        reopen(ending);
        stream.cool(45);

        assertSame(answers.read(stream, 1, 50), frames);
    }

    @ParameterizedTest
    @EnumSource
    void trimmedFramesStayGone(Ending ending) {
        List<Frame> frames = append(1, 30, 50_000);
        stream.trim(10);
        noted();

        reopen(ending);
        assertThat(stream.firstOrdinal()).isEqualTo(11);
        assertThat(stream.count(1, 30)).isEqualTo(20);
        assertThat(stream.bytes(10)).isZero();
        assertSame(answers.read(stream, 11, 30), frames.subList(10, 30));
        stream.trim(29);
        noted();
        reopen(ending);

        assertThat(stream.firstOrdinal()).isEqualTo(30);
        assertThat(stream.lastOrdinal()).isEqualTo(30);
        assertSame(answers.read(stream, 30, 30), frames.subList(29, 30));
    }

    @ParameterizedTest
    @EnumSource
    void someOfManySmallFramesStayGoneToo(Ending ending) {
        List<Frame> frames = append(1, 100, 20);
        for (long through : new long[] {1, 37, 38, 99}) {
            stream.trim(through);
            noted();

            reopen(ending);

            assertThat(stream.firstOrdinal()).isEqualTo(through + 1);
            assertThat(stream.lastOrdinal()).isEqualTo(100);
            assertSame(answers.read(stream, through + 1, 100), frames.subList((int) through, 100));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamThatIsTrimmedBareGoesOnWhereItWas(Ending ending) {
        append(1, 10, 100);
        stream.trim(10);
        noted();

        reopen(ending);
        assertThat(stream.firstOrdinal()).isEqualTo(11);
        assertThat(stream.lastOrdinal()).isEqualTo(10);
        List<Frame> more = append(11, 12, 100);
        reopen(ending);

        assertThat(stream.firstOrdinal()).isEqualTo(11);
        assertSame(answers.read(stream, 11, 12), more);
    }

    // ---- groups

    @ParameterizedTest
    @EnumSource
    void groupsComeBack(Ending ending) {
        append(1, 40, 30_000);
        long generation = stream.generation();
        GroupSettings strict = new GroupSettings(60_000, 2_500, 7, GroupSettings.Order.STRICT);
        stream.createGroup("archive", 20, strict, true);
        stream.createGroup("detectors", 0, SETTINGS, true);
        GroupSettings early = new GroupSettings(60_000, 0, 0, GroupSettings.Order.FIRST_DELIVERIES, true);
        GroupSettings earlyAndStrict = new GroupSettings(60_000, 0, 0, GroupSettings.Order.STRICT, true);
        stream.createGroup("early", 40, early, true);
        stream.createGroup("early-and-strict", 40, earlyAndStrict, true);
        stream.createGroup("idle", 40, SETTINGS, true);
        stream.delivered("archive", 21, 21, 1);
        stream.delivered("detectors", 1, 20, 1);
        stream.delivered("detectors", 7, 7, 2);
        stream.delivered("detectors", 7, 7, 3);
        stream.delivered("detectors", 9, 9, 2);
        stream.delivered("detectors", 3, 3, 1);
        stream.settle("detectors", 1, 6, Outcome.ACKED, null);
        stream.settle("detectors", 9, 9, Outcome.ACKED, null);
        stream.settle("detectors", 11, 18, Outcome.ACKED, null);
        stream.settle("detectors", 20, 20, Outcome.SKIPPED, "NOT_WANTED");
        stream.settle("detectors", 21, 25, Outcome.SKIPPED, "PURGED");
        answers.awaitSettled("detectors", 5);
        GroupRecord archive = stream.group("archive");
        GroupRecord detectors = stream.group("detectors");

        reopen(ending);

        assertThat(detectors).isEqualTo(new GroupRecord(0, 25, 4, 15, 0, Map.of("NOT_WANTED", 1L, "PURGED", 5L)));
        assertThat(stream.group("archive")).isEqualTo(archive);
        assertThat(stream.group("detectors")).isEqualTo(detectors);
        assertThat(stream.group("idle")).isEqualTo(new GroupRecord(40, 40, 0, 0, 0, Map.of()));
        assertThat(settings())
                .isEqualTo(Map.of(
                        "archive",
                        strict,
                        "detectors",
                        SETTINGS,
                        "early",
                        early,
                        "early-and-strict",
                        earlyAndStrict,
                        "idle",
                        SETTINGS));
        assertThat(group("archive").pending()).containsExactly(new Pending(21, generation, 1));
        assertThat(group("detectors").pending())
                .containsExactly(
                        new Pending(7, generation, 3),
                        new Pending(8, generation, 1),
                        new Pending(10, generation, 1),
                        new Pending(19, generation, 1));
        assertThat(group("idle").pending()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void howFramesAreLeftIsKnownToWhoeverComesNextAlone(Ending next) {
        append(1, 20, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 12, 1);
        stream.delivered("detectors", 2, 2, 2);
        stream.settle("detectors", 5, 5, Outcome.ACKED, null);
        noted();
        stream.left("detectors", 1, 4, Left.RELEASED);
        stream.left("detectors", 8, 9, Left.IN_HAND);
        stream.left("detectors", 11, 11, Left.NACKED);
        stream.settle("detectors", 9, 9, Outcome.ACKED, null);
        long generation = stream.generation();

        reopen(Ending.CLOSED);

        List<Pending> pending = new ArrayList<>();
        Map<Long, Left> left = Map.of(
                1L,
                Left.RELEASED,
                2L,
                Left.RELEASED,
                3L,
                Left.RELEASED,
                4L,
                Left.RELEASED,
                8L,
                Left.IN_HAND,
                11L,
                Left.NACKED);
        for (long ordinal : new long[] {1, 2, 3, 4, 6, 7, 8, 10, 11, 12}) {
            pending.add(new Pending(ordinal, generation, ordinal == 2 ? 2 : 1, left.get(ordinal)));
        }
        assertThat(group("detectors").pending()).containsExactlyElementsOf(pending);

        reopen(next);

        assertThat(group("detectors").pending())
                .hasSize(pending.size())
                .allSatisfy(each -> assertThat(each.left()).isNull());
    }

    /** It goes on while the store stands still. */
    @Test
    void anEarlyGroupMayHaveTwoThousandFramesAheadOfTheStore() {
        append(1, 10, 10);
        stream.createGroup(
                "early", 0, new GroupSettings(12_000, 0, 0, GroupSettings.Order.FIRST_DELIVERIES, true), true);
        noted();
        noted();
        stream.delivered("early", 1, 10, 1);
        noted();

        assertThat(stream.deliverableThrough("early")).isGreaterThanOrEqualTo(10 + 2_048);
    }

    @ParameterizedTest
    @EnumSource
    void whatMayHaveBeenDeliveredIsKnown(Ending ending) {
        append(1, 600, 10);
        stream.createGroup("detectors", 0, SETTINGS, true);
        noted();
        stream.delivered("detectors", 1, 7, 1);
        noted();
        long allowed = stream.deliverableThrough("detectors");

        reopen(ending);

        if (ending == Ending.CLOSED || allowed == Long.MAX_VALUE) {
            // A store that allows everything knows at once what was delivered.
            assertThat(group("detectors").maybeDelivered()).isEqualTo(7);
        } else {
            assertThat(group("detectors").maybeDelivered()).isBetween(Math.min(600, allowed), 600L);
        }
        noted();
        assertThat(stream.deliverableThrough("detectors")).isGreaterThan(7);
    }

    @ParameterizedTest
    @EnumSource
    void aGroupGoesOnWhereItWas(Ending ending) {
        append(1, 10, 100);
        stream.createGroup("detectors", 2, SETTINGS, true);
        stream.delivered("detectors", 3, 7, 1);
        stream.settle("detectors", 5, 6, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);

        reopen(ending);
        stream.delivered("detectors", 3, 3, 2);
        stream.settle("detectors", 4, 4, Outcome.ACKED, null);
        stream.delivered("detectors", 8, 9, 1);
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 2);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 9, 3, 4, 0, Map.of()));
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 9, 3, 4, 0, Map.of()));
        assertThat(pending("detectors")).isEqualTo(new TreeMap<>(Map.of(7L, 1, 8L, 1, 9L, 1)));
        stream.settle("detectors", 7, 9, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 9, 0, 7, 0, Map.of()));
        assertThat(pending("detectors")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void smallFramesAreSettledOneByOneAndInOddRuns(Ending ending) {
        append(1, 700, 20);
        stream.createGroup("detectors", 5, SETTINGS, true);
        stream.delivered("detectors", 6, 600, 1);
        TreeSet<Long> left = new TreeSet<>(Samples.range(6, 600));
        int settlements = 0;
        for (long first = 7; first < 600; first += 13) {
            long last = Math.min(600, first + first % 7);
            boolean acked = first % 2 == 0;
            stream.settle(
                    "detectors", first, last, acked ? Outcome.ACKED : Outcome.SKIPPED, acked ? null : "NOT_WANTED");
            left.subSet(first, last + 1).clear();
            settlements++;
        }
        answers.awaitSettled("detectors", settlements);
        GroupRecord before = stream.group("detectors");

        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(before);
        assertThat(pending("detectors").keySet()).isEqualTo(left);
        List<Long> odd = left.stream().filter(ordinal -> ordinal % 2 == 1).toList();
        for (long ordinal : odd) {
            stream.settle("detectors", ordinal, ordinal, Outcome.ACKED, null);
            left.remove(ordinal);
        }
        answers.awaitSettled("detectors", odd.size());
        before = stream.group("detectors");
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(before);
        assertThat(pending("detectors").keySet()).isEqualTo(left);
    }

    @ParameterizedTest
    @EnumSource
    void pendingFramesStayPendingWhenThoseBeforeThemAreTrimmed(Ending ending) {
        append(1, 20, 20);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 15, 1);
        stream.delivered("detectors", 12, 12, 2);
        stream.settle("detectors", 1, 9, Outcome.ACKED, null);
        stream.settle("detectors", 11, 11, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 2);
        stream.trim(9);
        noted();
        GroupRecord before = stream.group("detectors");

        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(before);
        assertThat(pending("detectors")).isEqualTo(new TreeMap<>(Map.of(10L, 1, 12L, 2, 13L, 1, 14L, 1, 15L, 1)));
        stream.settle("detectors", 10, 10, Outcome.ACKED, null);
        stream.settle("detectors", 12, 15, Outcome.ACKED, null);
        stream.delivered("detectors", 16, 20, 1);
        answers.awaitSettled("detectors", 2);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 20, 5, 15, 0, Map.of()));
    }

    @ParameterizedTest
    @EnumSource
    void countsStayWhenAllFramesAreTrimmed(Ending ending) {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        stream.settle("detectors", 1, 4, Outcome.ACKED, null);
        stream.settle("detectors", 5, 5, Outcome.SKIPPED, "PURGED");
        answers.awaitSettled("detectors", 2);
        stream.trim(5);
        noted();

        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 5, 0, 4, 0, Map.of("PURGED", 1L)));
        append(6, 7, 100);
        stream.delivered("detectors", 6, 7, 1);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 7, 2, 4, 0, Map.of("PURGED", 1L)));
    }

    // ---- dead letters

    @ParameterizedTest
    @EnumSource
    void deadLettersComeBackEachOnce(Ending ending) throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 40, 30_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 40, 1);
        stream.delivered("archive", 1, 5, 1);
        List<DeadLetter> letters = new ArrayList<>();
        for (int each : new int[] {31, 32, 33, 21, 22, 4, 5, 6}) {
            letters.add(Letters.bury(stream, "detectors", frames.get(each - 1), 3));
        }
        DeadLetter archived = Letters.bury(stream, "archive", frames.get(4), 7);
        stream.settle("detectors", 1, 3, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 9);
        answers.awaitSettled("archive", 1);
        stream.trim(3);
        GroupRecord detectors = stream.group("detectors");

        for (int i = 0; i < 2; i++) {
            reopen(ending);
            assertThat(stream.group("detectors")).isEqualTo(detectors);
            assertThat(detectors).isEqualTo(new GroupRecord(0, 40, 29, 3, 8, Map.of()));
            assertThat(pending("detectors")).hasSize(29).doesNotContainKeys(1L, 4L, 21L, 33L);
            assertThat(stream.deadLetters("detectors")).containsExactlyElementsOf(letters);
            assertThat(stream.deadLetters("archive")).containsExactly(archived);
            assertSame(Letters.read(stream, "detectors", 5L, 31L), List.of(frames.get(4), frames.get(30)));
            assertSame(Letters.read(stream, "archive", 5L), List.of(frames.get(4)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsPurgedStaysPurged(Ending ending) throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 10, 30_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 10, 1);
        for (Frame each : frames) {
            Letters.bury(stream, "detectors", each, 3);
        }
        stream.purge("detectors", List.of(2L, 3L, 9L), "OLD");
        answers.awaitSettled("detectors", 11);
        stream.trim(10);

        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 0, 0, 7, Map.of("OLD", 3L)));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactlyInAnyOrder(1L, 4L, 5L, 6L, 7L, 8L, 10L);
        stream.purge("detectors", List.of(1L, 4L, 5L, 6L, 7L, 8L), "OLD");
        answers.awaitSettled("detectors", 1);
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 0, 0, 1, Map.of("OLD", 9L)));
        assertSame(Letters.read(stream, "detectors", 9L, 10L), List.of(frames.get(9)));
    }

    @ParameterizedTest
    @EnumSource
    void deadLettersThatAreAckedStayAcked(Ending ending) throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 10, 30_000);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 10, 1);
        for (Frame each : frames.subList(0, 8)) {
            Letters.bury(stream, "detectors", each, 3);
        }
        stream.settle("detectors", 9, 9, Outcome.ACKED, null);
        stream.purge("detectors", List.of(5L), "OLD");
        stream.purge("detectors", List.of(2L, 3L), null);
        answers.awaitSettled("detectors", 11);
        stream.trim(9);

        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 1, 3, 5, Map.of("OLD", 1L)));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactlyInAnyOrder(1L, 4L, 6L, 7L, 8L);
        stream.purge("detectors", List.of(1L, 8L), null);
        answers.awaitSettled("detectors", 1);
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 1, 5, 3, Map.of("OLD", 1L)));
        assertSame(Letters.read(stream, "detectors", 2L, 4L, 8L), List.of(frames.get(3)));
    }

    @ParameterizedTest
    @EnumSource
    void deadLettersOfARestartedGroupStay(Ending ending) throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 5, 1_000);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 5, 1);
        for (Frame each : frames.subList(0, 4)) {
            Letters.bury(stream, "detectors", each, 1);
        }
        noted();
        reopen(ending);

        stream.restartGroup("detectors", 2);
        stream.delivered("detectors", 3, 5, 1);
        Letters.bury(stream, "detectors", frames.get(2), 7);
        Letters.bury(stream, "detectors", frames.get(4), 1);
        stream.purge("detectors", List.of(1L, 5L), "OLD");
        noted();
        for (int i = 0; i < 2; i++) {
            reopen(ending);

            assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 5, 1, 0, 1, Map.of("OLD", 1L)));
            assertThat(pending("detectors")).isEqualTo(new TreeMap<>(Map.of(4L, 1)));
            assertThat(stream.deadLetters("detectors"))
                    .containsExactlyInAnyOrder(
                            Letters.of(frames.get(1), 1), Letters.of(frames.get(2), 7), Letters.of(frames.get(3), 1));
            assertSame(Letters.read(stream, "detectors", 2L, 3L, 4L), frames.subList(1, 4));
        }
        stream.restartGroup("detectors", 0);
        noted();
        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 0, 0, 0, 0, Map.of()));
        assertThat(stream.deadLetters("detectors")).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource
    void aGroupThatIsMadeAgainHasNoDeadLettersOfTheOldOne(Ending ending) throws Exception {
        Letters.assumeKept(store);
        List<Frame> frames = append(1, 3, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 3, 1);
        Letters.bury(stream, "detectors", frames.get(1), 3);
        answers.awaitSettled("detectors", 1);

        stream.deleteGroup("detectors");
        stream.createGroup("detectors", 0, SETTINGS, true);
        noted();
        reopen(ending);

        assertThat(stream.deadLetters("detectors")).isEmpty();
        assertThat(Letters.read(stream, "detectors", 2L)).isEmpty();
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 0, 0, 0, 0, Map.of()));
    }

    @ParameterizedTest
    @EnumSource
    void aDeletedGroupStaysDeleted(Ending ending) {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        noted();

        stream.deleteGroup("detectors");
        noted();
        reopen(ending);

        assertThat(record.groups()).extracting(StreamRecord.OfGroup::name).containsExactly("archive");
        stream.createGroup("detectors", 3, SETTINGS, true);
        noted();
        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(3, 3, 0, 0, 0, Map.of()));
    }

    @ParameterizedTest
    @EnumSource
    void aGroupThatIsMadeAgainHasNothingOfTheOldOne(Ending ending) {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 4, 1);
        stream.delivered("detectors", 1, 1, 2);
        stream.settle("detectors", 2, 2, Outcome.SKIPPED, "NOT_WANTED");
        answers.awaitSettled("detectors", 1);

        stream.deleteGroup("detectors");
        stream.createGroup("detectors", 1, new GroupSettings(7_000), true);
        stream.delivered("detectors", 2, 3, 1);
        noted();
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(1, 3, 2, 0, 0, Map.of()));
        assertThat(group("detectors").settings()).isEqualTo(new GroupSettings(7_000));
        assertThat(pending("detectors")).isEqualTo(new TreeMap<>(Map.of(2L, 1, 3L, 1)));
    }

    @ParameterizedTest
    @EnumSource
    void aRestartedGroupIsFoundWhereItWasRestarted(Ending ending) {
        append(1, 5, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("archive", 1, 2, 1);
        stream.delivered("detectors", 1, 5, 1);
        stream.delivered("detectors", 1, 1, 2);
        stream.settle("detectors", 2, 2, Outcome.SKIPPED, "NOT_WANTED");
        stream.settle("detectors", 3, 5, Outcome.ACKED, null);
        noted();

        stream.restartGroup("detectors", 2);
        stream.delivered("detectors", 3, 4, 1);
        stream.settle("detectors", 3, 3, Outcome.ACKED, null);
        noted();
        reopen(ending);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(2, 4, 1, 1, 0, Map.of()));
        assertThat(stream.group("archive")).isEqualTo(new GroupRecord(0, 2, 2, 0, 0, Map.of()));
        assertThat(group("detectors").settings()).isEqualTo(SETTINGS);
        assertThat(pending("detectors")).isEqualTo(new TreeMap<>(Map.of(4L, 1)));
        assertThat(record.groups()).hasSize(2);
        stream.restartGroup("detectors", 5);
        noted();
        reopen(ending);
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(5, 5, 0, 0, 0, Map.of()));
    }

    @ParameterizedTest
    @EnumSource
    void pausedGroupsStayPaused(Ending ending) {
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        note(new StreamNote(null, null, null, Set.of("detectors", "archive")));
        note(new StreamNote(null, null, StreamNote.Counts.NONE));
        noted();

        reopen(ending);
        assertThat(record.paused()).containsExactlyInAnyOrder("detectors", "archive");
        note(new StreamNote(null, null, null, Set.of("archive")));
        noted();
        reopen(ending);
        assertThat(record.paused()).containsExactly("archive");
        note(new StreamNote(null, null, null, Set.of()));
        noted();
        reopen(ending);
        assertThat(record.paused()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aGroupOfOneCallLeavesNothing(Ending ending) {
        append(1, 5, 100);
        stream.createGroup("viewer", 0, SETTINGS, false);
        stream.delivered("viewer", 1, 4, 1);
        stream.settle("viewer", 1, 2, Outcome.ACKED, null);
        answers.awaitSettled("viewer", 1);
        noted();

        reopen(ending);

        assertThat(record.groups()).isEmpty();
    }

    // ---- facts beside the frames

    @ParameterizedTest
    @EnumSource
    void aNewStreamIsAnEmptyRecord(Ending ending) {
        assertThat(record).isEqualTo(StreamRecord.NEW);

        reopen(ending);

        assertThat(record).isEqualTo(StreamRecord.NEW);
        assertThat(stream.lastOrdinal()).isZero();
        assertThat(stream.firstOrdinal()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void notesComeBack(Ending ending) {
        StreamNote.Description description = new StreamNote.Description(
                new StreamSettings(77, 1 << 30, OverflowPolicy.THIN, 5, 1_000, 60_000), RECEIVED);
        StreamNote.Counts counts = new StreamNote.Counts(
                3,
                Map.of("CRC_MISMATCH", 2L, "TOO_LARGE", 1L),
                Map.of("RING_FULL", 5L),
                new StreamNote.Offered(1L << 40, 21, 4, 2));
        PublisherRecord camera = new PublisherRecord(
                PUBLISHER,
                9,
                4,
                2,
                List.of(
                        new FrameException(5, outcome("REJECTED"), "CRC_MISMATCH", "damaged \u2014 beschädigt"),
                        new FrameException(7, outcome("DROPPED"), "OVERFLOW", "overflow policy"),
                        new FrameException(8, outcome("UNKNOWN"), "OUTCOME_FORGOTTEN", "")));
        PublisherRecord spare = new PublisherRecord(SPARE, Long.MIN_VALUE + 5, 0, 0, List.of());
        PublisherRecord late = new PublisherRecord(new PublisherKey("a late one", 1), 1, 0, 0, List.of());
        note(new StreamNote(description, null, null));
        note(new StreamNote(null, camera, counts));
        note(new StreamNote(null, spare, null));
        note(new StreamNote(null, late, null));
        note(new StreamNote(null, camera, null));
        noted();

        reopen(ending);

        assertThat(record.description()).isEqualTo(description);
        assertThat(record.counts()).isEqualTo(counts);
        assertThat(record.publishers()).containsExactly(spare, late, camera);
    }

    @ParameterizedTest
    @EnumSource
    void theNewestNoteCounts(Ending ending) {
        PublisherKey next = new PublisherKey(PUBLISHER.id(), 2);
        note(publisher(PUBLISHER, 50));
        note(publisher(next, 0));
        for (int i = 1; i <= 30; i++) {
            note(new StreamNote(null, null, new StreamNote.Counts(i, Map.of(), Map.of("LATE", (long) i))));
        }
        noted();

        reopen(ending);

        assertThat(record.publishers()).containsExactly(new PublisherRecord(next, 0, 0, 0, List.of()));
        assertThat(record.counts()).isEqualTo(new StreamNote.Counts(30, Map.of(), Map.of("LATE", 30L)));
    }

    @ParameterizedTest
    @EnumSource
    void theLastSequenceIsAtLeastThatOfTheLastFrame(Ending ending) {
        note(publisher(PUBLISHER, 0));
        append(1, 5, 100);
        noted();

        reopen(ending);
        assertThat(record.publishers()).containsExactly(new PublisherRecord(PUBLISHER, sequence(5), 0, 0, List.of()));
        append(6, 9, 100);
        stream.trim(9);
        noted();
        reopen(ending);

        assertThat(stream.firstOrdinal()).isEqualTo(10);
        assertThat(record.publishers()).containsExactly(new PublisherRecord(PUBLISHER, sequence(9), 0, 0, List.of()));
        reopen(ending);
        assertThat(record.publishers()).containsExactly(new PublisherRecord(PUBLISHER, sequence(9), 0, 0, List.of()));
    }

    @ParameterizedTest
    @EnumSource
    void framesOfAnEarlierEpochSayNothingOfTheLaterOne(Ending ending) {
        note(publisher(PUBLISHER, 0));
        append(1, 5, 100);
        PublisherKey next = new PublisherKey(PUBLISHER.id(), 2);
        note(publisher(next, 0));
        noted();

        reopen(ending);

        assertThat(record.publishers()).containsExactly(new PublisherRecord(next, 0, 0, 0, List.of()));
    }

    @ParameterizedTest
    @EnumSource
    void noMorePublishersAreRememberedThanAreWorthIt(Ending ending) {
        for (int i = 1; i <= 100; i++) {
            note(publisher(new PublisherKey("camera-" + i, 1), i));
        }
        noted();

        reopen(ending);

        assertThat(record.publishers())
                .hasSize(64)
                .last()
                .isEqualTo(new PublisherRecord(new PublisherKey("camera-100", 1), 100, 0, 0, List.of()));
    }

    // ---- streams

    @ParameterizedTest
    @EnumSource
    void streamsAreFoundByTheirNames(Ending ending) {
        Answers others = new Answers();
        StreamStore other = Opened.of(store, "dock/2", others).stream();
        List<Frame> there = Samples.frames(other.generation(), 1, 3, 50);
        other.append(there);
        others.awaitStored(3);

        reopen(ending);

        assertThat(names()).containsExactlyInAnyOrder("cam", "dock/2");
        StreamStore again = Opened.of(store, "dock/2", new Answers()).stream();
        assertSame(again.read(1, 3, 10, Long.MAX_VALUE), there);
    }

    @ParameterizedTest
    @EnumSource
    void aDeletedStreamStaysDeleted(Ending ending) {
        append(1, 300, 100);
        stream.createGroup("detectors", 0, SETTINGS, true);
        stream.createGroup("archive", 0, SETTINGS, true);
        stream.delivered("detectors", 1, 200, 1);
        note(publisher(PUBLISHER, 5));
        stream.delete();
        if (ending == Ending.ABANDONED) {
            // Who asks for it waits until it is gone.
            assertNotThere("cam");
        }

        store = reopened(store, ending);

        assertThat(names()).doesNotContain("cam");
        assertNotThere("cam");
        answers = new Answers();
        openStream();
        assertThat(record).isEqualTo(StreamRecord.NEW);
        assertThat(stream.lastOrdinal()).isZero();
        assertThat(stream.firstOrdinal()).isEqualTo(1);
    }

    // ---- as others see them

    private List<Frame> append(long first, long last, int bytes) {
        List<Frame> frames = Samples.frames(stream.generation(), first, last, bytes);
        stream.append(frames);
        answers.awaitStored(last);
        return frames;
    }

    private void note(StreamNote note) {
        stream.note(note);
        notesAsked++;
    }

    /** Everything asked so far is durable: a note that is asked last is. */
    private void noted() {
        note(new StreamNote(null, null, null));
        answers.awaitNoted(notesAsked);
    }

    private static StreamNote publisher(PublisherKey key, long lastSequence) {
        return new StreamNote(null, new PublisherRecord(key, lastSequence, 0, 0, List.of()), null);
    }

    private static io.framebroker.server.broker.PublisherPort.Outcome outcome(String name) {
        return io.framebroker.server.broker.PublisherPort.Outcome.valueOf(name);
    }

    /** What there was of a group when the stream was opened. */
    private StreamRecord.OfGroup group(String name) {
        return record.groups().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private Map<String, GroupSettings> settings() {
        return record.groups().stream()
                .collect(Collectors.toMap(StreamRecord.OfGroup::name, StreamRecord.OfGroup::settings));
    }

    /** Attempts of a group's pending frames when it was opened, by ordinal. */
    private TreeMap<Long, Integer> pending(String group) {
        TreeMap<Long, Integer> attempts = new TreeMap<>();
        group(group).pending().forEach(each -> attempts.put(each.ordinal(), each.attempt()));
        return attempts;
    }

    private List<String> names() {
        CompletableFuture<List<String>> names = new CompletableFuture<>();
        store.names(names::complete);
        return names.join();
    }

    private void assertNotThere(String name) {
        assertThatThrownBy(() -> Opened.existing(store, name, new Answers()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("STREAM_NOT_FOUND"));
    }
}
