package io.framebroker.server.broker;

/**
 * How far a group is behind on one stream.
 *
 * @param waiting frames not yet delivered
 * @param pending frames delivered and not settled
 * @param ageMicros time since the oldest unsettled frame was received
 */
public record ConsumerLag(String stream, long waiting, long pending, long ageMicros) {}
