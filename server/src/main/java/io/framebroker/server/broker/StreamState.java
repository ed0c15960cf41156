package io.framebroker.server.broker;

/**
 * A stream at one moment. Ordinals {@code firstOrdinal .. lastOrdinal} are there; none when the last is smaller.
 *
 * @param maxBacklogFrames the backlog limit in frames as it is now
 * @param waitReason why the publisher waits; empty when it does not
 * @param wantedFps as in {@link Demand}
 */
public record StreamState(
        String name,
        StreamSettings settings,
        int maxBacklogFrames,
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
        int consumers,
        double wantedFps) {

    public long frames() {
        return lastOrdinal - firstOrdinal + 1;
    }
}
