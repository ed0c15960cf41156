package io.framebroker.server.store.disk;

import static io.framebroker.server.store.Samples.PUBLISHER;
import static io.framebroker.server.store.Samples.sequence;
import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A stream with one publisher and one group that does as it pleases, and remembers what it was told. */
final class DrivenStream {
    private static final String GROUP = "detectors";
    private static final int MOST_BYTES = 30_000;

    /** What may be gone of what was stored. */
    enum Loss {
        NOTHING,
        /** What it was not promised. */
        UNPROMISED,
        /** Some frames, by damage. */
        FRAMES
    }

    /** What somebody was told is durable. */
    private record Promise(long stored, long settled, long attempted, long noted) {}

    private final String name;
    private final Random random;
    /** All that were appended, as far as they are known to be there or not to be lost yet. */
    private final TreeMap<Long, Frame> frames = new TreeMap<>();

    private final Map<FrameId, List<Frame>> ever = new HashMap<>();
    /** By ordinal: the number of the settlement; 0 for those of earlier starts. */
    private final TreeMap<Long, Long> settled = new TreeMap<>();

    private record Attempt(int attempt, long number) {}

    private final TreeMap<Long, Attempt> attempts = new TreeMap<>();
    private Answers answers;
    private StreamStore stream;
    private Promise promise = new Promise(0, 0, 0, 0);
    private long next = 1;
    private long cursor;
    /** Ordinal of the last frame that went to somebody. */
    private long handedOut;

    private boolean knowsDeliveries;
    private long trimmed;
    private long settlements;
    private long attemptsAsked;
    private long notes;
    private long notesBefore;
    private int missing;
    private boolean groupIsThere;
    private boolean publisherIsThere;

    DrivenStream(String name, Random random) {
        this.name = name;
        this.random = random;
    }

    StreamStore stream() {
        return stream;
    }

    Answers answers() {
        return answers;
    }

    /** How many frames were not there when it was opened, and should have been. */
    int missing() {
        return missing;
    }

    // ---- what it does

