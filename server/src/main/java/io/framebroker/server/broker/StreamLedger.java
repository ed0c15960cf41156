package io.framebroker.server.broker;

import java.util.Map;
import java.util.TreeMap;

/** What a stream has counted itself; the store counts what is stored. Guarded by the stream's lock. */
final class StreamLedger {
    private static final int MOST_REASONS = 64;

    private long offered;
    private long duplicates;
    private final Map<String, Long> dropped;
    private final Map<String, Long> reported;
    /** Of all ordinals there have been, those whose frames the store has lost; they are among the dropped. */
    private long lost;
    /** Of these, those that have not been trimmed. */
    private long lostKept;

    /**
     * Goes on from what was counted before. What the store had confirmed and has no trace of any more is lost by name.
     *
     * @param stored ordinal of the newest frame the store has, or knows to have lost
     * @param missing how many of the frames that were not trimmed it has lost
     */
    StreamLedger(long stored, long missing, StreamNote.Counts counts) {
        this.duplicates = counts.duplicates();
        this.dropped = new TreeMap<>(counts.dropped());
        this.reported = new TreeMap<>(counts.reported());
        StreamNote.Offered known = counts.offered();
        if (known == null) {
            // Then it is what has become of something; what is missing may have a name already.
            lost = Math.min(missing, dropped.getOrDefault(Group.STORE_LOST, 0L));
            lostKept = lost;
            offered = stored - lost + total(dropped) + total(reported);
        } else {
            lost = known.lost();
            lostKept = Math.min(known.lostKept(), missing);
            offered = known.frames() + Math.max(0, stored - known.through());
            if (stored < known.through()) {
                add(dropped, Group.STORE_LOST, known.through() - stored);
            }
        }
        foundMissing(missing);
    }

    private static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    StreamNote.Counts counts(long storedThrough, long appending) {
        return new StreamNote.Counts(
                duplicates,
                Map.copyOf(dropped),
                Map.copyOf(reported),
                new StreamNote.Offered(offered - appending, storedThrough, lost, lostKept));
    }

    /**
     * The store is missing so many of the frames that were not trimmed: they are lost by name from now on. Returns whether
     * that is news.
     */
    boolean foundMissing(long missing) {
        long more = missing - lostKept;
        if (more <= 0) {
            return false;
        }
        lost += more;
        lostKept += more;
        add(dropped, Group.STORE_LOST, more);
        return true;
    }

    /** Frames that are lost by name and not trimmed. */
    long lostKept() {
        return lostKept;
    }

    /** Frames were trimmed, so many lost ones among them. */
    void trimmedLost(long frames) {
        lostKept = Math.max(0, lostKept - frames);
    }

    void offered() {
        offered++;
    }

    void duplicate() {
        duplicates++;
    }

    void dropped(String reason) {
        add(dropped, reason, 1);
    }

    /** Frames came in before the stream was lost here, and went with what was in memory of it. */
    void lost(String reason, long count) {
        offered += count;
        add(dropped, reason, count);
    }

    void reported(String reason, long count) {
        offered += count;
        add(reported, reason, count);
    }

    /** Publishers choose their reasons, so their number is bounded; the count is not. */
    private static void add(Map<String, Long> counts, String reason, long count) {
        String key = counts.containsKey(reason) || counts.size() < MOST_REASONS ? reason : "OTHER";
        counts.merge(key, count, Long::sum);
    }

    /** @param newest ordinal of the newest frame that the store has confirmed */
    Ledger.OfStream view(String stream, long newest, long appending) {
        return new Ledger.OfStream(
                stream, offered, newest - lost, appending, Map.copyOf(dropped), Map.copyOf(reported), duplicates);
    }
}
