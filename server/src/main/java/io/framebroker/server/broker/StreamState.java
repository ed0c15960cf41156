package io.framebroker.server.broker;

/**
 * A stream at one moment. Ordinals {@code firstOrdinal .. lastOrdinal} are there; none when the last is smaller.
 *
 * @param waitReason why the publisher waits; empty when it does not
 */
public record StreamState(
        String name,
        StreamSettings settings,
        long createdMicros,
        long generation,
        long firstOrdinal,
        long lastOrdinal,
        long bytes,
        long backlogFrames,
        long backlogBytes,
        String publisherId,
        String waitReason,
        int groups,
        int consumers) {

    public long frames() {
        return lastOrdinal - firstOrdinal + 1;
    }
}
