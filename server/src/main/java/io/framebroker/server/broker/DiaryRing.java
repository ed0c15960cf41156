package io.framebroker.server.broker;

import java.util.Arrays;
import java.util.function.Consumer;

/** The newest entries of a diary; grows up to its limit, and then forgets the oldest. Guarded by the stream's lock. */
final class DiaryRing {
    private static final int FIRST_SIZE = 16;
    /** An entry may go on from any of so many newest ones. */
    private static final int NEWEST = 8;

    private final int limit;
    private DiaryEntry[] entries = {};
    /** Ordinal of the last frame that an entry is about by now: most go on from others, and cost no object then. */
    private long[] lasts = {};
    /** Entries ever added. */
    private long added;

    private long forgottenThrough;
    private long forgottenMicros;

    /**
     * @param limit most entries
     * @param before ordinal of the last frame of whose life it cannot know all
     * @param beginsMicros when it begins, in microseconds since 1970
     */
    DiaryRing(int limit, long before, long beginsMicros) {
        this.limit = limit;
        this.forgottenThrough = before;
        this.forgottenMicros = beginsMicros;
    }

    void add(DiaryEntry entry) {
        for (long i = added - 1; i >= Math.max(0, added - NEWEST); i--) {
            int slot = slot(i);
            if (entry.first() == lasts[slot] + 1 && entries[slot].saysTheSame(entry)) {
                lasts[slot] = entry.last();
                return;
            }
        }
        if (added == entries.length && added < limit) {
            entries = Arrays.copyOf(entries, Math.min(limit, Math.max(FIRST_SIZE, 2 * entries.length)));
            lasts = Arrays.copyOf(lasts, entries.length);
        }
        int slot = slot(added);
        if (entries[slot] != null) {
            forgottenThrough = Math.max(forgottenThrough, lasts[slot]);
            forgottenMicros = entries[slot].micros();
        }
        entries[slot] = entry;
        lasts[slot] = entry.last();
        added++;
    }

    private int slot(long number) {
        return (int) (number % entries.length);
    }

    /** Entries about a frame, oldest first. */
    void eachAbout(long ordinal, Consumer<DiaryEntry> action) {
        for (long i = Math.max(0, added - entries.length); i < added; i++) {
            int slot = slot(i);
            if (entries[slot].first() <= ordinal && ordinal <= lasts[slot]) {
                action.accept(entries[slot].through(lasts[slot]));
            }
        }
    }

    /** Whether it may have known something of a frame that it does not know any more, or never did. */
    boolean mayHaveForgotten(long ordinal) {
        return ordinal <= forgottenThrough;
    }

    /** When that was which it has forgotten last, or when it began; in microseconds since 1970. */
    long forgottenMicros() {
        return forgottenMicros;
    }

    /** Entries it holds. */
    int size() {
        return (int) Math.min(added, entries.length);
    }
}
