package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Letters;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A stream that is asked for anything that the core may ask for, at random, and compared with what must come of it. Not
 * thread-safe.
 */
final class DrivenStream {
    private static final int MOST_GROUPS = 4;
    private static final int MOST_FRAMES = 400;
    private static final List<PublisherKey> PUBLISHERS =
            List.of(new PublisherKey("front", 1), new PublisherKey("back", 7), new PublisherKey("spare", 1));

    private final String name;
    private final Random random;
    private final boolean cools;
    private final boolean losesCopies;
    private final List<Frame> frames = new ArrayList<>();
    private final Map<String, DrivenGroup> groups = new TreeMap<>();
    /** Groups that were deleted, which the store has not been heard of since. */
    private final Set<String> deleted = new HashSet<>();

    private final Map<String, PublisherRecord> publishers = new HashMap<>();
    private Answers answers;
    private StreamStore stream;
    private long first = 1;
    private long firstSure = 1;
    private long notesAsked;
    private long counted;
    private long countedSure;
    private int groupsMade;
    private int lettersMade;
    private long notesBefore;

    // Of the store that ended last.
    private boolean closed;
    private long storedBefore;
    private final Map<String, Long> settledBefore = new HashMap<>();

    /** @param redisKeeps whether Redis keeps all that it was given, so that frames may leave memory */
    DrivenStream(String name, Random random, boolean redisKeeps) {
        this.cools = redisKeeps;
        this.losesCopies = !redisKeeps;
        this.name = name;
        this.random = random;
    }

    String name() {
        return name;
    }

    StreamStore stream() {
        return stream;
    }

    // ---- asking

    /** Asks for something. */
    void step() {
        int what = random.nextInt(100);
        if (what < 30) {
            append();
        } else if (what < 55) {
            deliver();
        } else if (what < 62) {
            redeliver();
        } else if (what < 75) {
            settle();
        } else if (what < 80) {
            giveUp();
        } else if (what < 83) {
            skip();
        } else if (what < 89) {
            trim();
        } else if (what < 90) {
            cool();
        } else if (what < 94) {
            note();
        } else if (what < 95) {
            purge();
        } else if (what < 98) {
            createGroup();
        } else {
            deleteGroup();
        }
    }

