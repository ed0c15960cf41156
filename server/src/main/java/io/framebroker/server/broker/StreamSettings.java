package io.framebroker.server.broker;

/**
 * Settings of a stream.
 *
 * @param maxBacklogFrames backlog at which the publisher waits, in frames: 1..1000000
 * @param maxBacklogBytes the same in bytes: 1 or more
 * @param retentionFrames settled frames kept as history; the newest frame is always kept
 * @param retentionBytes the same in bytes
 * @param retentionMillis settled frames older than this go; 0 for no limit
 */
public record StreamSettings(
        int maxBacklogFrames, long maxBacklogBytes, int retentionFrames, long retentionBytes, long retentionMillis) {
    public static final StreamSettings DEFAULT = new StreamSettings(1000, 256L << 20, 100, 64L << 20, 0);

    private static final int MOST_FRAMES = 1_000_000;

    public StreamSettings {
        require("max_backlog_frames", maxBacklogFrames, 1, MOST_FRAMES);
        require("max_backlog_bytes", maxBacklogBytes, 1, Long.MAX_VALUE);
        require("retention_frames", retentionFrames, 0, MOST_FRAMES);
        require("retention_bytes", retentionBytes, 0, Long.MAX_VALUE);
        require("retention_age", retentionMillis, 0, Long.MAX_VALUE / 1_000_000);
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw BrokerException.invalid("settings." + field, value + " is outside " + least + ".." + most);
        }
    }
}
