package io.framebroker.server.broker;

/**
 * A consumer of a group at one moment.
 *
 * @param maxFrames of its window, which its other streams share; so is {@code maxBytes}
 * @param pendingFrames delivered to it from this group and not settled
 * @param idle why it gets nothing, if it gets nothing; null when it is away
 * @param graceNanos time left for it to come back; negative while it is connected
 */
public record ConsumerState(
        String id,
        int maxFrames,
        long maxBytes,
        long pendingFrames,
        long pendingBytes,
        Consumer.Idle idle,
        long graceNanos) {

    static ConsumerState of(Consumer consumer, long pendingFrames, long pendingBytes, long graceNanos) {
        return new ConsumerState(
                consumer.id(),
                consumer.window().maxFrames(),
                consumer.window().maxBytes(),
                pendingFrames,
                pendingBytes,
                graceNanos < 0 ? consumer.idle() : null,
                graceNanos);
    }

    /** Whether its connection is lost, and its deliveries wait for it. */
    public boolean isAway() {
        return graceNanos >= 0;
    }
}