    private void append() {
        if (frames.size() - first > MOST_FRAMES) {
            return;
        }
        List<Frame> more = new ArrayList<>();
        int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 60 : 6);
        PublisherKey publisher = goingOn(random.nextInt(8) == 0 ? 1 : 0);
        for (int i = 0; i < count; i++) {
            int bytes = random.nextInt(40) == 0 ? random.nextInt(90_000) : random.nextInt(300);
            more.add(Samples.frame(stream.generation(), frames.size() + 1L, bytes, publisher));
            frames.add(more.get(i));
        }
        stream.append(more);
    }

    /**
     * A publisher that has not had the next sequence yet. After a crash one may have: what it had sent is gone, and others'
     * frames with it, so that ordinals and with them sequences went back.
     */
    private PublisherKey goingOn(int first) {
        long sequence = Samples.sequence(frames.size() + 1L);
        for (int i = first; i < PUBLISHERS.size(); i++) {
            PublisherRecord record = publishers.get(PUBLISHERS.get(i).id());
            if (record == null || record.lastSequence() < sequence) {
                return PUBLISHERS.get(i);
            }
        }
        return PUBLISHERS.get(PUBLISHERS.size() - 1);
    }

    private DrivenGroup anyGroup() {
        List<DrivenGroup> all = List.copyOf(groups.values());
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private void deliver() {
        DrivenGroup group = anyGroup();
        if (group == null) {
            return;
        }
        long through = Math.min(stream.lastOrdinal(), stream.deliverableThrough(group.name));
        through = Math.min(through, group.cursor + 1 + random.nextInt(30));
        if (through > group.cursor) {
            long from = group.cursor + 1;
            stream.delivered(group.name, from, through, 1);
            group.delivered(from, through, 1);
        }
    }

    private void redeliver() {
        DrivenGroup group = anyGroup();
        if (group != null && !group.pending.isEmpty()) {
            long ordinal = anyPending(group);
            int attempt = group.pending.get(ordinal) + (random.nextInt(3) == 0 ? 0 : 1);
            stream.delivered(group.name, ordinal, ordinal, attempt);
            group.delivered(ordinal, ordinal, attempt);
        }
    }

    private long anyPending(DrivenGroup group) {
        long from = group.pending.firstKey()
                + random.nextInt((int) (group.pending.lastKey() - group.pending.firstKey()) + 1);
        return group.pending.ceilingKey(from);
    }

    private void settle() {
        DrivenGroup group = anyGroup();
        if (group == null || group.pending.isEmpty()) {
            return;
        }
        long from = random.nextBoolean() ? group.pending.firstKey() : anyPending(group);
        long last = from;
        int most = random.nextInt(40);
        while (last - from < most && group.pending.containsKey(last + 1)) {
            last++;
        }
        settle(group, from, last, random.nextInt(4) == 0 ? "REASON_" + random.nextInt(2) : DrivenGroup.ACKED);
    }

    private void settle(DrivenGroup group, long from, long last, String outcome) {
        boolean acked = outcome.equals(DrivenGroup.ACKED);
        group.settled(from, last, outcome);
        stream.settle(group.name, from, last, acked ? Outcome.ACKED : Outcome.SKIPPED, acked ? null : outcome);
    }

    /** As often as it takes for the store to have room: until then the frame is pending, and may be settled otherwise. */
    private void giveUp() {
        DrivenGroup group = anyGroup();
        if (group == null || !group.durable || group.pending.isEmpty()) {
            return;
        }
        group.givenUp.add(anyPending(group));
        group.givenUp.retainAll(group.pending.keySet());
        for (long ordinal : Set.copyOf(group.givenUp)) {
            if (hasRoomFor(group, ordinal)) {
                giveUp(group, ordinal);
            }
        }
    }

    private void giveUp(DrivenGroup group, long ordinal) {
        Frame frame = frames.get((int) ordinal - 1);
        DeadLetter letter = Letters.of(frame, group.pending.get(ordinal));
        group.settled(ordinal, ordinal, DrivenGroup.DEAD);
        stream.settle(group.name, frame, letter);
        lettersMade++;
    }

    private boolean hasRoomFor(DrivenGroup group, long ordinal) {
        Frame frame = frames.get((int) ordinal - 1);
        return stream.hasRoomFor(group.name, frame, Letters.of(frame, group.pending.get(ordinal)));
    }

    /** Where nothing is wrong there comes to be room; some frames are given up only when something is wrong again. */
    private void giveUpSome(DrivenGroup group) {
        if (group.durable && !group.pending.isEmpty()) {
            group.givenUp.retainAll(group.pending.keySet());
            group.givenUp.add(anyPending(group));
            for (long ordinal : group.givenUp) {
                RedisProcess.await("room for frame " + ordinal, () -> hasRoomFor(group, ordinal));
                if (random.nextBoolean()) {
                    giveUp(group, ordinal);
                }
            }
        }
    }

    private void purge() {
        DrivenGroup group = anyGroup();
        if (group != null && group.durable) {
            List<Long> letters = stream.deadLetters(group.name).stream()
                    .map(letter -> letter.id().ordinal())
                    .filter(each -> random.nextBoolean())
                    .toList();
            if (!letters.isEmpty()) {
                boolean acked = letters.size() % 2 == 0;
                group.purged(letters, acked ? DrivenGroup.ACKED : "PURGED");
                stream.purge(group.name, letters, acked ? null : "PURGED");
            }
        }
    }

    /** How many frames were given up. */
    int lettersMade() {
        return lettersMade;
    }

    private void skip() {
        DrivenGroup group = anyGroup();
        if (group != null && stream.lastOrdinal() > group.cursor) {
            long last = Math.min(stream.lastOrdinal(), group.cursor + 1 + random.nextInt(20));
            settle(group, group.cursor + 1, last, "PASSED");
        }
    }

    private void trim() {
        long through = stream.lastOrdinal();
        for (DrivenGroup group : groups.values()) {
            if (group.durable) {
                through = Math.min(through, group.low(answers.settledAtMost(group.name)) - 1);
            }
        }
        if (through < first) {
            return;
        }
        through = random.nextBoolean() ? through : first + random.nextInt((int) (through - first) + 1);
        for (DrivenGroup group : groups.values()) {
            passOver(group, through);
        }
        stream.trim(through);
        first = through + 1;
    }

    private void passOver(DrivenGroup group, long through) {
        if (!group.durable) {
            for (long ordinal : List.copyOf(group.pending.headMap(through, true).keySet())) {
                settle(group, ordinal, ordinal, "RETENTION");
            }
            if (group.cursor < through) {
                settle(group, group.cursor + 1, through, "RETENTION");
            }
        }
    }

    private void cool() {
        if (cools && stream.lastOrdinal() > 0) {
            stream.cool(1 + random.nextInt((int) stream.lastOrdinal()));
        }
    }

    private void note() {
        PublisherKey publisher = PUBLISHERS.get(random.nextInt(2));
        long last = 0;
        for (Frame frame : frames) {
            last = frame.publisher().equals(publisher) ? frame.sequence() : last;
        }
        PublisherRecord before = publishers.get(publisher.id());
        PublisherRecord record = new PublisherRecord(
                publisher, Math.max(last, before == null ? 0 : before.lastSequence()), ++notesAsked, 0, List.of());
        publishers.put(publisher.id(), record);
        stream.note(new StreamNote(null, record, new StreamNote.Counts(++counted, Map.of("BAD", counted), Map.of())));
    }

    private void createGroup() {
        if (groups.size() < MOST_GROUPS) {
            boolean durable = random.nextInt(4) > 0;
            long base = first - 1 + random.nextInt((int) (stream.lastOrdinal() - first) + 2);
            // Now and then one that was deleted a moment ago.
            String group = random.nextInt(3) == 0 && durable ? "again" : "group-" + ++groupsMade;
            if (!groups.containsKey(group) && !deleted.contains(group)) {
                answers.forget(group);
                groups.put(group, new DrivenGroup(group, durable, base));
                stream.createGroup(group, base, GroupSettings.DEFAULT, durable);
            }
        }
    }

    private void deleteGroup() {
        DrivenGroup group = anyGroup();
        if (group != null) {
            groups.remove(group.name);
            deleted.add(group.name);
            stream.deleteGroup(group.name);
        }
    }

    // ---- comparing

    void open(RedisFrameStore store) {
        answers = new Answers();
        Opened opened = Opened.of(store, name, answers);
        assertThat(opened.elsewhere()).isNull();
        stream = opened.stream();
        found(opened.record());
    }

    /** Whether everything asked is answered; waits for it. */
    void awaitAnswers() {
        groups.values().forEach(this::giveUpSome);
        // An answer to this note is one to whatever was asked before.
        note();
        if (stream.lastOrdinal() < frames.size()) {
            answers.awaitStored(frames.size());
        }
        answers.awaitNoted(notesSinceOpened());
        for (DrivenGroup group : groups.values()) {
            answers.awaitSettled(group.name, group.settlements.size());
            group.sure = true;
        }
        deleted.clear();
        firstSure = first;
        countedSure = counted;
        checkView();
    }

    private long notesSinceOpened() {
        return notesAsked - notesBefore;
    }

    private void checkView() {
        if (losesCopies) {
            groups.values().forEach(this::loseLetters);
        }
        assertThat(answers.wrong()).isNull();
        assertThat(answers.isLost()).isFalse();
        assertThat(stream.lastOrdinal()).isEqualTo(frames.size());
        assertThat(stream.firstOrdinal()).isEqualTo(first);
        assertThat(stream.count(first, frames.size())).isEqualTo(frames.size() - first + 1);
        Samples.assertAlike(answers.read(stream, first, frames.size()), kept());
        for (DrivenGroup group : groups.values()) {
            assertThat(stream.group(group.name)).as(group.toString()).isEqualTo(group.record());
        }
    }

    /** What stores before this one made is not in its memory; all else it writes again when Redis has lost it. */
    private void loseLetters(DrivenGroup group) {
        Set<Long> lost = new HashSet<>(group.letters());
        lost.removeAll(lettersIn(group));
        assertThat(group.earlierLetters).containsAll(lost);
        group.lost(lost, "STORE_LOST");
    }

    private Set<Long> lettersIn(DrivenGroup group) {
        return stream.deadLetters(group.name).stream()
                .map(letter -> letter.id().ordinal())
                .collect(Collectors.toSet());
    }

    private List<Frame> kept() {
        return frames.subList((int) first - 1, frames.size());
    }

    /** Redis has what it must have, and an operator sees it. Only when everything is answered. */
    void checkTruth(RedisProcess redis, String consumer) {
        RedisTruth truth = new RedisTruth(redis, name);
        List<Frame> stored = truth.frames();
        Samples.assertAlike(
                stored.stream().filter(frame -> frame.ordinal() >= first).toList(), kept());
        assertThat(stored.stream().map(Frame::ordinal).distinct().count()).isEqualTo(stored.size());
        Map<String, Map<String, Object>> inRedis = truth.groups();
        for (DrivenGroup group : groups.values()) {
            if (!group.durable) {
                assertThat(inRedis).doesNotContainKey(group.name);
                continue;
            }
            checkLetters(truth, group);
            TreeMap<String, Long> pending = truth.pending(group.name);
            TreeMap<String, Long> least = truth.pendingFor(group);
            assertThat(pending.keySet()).as(group.toString()).isEqualTo(least.keySet());
            assertThat(pending).allSatisfy((id, count) -> assertThat(count).isGreaterThanOrEqualTo(least.get(id)));
            assertThat(truth.consumers(group.name)).isSubsetOf(consumer);
            assertThat(truth.lag(group.name)).as(() -> group + " " + truth).isIn(null, truth.entriesBehind(group.name));
        }
        assertThat(inRedis.keySet()).allMatch(groups::containsKey);
    }

    private void checkLetters(RedisTruth truth, DrivenGroup group) {
        List<Long> letters = stream.deadLetters(group.name).stream()
                .map(letter -> letter.id().ordinal())
                .toList();
        assertThat(letters).containsExactlyInAnyOrderElementsOf(group.letters());
        assertThat(truth.letters(group.name)).as(group.toString()).isEqualTo(group.letters());
        try {
            Samples.assertAlike(
                    Letters.read(stream, group.name, letters.toArray(Long[]::new)),
                    letters.stream()
                            .map(each -> frames.get(each.intValue() - 1))
                            .toList());
        } catch (Exception e) {
            throw new AssertionError("dead letters of " + group + " are not read", e);
        }
    }

    /** The store closes in good order: nothing may be different when it is opened again. */
    void closing() {
        awaitAnswers();
        closed = true;
    }

    private void found(StreamRecord record) {
        Map<String, StreamRecord.OfGroup> there = new HashMap<>();
        record.groups().forEach(each -> there.put(each.name(), each));
        groups.values().removeIf(group -> !group.durable || !there.containsKey(group.name) && !group.sure);
        assertThat(there.keySet())
                .allMatch(each -> groups.containsKey(each) || !closed && deleted.contains(each))
                .containsAll(groups.keySet());
        int stored = (int) stream.lastOrdinal();
        assertThat((long) stored).isBetween(closed ? frames.size() : storedBefore, (long) frames.size());
        List<Frame> gone = List.copyOf(frames.subList(stored, frames.size()));
        frames.subList(stored, frames.size()).clear();
        assertThat(stream.firstOrdinal()).isBetween(closed ? first : firstSure, first);
        first = stream.firstOrdinal();
        firstSure = first;
        for (DrivenGroup group : groups.values()) {
            if (closed) {
                assertThat(stream.group(group.name)).as(group.toString()).isEqualTo(group.record());
            }
            assertThat(group.adopt(
                            there.get(group.name),
                            stream.group(group.name),
                            lettersIn(group),
                            closed ? Long.MAX_VALUE : settledBefore.getOrDefault(group.name, 0L)))
                    .as(group.toString())
                    .isEmpty();
        }
        deleted.clear();
        for (String each : there.keySet()) {
            if (!groups.containsKey(each)) {
                stream.deleteGroup(each);
                deleted.add(each);
            }
        }
        assertThat(record.counts().duplicates()).isBetween(closed ? counted : countedSure, counted);
        counted = record.counts().duplicates();
        countedSure = counted;
        foundPublishers(record.publishers(), gone);
        notesBefore = notesAsked;
        closed = false;
        Samples.assertAlike(answers.read(stream, first, frames.size()), kept());
    }

    private void foundPublishers(List<PublisherRecord> found, List<Frame> gone) {
        for (PublisherRecord each : found) {
            for (Frame frame : gone) {
                if (frame.publisher().equals(each.key())) {
                    assertThat(each.lastSequence()).isLessThan(frame.sequence());
                }
            }
            for (Frame frame : frames) {
                if (frame.publisher().equals(each.key())) {
                    assertThat(each.lastSequence()).isGreaterThanOrEqualTo(frame.sequence());
                }
            }
            PublisherRecord asked = publishers.get(each.key().id());
            assertThat(each.lastReportId()).isLessThanOrEqualTo(asked.lastReportId());
            if (closed) {
                assertThat(each.lastReportId()).isEqualTo(asked.lastReportId());
            }
            publishers.put(each.key().id(), each);
        }
        publishers
                .keySet()
                .retainAll(found.stream().map(each -> each.key().id()).toList());
    }

    /** The store has died: what it has told must be there when it is opened again. */
    void died() {
        assertThat(answers.wrong()).isNull();
        assertThat(answers.isLost()).isFalse();
        storedBefore = stream.lastOrdinal();
        settledBefore.clear();
        for (DrivenGroup group : groups.values()) {
            settledBefore.put(group.name, answers.settledAtMost(group.name));
            group.sure |= answers.settledAtMost(group.name) > 0;
        }
        countedSure = Math.max(countedSure, counted - (notesSinceOpened() - answers.noted()));
    }
}
