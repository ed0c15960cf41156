package io.framebroker.server.store.memory;

import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;

/** What one group has done: its cursor, which frames are pending, and counts. Guarded by the stream's lock. */
final class MemoryGroup {
    private static final int SLACK = 1 << 15;

    private final String name;
    private final long base;
    private final Map<String, Long> skipped = new TreeMap<>();
    /** Pending frames, as offsets from {@link #origin}. */
    private BitSet pending = new BitSet();

    private long origin;
    private long pendingCount;
    private long cursor;
    private long acked;
    private long settlements;

    MemoryGroup(String name, long base) {
        this.name = name;
        this.base = base;
        this.cursor = base;
        this.origin = base + 1;
    }

    void delivered(long from, long through, int attempt) {
        if (attempt == 1 && from == cursor + 1) {
            moveOrigin(through);
            pending.set(offset(from), offset(through) + 1);
            pendingCount += through - from + 1;
            cursor = through;
            return;
        }
        for (long ordinal = from; ordinal <= through; ordinal++) {
            requirePending(ordinal);
        }
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

    long settlements() {
        return settlements;
    }

    GroupRecord view() {
        return new GroupRecord(base, cursor, pendingCount, acked, 0, Map.copyOf(skipped));
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
