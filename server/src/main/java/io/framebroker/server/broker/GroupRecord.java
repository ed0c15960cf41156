package io.framebroker.server.broker;

import java.util.Map;

/**
 * What a store has counted for a group, in frames.
 *
 * @param base ordinal in front of the group's first frame
 * @param cursor last ordinal that was delivered or passed over
 * @param pending delivered and not settled
 * @param deadLettered dead letters that are there, without those from before the group was restarted
 * @param skipped left out, by reason; dead letters that were removed among them
 */
public record GroupRecord(
        long base, long cursor, long pending, long acked, long deadLettered, Map<String, Long> skipped) {

    public long skippedTotal() {
        return skipped.values().stream().mapToLong(Long::longValue).sum();
    }
}
