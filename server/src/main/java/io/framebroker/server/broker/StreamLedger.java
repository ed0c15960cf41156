package io.framebroker.server.broker;

import java.util.Map;
import java.util.TreeMap;

/** What a stream has counted itself; the store counts what is stored. Guarded by the stream's lock. */
final class StreamLedger {
    private static final int MOST_REASONS = 64;

    private long offered;
    private long duplicates;
    private final Map<String, Long> dropped = new TreeMap<>();
    private final Map<String, Long> reported = new TreeMap<>();

    void offered() {
        offered++;
    }

    void duplicate() {
        duplicates++;
    }

    void dropped(String reason) {
        add(dropped, reason, 1);
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

    Ledger.OfStream view(String stream, long stored, long appending) {
        return new Ledger.OfStream(
                stream, offered, stored, appending, Map.copyOf(dropped), Map.copyOf(reported), duplicates);
    }
}
