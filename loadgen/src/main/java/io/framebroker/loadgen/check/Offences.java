package io.framebroker.loadgen.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is wrong: for each verdict how many frames, and the first of them by name. A frame counts once for a verdict. */
final class Offences {
    static final int MOST_SHOWN = 20;

    private static final class Entry {
        private long count;
        private final List<String> first = new ArrayList<>();
        private final Map<SourceAccount, Bits> frames = new HashMap<>();

        void add(String what) {
            count++;
            if (first.size() < MOST_SHOWN) {
                first.add(what);
            }
        }
    }

    private final Map<Verdict, Entry> entries = new EnumMap<>(Verdict.class);

    /** A frame that its publisher's log knows; for others use {@link #add(Verdict, String)}. */
    void add(Verdict verdict, SourceAccount source, int sequence, String detail) {
        Entry entry = entry(verdict);
        if (entry.frames.computeIfAbsent(source, fresh -> new Bits()).add(sequence)) {
            entry.add(source.frame(sequence) + (detail.isEmpty() ? "" : " (" + detail + ")"));
        }
    }

    /** Something that is no frame, or one that nobody knows. */
    void add(Verdict verdict, String what) {
        entry(verdict).add(what);
    }

    long count(Verdict verdict) {
        Entry entry = entries.get(verdict);
        return entry == null ? 0 : entry.count;
    }

    /** At most {@link #MOST_SHOWN}. */
    List<String> first(Verdict verdict) {
        Entry entry = entries.get(verdict);
        return entry == null ? List.of() : Collections.unmodifiableList(entry.first);
    }

    private Entry entry(Verdict verdict) {
        return entries.computeIfAbsent(verdict, fresh -> new Entry());
    }
}
