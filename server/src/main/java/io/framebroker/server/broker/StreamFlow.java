package io.framebroker.server.broker;

import java.util.Map;

/**
 * How frames get through a stream, and what holds them up. What is counted is so since this broker has the stream.
 *
 * @param fromMemory deliveries of frames that were in memory, to whichever consumers; of dead letters that are tried again
 *     none are counted here
 * @param fromStore deliveries of frames that the store had to read back
 * @param waits how often a publisher began to wait
 * @param waitedNanos how long publishers have waited, with the wait that lasts
 * @param groups the durable ones, by name
 */
public record StreamFlow(
        long fromMemory,
        long fromStore,
        Map<WaitReason, Long> waits,
        long waitedNanos,
        Map<String, StreamFlow.OfGroup> groups) {
    /**
     * A group at one moment.
     *
     * @param inFlightFrames that somebody has in hand: delivered and not settled, and their leases run
     * @param inFlightBytes theirs
     * @param windowFrames of the consumers that are connected, in all; a consumer's other streams share its window
     * @param windowBytes the same
     * @param blockedConsumers consumers that would be given a frame now if it fitted into their windows
     */
    public record OfGroup(
            long inFlightFrames, long inFlightBytes, long windowFrames, long windowBytes, int blockedConsumers) {}
}
