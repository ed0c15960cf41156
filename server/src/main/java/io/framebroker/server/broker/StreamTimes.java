package io.framebroker.server.broker;

import java.util.Map;

/**
 * How long things take on a stream.
 *
 * @param appends from the receipt of the oldest frame of an append to its confirmation by the store
 * @param ages of frames when they were delivered, from their receipt, by durable group; each delivery counts
 * @param settles from the delivery of a frame to its consumer's verdict on it, by durable group; of deliveries that nobody
 *     settles, and of dead letters that are tried again, none are counted here
 */
public record StreamTimes(
        DurationCounts appends, Map<String, DurationCounts> ages, Map<String, DurationCounts> settles) {}