    void step() {
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> append(1 + random.nextInt(6));
            case 3 -> deliver();
            case 4 -> settle();
            case 5 -> deliverAgain();
            case 6 -> note();
            default -> trim();
        }
    }

    void append(int count) {
        List<Frame> some = new ArrayList<>();
        for (long ordinal = next; ordinal < next + count; ordinal++) {
            int bytes = random.nextInt(5) == 0 ? random.nextInt(MOST_BYTES) : random.nextInt(300);
            some.add(remembered(Samples.frame(stream.generation(), ordinal, bytes, PUBLISHER)));
        }
        next += count;
        stream.append(some);
    }

    private Frame remembered(Frame frame) {
        frames.put(frame.ordinal(), frame);
        ever.computeIfAbsent(frame.id(), id -> new ArrayList<>()).add(frame);
        return frame;
    }

    /** Appends large frames, and has them settled and trimmed but for the newest. */
    void churn(int frames) {
        for (int i = 0; i < frames; i++) {
            stream.append(List.of(remembered(Samples.frame(stream.generation(), next++, MOST_BYTES, PUBLISHER))));
            answers.awaitStored(next - 1);
            cursor++;
            stream.delivered(GROUP, cursor, cursor, 1);
            settled.put(cursor, ++settlements);
            stream.settle(GROUP, cursor, cursor, Outcome.ACKED, null);
            trim();
        }
    }

    private void deliver() {
        long most = Math.min(answers.stored(), stream.deliverableThrough(GROUP));
        long through = Math.min(most, cursor + 1 + random.nextInt(8));
        if (through > cursor) {
            stream.delivered(GROUP, cursor + 1, through, 1);
            cursor = through;
            handedOut = cursor;
        }
    }

    private List<Long> pending() {
        List<Long> pending = new ArrayList<>();
        for (long ordinal : frames.headMap(cursor, true).keySet()) {
            if (!settled.containsKey(ordinal)) {
                pending.add(ordinal);
            }
        }
        return pending;
    }

    private void settle() {
        List<Long> pending = pending();
        if (!pending.isEmpty()) {
            int from = random.nextInt(pending.size());
            int to = from;
            while (to + 1 < pending.size() && pending.get(to + 1) == pending.get(to) + 1 && random.nextInt(4) > 0) {
                to++;
            }
            settlements++;
            for (int i = from; i <= to; i++) {
                settled.put(pending.get(i), settlements);
            }
            boolean acked = random.nextBoolean();
            stream.settle(
                    GROUP,
                    pending.get(from),
                    pending.get(to),
                    acked ? Outcome.ACKED : Outcome.SKIPPED,
                    acked ? null : "NOT_WANTED");
        }
    }

    private void deliverAgain() {
        List<Long> pending = pending();
        if (!pending.isEmpty()) {
            long ordinal = pending.get(random.nextInt(pending.size()));
            Attempt before = attempts.get(ordinal);
            int attempt = before == null ? 2 : before.attempt + 1;
            attempts.put(ordinal, new Attempt(attempt, ++attemptsAsked));
            stream.delivered(GROUP, ordinal, ordinal, attempt);
        }
    }

    private void note() {
        notes++;
        stream.note(new StreamNote(
                null,
                new PublisherRecord(PUBLISHER, lastSequence(), 0, 0, List.of()),
                new StreamNote.Counts(notesBefore + notes, Map.of(), Map.of())));
    }

    private long lastSequence() {
        return sequence(next - 1);
    }

    private void trim() {
        long low = Math.min(answers.stored(), cursor);
        for (long ordinal : pending()) {
            low = Math.min(low, ordinal - 1);
        }
        if (low > trimmed) {
            trimmed = low;
            stream.trim(low);
        }
    }

    // ---- what it remembers

    /** From now on, what it has been told must not be gone. */
    void promised() {
        promise = new Promise(
                answers.stored(), answers.settledAtMost(GROUP), answers.attemptedAtMost(GROUP), answers.noted());
    }

    /** Goes on in a store that found what was left. Checks that it keeps what was promised. */
    void open(DiskFrameStore store, Loss loss) {
        answers = new Answers();
        Opened opened = Opened.of(store, name, answers);
        stream = opened.stream();
        knowsDeliveries = loss == Loss.NOTHING && groupIsThere;
        checkFrames(loss);
        checkFacts(opened.record(), loss);
        checkGroup(opened.record());
        goOn();
    }

    /** Goes on in a store of which anything may be gone. Checks that it has nothing that never was. */
    void openWhateverIsLeft(DiskFrameStore store) {
        answers = new Answers();
        Opened opened = Opened.of(store, name, answers);
        stream = opened.stream();
        long last = stream.lastOrdinal();
        List<Frame> found = answers.read(stream, stream.firstOrdinal(), last);
        for (Frame frame : found) {
            assertThat(ever.getOrDefault(frame.id(), List.of()))
                    .as("frames " + frame.id())
                    .anySatisfy(sent -> Samples.assertSame(List.of(frame), List.of(sent)));
        }
        assertThat(Samples.ordinals(found)).isSorted().doesNotHaveDuplicates();
        frames.clear();
        found.forEach(frame -> frames.put(frame.ordinal(), frame));
        next = last + 1;
        trimmed = stream.firstOrdinal() - 1;
        promise = new Promise(0, 0, 0, 0);
        knowsDeliveries = false;
        settled.clear();
        attempts.clear();
        checkGroup(opened.record());
        notesBefore = opened.record().counts().duplicates();
        goOn();
    }

    private void goOn() {
        settlements = 0;
        attemptsAsked = 0;
        notes = 0;
        promise = new Promise(stream.lastOrdinal(), 0, 0, 0);
        if (!groupIsThere) {
            stream.createGroup(GROUP, trimmed, new GroupSettings(12_000), true);
            cursor = trimmed;
            handedOut = trimmed;
            groupIsThere = true;
        }
        note();
        publisherIsThere = true;
    }

    private void checkFrames(Loss loss) {
        long last = stream.lastOrdinal();
        long first = stream.firstOrdinal();
        assertThat(last).isGreaterThanOrEqualTo(promise.stored);
        assertThat(first).isLessThanOrEqualTo(trimmed + 1);
        frames.headMap(first, false).clear();
        settled.headMap(first, false).clear();
        attempts.headMap(first, false).clear();
        trimmed = first - 1;
        List<Frame> found = answers.read(stream, first, last);
        for (Frame frame : found) {
            assertThat(frames.keySet()).contains(frame.ordinal());
            Samples.assertSame(List.of(frame), List.of(frames.get(frame.ordinal())));
        }
        assertThat(stream.count(first, last)).isEqualTo(found.size());
        List<Long> known = new ArrayList<>(frames.headMap(loss == Loss.UNPROMISED ? promise.stored : last, true)
                .keySet());
        known.removeAll(Samples.ordinals(found));
        missing = known.size();
        known.forEach(ordinal -> assertThat(stream.receivedMicros(ordinal)).isZero());
        if (loss != Loss.FRAMES) {
            assertThat(known).isEmpty();
        }
        if (loss == Loss.NOTHING) {
            assertThat(Samples.ordinals(found)).isEqualTo(Samples.range(first, last));
        }
        frames.keySet().retainAll(Samples.ordinals(found));
        next = last + 1;
    }

    private void checkFacts(StreamRecord record, Loss loss) {
        assertThat(record.counts().duplicates()).isBetween(notesBefore + promise.noted, notesBefore + notes);
        notesBefore = record.counts().duplicates();
        if (publisherIsThere && promise.noted > 0) {
            assertThat(record.publishers()).hasSize(1);
            assertThat(record.publishers().get(0).lastSequence())
                    .isBetween(sequence(loss == Loss.NOTHING ? next - 1 : 0), sequence(next) - 1);
        }
    }

    private void checkGroup(StreamRecord record) {
        if (record.groups().isEmpty()) {
            assertThat(groupIsThere && promise.noted > 0).isFalse();
            groupIsThere = false;
            settled.clear();
            attempts.clear();
            return;
        }
        groupIsThere = true;
        GroupRecord counts = stream.group(GROUP);
        List<StreamRecord.Pending> pending = record.groups().get(0).pending();
        assertThat(counts.cursor() - counts.base())
                .isEqualTo(counts.pending() + counts.acked() + counts.skippedTotal());
        assertThat(counts.pending()).isEqualTo(pending.size());
        settled.forEach((ordinal, number) -> {
            if (number <= promise.settled) {
                assertThat(counts.cursor()).isGreaterThanOrEqualTo(ordinal);
                assertThat(pending).noneMatch(each -> each.ordinal() == ordinal);
            }
        });
        TreeMap<Long, Attempt> known = new TreeMap<>();
        for (StreamRecord.Pending each : pending) {
            Attempt asked = attempts.get(each.ordinal());
            assertThat(frames.keySet()).contains(each.ordinal());
            assertThat(each.generation()).isEqualTo(frames.get(each.ordinal()).generation());
            if (asked != null && asked.number <= promise.attempted) {
                assertThat(each.attempt()).isEqualTo(asked.attempt);
            }
            if (each.attempt() > 1) {
                known.put(each.ordinal(), new Attempt(each.attempt(), 0));
            }
        }
        // What was delivered and is not known to have been is known to be possible.
        long stillThere = Math.min(handedOut, stream.lastOrdinal());
        assertThat(Math.max(counts.cursor(), record.groups().get(0).maybeDelivered()))
                .isGreaterThanOrEqualTo(knowsDeliveries ? stillThere : 0);
        cursor = counts.cursor();
        handedOut = cursor;
        attempts.clear();
        attempts.putAll(known);
        settled.clear();
        frames.headMap(cursor, true).keySet().forEach(ordinal -> settled.put(ordinal, 0L));
        pending.forEach(each -> settled.remove(each.ordinal()));
    }
}
