package io.framebroker.server.store.memory;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** What one group has done: its cursor, which frames are pending, and counts. Guarded by the stream's lock. */
final class MemoryGroup {
    /** An empty set is cleared by way of all of its words, so they are to be few. */
    private static final int SLACK = 1 << 12;

    private final String name;
    private final long base;
    private final Map<String, Long> skipped = new TreeMap<>();
    /** Dead letters and their frames, oldest first. */
    private final Map<Long, DeadLetter> letters = new LinkedHashMap<>();

    private final Map<Long, Frame> letterFrames = new HashMap<>();
    /** Dead letters of before the group was restarted: none of its counts has them. */
    private final Set<Long> earlierLetters = new HashSet<>();
    /** Pending frames, as offsets from {@link #origin}. */
    private BitSet pending = new BitSet();

    private long origin;
    private long pendingCount;
    private long cursor;
    private long acked;
    private long settlements;
    private long attempts;

    MemoryGroup(String name, long base) {
        this.name = name;
        this.base = base;
        this.cursor = base;
        this.origin = base + 1;
    }

    /**
     * The same group as if it had just been created, but for its dead letters, which stay; its settlements and attempts go
     * on being numbered.
     */
    MemoryGroup anew(long otherBase) {
        MemoryGroup anew = new MemoryGroup(name, otherBase);
        anew.settlements = settlements;
        anew.attempts = attempts;
        anew.letters.putAll(letters);
        anew.letterFrames.putAll(letterFrames);
        anew.earlierLetters.addAll(letters.keySet());
        return anew;
    }

    /** Returns whether the frames were pending before. */
    boolean delivered(long from, long through) {
        if (from == cursor + 1) {
            moveOrigin(through);
            pending.set(offset(from), offset(through) + 1);
            pendingCount += through - from + 1;
            cursor = through;
            return false;
        }
        for (long ordinal = from; ordinal <= through; ordinal++) {
            requirePending(ordinal);
        }
        return true;
    }

    /** Counts a later attempt and returns how many there were. */
    long attempted() {
        return ++attempts;
    }

    void settle(long from, long through, Outcome outcome, String reason) {
        if (from == cursor + 1) {
            cursor = through;
        } else {
            for (long ordinal = from; ordinal <= through; ordinal++) {
                requirePending(ordinal);
            }
            pending.clear(offset(from), offset(through) + 1);
            pendingCount -= through - from + 1;
        }
        settlements++;
        long frames = through - from + 1;
        if (outcome == Outcome.ACKED) {
            acked += frames;
        } else {
            skipped.merge(reason, frames, Long::sum);
        }
    }

    void settle(Frame frame, DeadLetter letter) {
        long ordinal = frame.ordinal();
        requirePending(ordinal);
        pending.clear(offset(ordinal));
        pendingCount--;
        settlements++;
        // One of before goes, with its place.
        letters.remove(ordinal);
        earlierLetters.remove(ordinal);
        letters.put(ordinal, letter);
        letterFrames.put(
                ordinal,
                new Frame(
                        frame.content().compact(),
                        frame.generation(),
                        ordinal,
                        frame.sequence(),
                        frame.receivedMicros(),
                        frame.publisher()));
    }

    Collection<DeadLetter> deadLetters() {
        return Collections.unmodifiableCollection(letters.values());
    }

    List<Frame> readDeadLetters(List<Long> ordinals) {
        return ordinals.stream().map(letterFrames::get).filter(Objects::nonNull).toList();
    }

    void purge(List<Long> ordinals, String reason) {
        long counted = 0;
        for (long ordinal : ordinals) {
            if (letters.remove(ordinal) == null) {
                throw new IllegalArgumentException("group " + name + " has no dead letter " + ordinal);
            }
            letterFrames.remove(ordinal);
            counted += earlierLetters.remove(ordinal) ? 0 : 1;
        }
        settlements++;
        if (reason == null) {
            acked += counted;
        } else if (counted > 0) {
            skipped.merge(reason, counted, Long::sum);
        }
    }

    long settlements() {
        return settlements;
    }

    GroupRecord view() {
        return new GroupRecord(
                base, cursor, pendingCount, acked, letters.size() - earlierLetters.size(), Map.copyOf(skipped));
    }

    private void requirePending(long ordinal) {
        if (ordinal < origin || ordinal > cursor || !pending.get(offset(ordinal))) {
            throw new IllegalArgumentException(
                    "group " + name + ": frame " + ordinal + " is not pending; the cursor is at " + cursor);
        }
    }

    /** Keeps the set short: now and then it starts again at the oldest pending frame. */
    private void moveOrigin(long through) {
        if (through - origin < 2 * SLACK) {
            return;
        }
        int oldest = pending.nextSetBit(0);
        if (oldest < 0) {
            pending = new BitSet();
            origin = cursor + 1;
        } else if (oldest >= SLACK) {
            pending = pending.get(oldest, pending.length());
            origin += oldest;
        }
    }

    private int offset(long ordinal) {
        return (int) (ordinal - origin);
    }
}
