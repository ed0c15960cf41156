package io.framebroker.client;

import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.WireDelivery;
import java.util.List;

/** The frames of one message, which share what the message says. Links and times are guarded by the consumer's lock. */
final class HeldBatch {
    final ConsumeSession session;
    final String stream;
    final String group;
    final String publisherId;
    final long epoch;

    /** Time to settle; 0 when nothing is to be settled. */
    final long leaseNanos;

    final ReceivedFrame[] frames;

    /** When the broker gives the frames to somebody else. Read without the lock. */
    private volatile long deadlineNanos;

    private long extendAtNanos;
    int open;
    HeldBatch previous;
    HeldBatch next;

    HeldBatch(ConsumeSession session, String group, ConsumeMessage.Deliveries message, long nowNanos) {
        this.session = session;
        this.group = group;
        this.stream = message.stream();
        this.publisherId = message.publisherId();
        this.epoch = message.epoch();
        this.leaseNanos = message.leaseMillis() * 1_000_000;
        List<WireDelivery> deliveries = message.deliveries();
        this.frames = new ReceivedFrame[deliveries.size()];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = new ReceivedFrame(this, deliveries.get(i));
        }
        renewed(nowNanos);
    }

    /** What its frames are when they come. */
    ReceivedFrame.State comesAs() {
        return leaseNanos > 0 ? ReceivedFrame.State.OPEN : ReceivedFrame.State.AUTO_ACKED;
    }

    /** The lease starts anew. */
    void renewed(long nowNanos) {
        deadlineNanos = nowNanos + leaseNanos;
        extendAtNanos = nowNanos + leaseNanos / 2;
    }

    /** An extension is on its way: not to be asked again before half a lease has passed. The deadline stays. */
    void extensionAsked(long nowNanos) {
        extendAtNanos = nowNanos + leaseNanos / 2;
    }

    boolean extensionDue(long nowNanos) {
        return nowNanos - extendAtNanos >= 0;
    }

    boolean expired(long nowNanos) {
        return leaseNanos > 0 && nowNanos - deadlineNanos >= 0;
    }
}
