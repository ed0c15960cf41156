package io.framebroker.server.broker;

import java.util.Map;

/**
 * What a store has counted for a group, in frames.
 *
 * @param base ordinal in front of the group's first frame
 * @param cursor last ordinal that was delivered or passed over
 * @param pending delivered and not settled
 * @param skipped left out, by reason
 */
public record GroupRecord(
        long base, long cursor, long pending, long acked, long deadLettered, Map<String, Long> skipped) {

    public long skippedTotal() {
        return skipped.values().stream().mapToLong(Long::longValue).sum();
    }
}
