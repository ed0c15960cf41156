package io.framebroker.server.broker;

import java.util.Map;

/**
 * How long things take on a stream.
 *
 * @param appends from the receipt of the oldest frame of an append to its confirmation by the store
 * @param ages of frames when they were delivered, from their receipt, by durable group; each delivery counts
 */
public record StreamTimes(DurationCounts appends, Map<String, DurationCounts> ages) {}
