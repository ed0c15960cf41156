package io.framebroker.server.broker;

/**
 * Settings of the core.
 *
 * @param autoCreateStreams whether a stream comes into being when somebody first publishes to it or consumes from it
 * @param maxStreams most streams there may be
 * @param resumeGraceMillis time in which a consumer that lost its connection keeps its deliveries; 0 for none
 * @param streamDefaults settings of streams that nobody said anything about
 */
public record BrokerSettings(
        boolean autoCreateStreams, int maxStreams, long resumeGraceMillis, StreamSettings streamDefaults) {
    public static final BrokerSettings DEFAULT = new BrokerSettings(true, 10_000, 5_000, StreamSettings.DEFAULT);
}
