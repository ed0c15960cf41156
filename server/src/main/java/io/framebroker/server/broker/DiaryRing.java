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
            if (entries[slot(i)].goesOnWith(entry)) {
                entries[slot(i)] = entries[slot(i)].through(entry.last());
                return;
            }
        }
        if (added == entries.length && added < limit) {
            entries = Arrays.copyOf(entries, Math.min(limit, Math.max(FIRST_SIZE, 2 * entries.length)));
        }
        DiaryEntry oldest = entries[slot(added)];
        if (oldest != null) {
            forgottenThrough = Math.max(forgottenThrough, oldest.last());
            forgottenMicros = oldest.micros();
        }
        entries[slot(added)] = entry;
        added++;
    }

    private int slot(long number) {
        return (int) (number % entries.length);
    }

    /** Entries about a frame, oldest first. */
    void eachAbout(long ordinal, Consumer<DiaryEntry> action) {
        for (long i = Math.max(0, added - entries.length); i < added; i++) {
            DiaryEntry entry = entries[slot(i)];
            if (entry.isAbout(ordinal)) {
                action.accept(entry);
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
