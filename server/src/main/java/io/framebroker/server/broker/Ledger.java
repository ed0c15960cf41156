package io.framebroker.server.broker;

import java.util.List;
import java.util.Map;

/** Where every frame of a stream is, at one moment. */
public record Ledger(OfStream stream, List<OfGroup> groups) {
    /**
     * offered = stored + appending + dropped + reported.
     *
     * @param offered counted as they came, and kept with the stream
     * @param stored confirmed by the store, without those it has lost since, which are dropped as STORE_LOST
     */
    public record OfStream(
            String stream,
            long offered,
            long stored,
            long appending,
            Map<String, Long> dropped,
            Map<String, Long> reported,
            long duplicates) {
        public long imbalance() {
            return offered - stored - appending - total(dropped) - total(reported);
        }
    }

    /**
     * From the group's base on: stored = waiting + pending + acked + dead-lettered + skipped.
     *
     * <p>Frames that the store has lost are skipped as STORE_LOST, those that the group has yet to pass over as well.
     *
     * @param waiting not yet delivered, counted from the store
     */
    public record OfGroup(
            String group,
            long base,
            long stored,
            long waiting,
            long pending,
            long acked,
            long deadLettered,
            Map<String, Long> skipped) {
        public long imbalance() {
            return stored - waiting - pending - acked - deadLettered - total(skipped);
        }
    }

    /** Whether nothing is missing anywhere. */
    public boolean balances() {
        return stream.imbalance() == 0 && groups.stream().allMatch(group -> group.imbalance() == 0);
    }

    private static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
