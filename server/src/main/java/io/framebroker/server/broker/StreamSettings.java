package io.framebroker.server.broker;

/**
 * Settings of a stream.
 *
 * @param maxBacklogFrames backlog at which {@code overflow} says what happens, in frames: 1..1000000; 0 for a limit that
 *     goes up and down with what is asked of the stream, see {@link AdaptiveLimit}
 * @param maxBacklogBytes the same in bytes: 1 or more
 * @param overflow what happens at the limit
 * @param retentionFrames settled frames kept as history; the newest frame is always kept
 * @param retentionBytes the same in bytes
 * @param retentionMillis settled frames older than this go; 0 for no limit
 */
public record StreamSettings(
        int maxBacklogFrames,
        long maxBacklogBytes,
        OverflowPolicy overflow,
        int retentionFrames,
        long retentionBytes,
        long retentionMillis) {
    /** A backlog limit in frames that is not pinned. */
    public static final int ADAPTIVE = 0;

    public static final StreamSettings DEFAULT = new StreamSettings(ADAPTIVE, 256L << 20, 100, 64L << 20, 0);

    private static final int MOST_FRAMES = 1_000_000;

    public StreamSettings {
        require("max_backlog_frames", maxBacklogFrames, 0, MOST_FRAMES);
        require("max_backlog_bytes", maxBacklogBytes, 1, Long.MAX_VALUE);
        require("retention_frames", retentionFrames, 0, MOST_FRAMES);
        require("retention_bytes", retentionBytes, 0, Long.MAX_VALUE);
        require("retention_age", retentionMillis, 0, Long.MAX_VALUE / 1_000_000);
    }

    /** With a publisher that waits at the limit. */
    public StreamSettings(
            int maxBacklogFrames,
            long maxBacklogBytes,
            int retentionFrames,
            long retentionBytes,
            long retentionMillis) {
        this(maxBacklogFrames, maxBacklogBytes, OverflowPolicy.BLOCK, retentionFrames, retentionBytes, retentionMillis);
    }

    /** The same with another policy. */
    public StreamSettings with(OverflowPolicy policy) {
        return new StreamSettings(
                maxBacklogFrames, maxBacklogBytes, policy, retentionFrames, retentionBytes, retentionMillis);
    }

    boolean isAdaptive() {
        return maxBacklogFrames == ADAPTIVE;
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw BrokerException.invalid("settings." + field, value + " is outside " + least + ".." + most);
        }
    }
}
