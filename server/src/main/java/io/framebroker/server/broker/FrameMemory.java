package io.framebroker.server.broker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the memory that frames take, in three accounts: frames kept, room reserved for messages that are coming in, and
 * room reserved for messages that are going out. Thread-safe.
 *
 * <p>A stream below its fair share of the first account is let in even when the account is full, so that one stream's
 * backlog cannot starve another, up to twice the limit: there everybody waits.
 */
public final class FrameMemory {
    private final long keptLimit;
    private final long inboundLimit;
    private final long outboundLimit;
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong inbound = new AtomicLong();
    private final AtomicLong outbound = new AtomicLong();

    /** Limits in bytes; what goes out may take as much as what comes in. */
    public FrameMemory(long keptLimit, long inboundLimit) {
        this(keptLimit, inboundLimit, inboundLimit);
    }

    /** Limits in bytes. */
    public FrameMemory(long keptLimit, long inboundLimit, long outboundLimit) {
        this.keptLimit = keptLimit;
        this.inboundLimit = inboundLimit;
        this.outboundLimit = outboundLimit;
    }

    void keep(long bytes) {
        kept.addAndGet(bytes);
    }

    void release(long bytes) {
        kept.addAndGet(-bytes);
    }

    /** Whether settled frames should go, however new they are. A stream that is not admitted waits for just that. */
    boolean isShort() {
        return kept.get() >= keptLimit;
    }

    /** Whether a stream that keeps {@code streamBytes} may take another message. */
    boolean admits(long streamBytes, int streams) {
        long now = kept.get();
        return now < keptLimit || (now < 2 * keptLimit && streamBytes < keptLimit / Math.max(1, streams));
    }

    /** Reserves room for one message that is coming in; give it back with {@link #releaseInbound}. */
    public void reserveInbound(long bytes) {
        long before = inbound.getAndAdd(bytes);
        if (before + bytes > inboundLimit) {
            inbound.addAndGet(-bytes);
            throw new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "INBOUND_MEMORY_FULL",
                    bytes + " bytes for this call's largest message do not fit: " + before + " of " + inboundLimit
                            + " are reserved by other calls. Open with a smaller max_frame_bytes, publish from fewer"
                            + " calls, or give the broker more memory");
        }
    }

    public void releaseInbound(long bytes) {
        inbound.addAndGet(-bytes);
    }

    /** Reserves room for what a consumer may leave unread; give it back with {@link #releaseOutbound}. */
    public void reserveOutbound(long bytes) {
        long before = outbound.getAndAdd(bytes);
        if (before + bytes > outboundLimit) {
            outbound.addAndGet(-bytes);
            throw new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "OUTBOUND_MEMORY_FULL",
                    bytes + " more bytes for what this consumer may leave unread do not fit: " + before + " of "
                            + outboundLimit + " are reserved by other calls. Consume from fewer calls, or give the"
                            + " broker more memory");
        }
    }

    public void releaseOutbound(long bytes) {
        outbound.addAndGet(-bytes);
    }

    public long keptBytes() {
        return kept.get();
    }

    public long keptLimit() {
        return keptLimit;
    }

    public long inboundBytes() {
        return inbound.get();
    }

    public long inboundLimit() {
        return inboundLimit;
    }

    public long outboundBytes() {
        return outbound.get();
    }

    public long outboundLimit() {
        return outboundLimit;
    }
}
