package io.framebroker.server.broker;

/**
 * Settings of the core.
 *
 * @param autoCreateStreams whether a stream comes into being when somebody first publishes to it or consumes from it
 * @param maxStreams most streams there may be
 * @param resumeGraceMillis time in which a consumer that lost its connection keeps its deliveries; 0 for none
 * @param streamDefaults settings of streams that nobody said anything about
 * @param degrade whether frames are acknowledged from memory while the store is away, to publishers who take that
 * @param openWaitMillis how long a call waits for a store that does not open, create or delete its stream, before it is
 *     refused
 * @param groupTtlMillis time without a consumer after which a durable group protects nothing until one comes; 0 for never
 * @param letterRetryMillis time after which a dead letter is first tried again by itself; 0 for never
 */
public record BrokerSettings(
        boolean autoCreateStreams,
        int maxStreams,
        long resumeGraceMillis,
        StreamSettings streamDefaults,
        boolean degrade,
        long openWaitMillis,
        long groupTtlMillis,
        long letterRetryMillis) {
    private static final long OPEN_WAIT_MILLIS = 30_000;

    public static final BrokerSettings DEFAULT = new BrokerSettings(true, 10_000, 5_000, StreamSettings.DEFAULT);

    /** With groups that protect their frames for ever. */
    public BrokerSettings(
            boolean autoCreateStreams,
            int maxStreams,
            long resumeGraceMillis,
            StreamSettings streamDefaults,
            boolean degrade,
            long openWaitMillis) {
        this(autoCreateStreams, maxStreams, resumeGraceMillis, streamDefaults, degrade, openWaitMillis, 0, 0);
    }

    /** With nothing acknowledged before it is stored. */
    public BrokerSettings(
            boolean autoCreateStreams, int maxStreams, long resumeGraceMillis, StreamSettings streamDefaults) {
        this(autoCreateStreams, maxStreams, resumeGraceMillis, streamDefaults, false);
    }

    /** With the usual wait for the store. */
    public BrokerSettings(
            boolean autoCreateStreams,
            int maxStreams,
            long resumeGraceMillis,
            StreamSettings streamDefaults,
            boolean degrade) {
        this(autoCreateStreams, maxStreams, resumeGraceMillis, streamDefaults, degrade, OPEN_WAIT_MILLIS);
    }
}
