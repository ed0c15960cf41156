package io.framebroker.server.broker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the memory that frames take, in two accounts: frames kept, and room reserved for messages that are coming in.
 * Thread-safe.
 *
 * <p>A stream below its fair share of the first account is always admitted, so that one stream's backlog cannot starve
 * another; the account may therefore reach twice its limit, and the limit is chosen with that in mind.
 */
public final class FrameMemory {
    private final long keptLimit;
    private final long inboundLimit;
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong inbound = new AtomicLong();

    /** Limits in bytes. */
    public FrameMemory(long keptLimit, long inboundLimit) {
        this.keptLimit = keptLimit;
        this.inboundLimit = inboundLimit;
    }

    void keep(long bytes) {
        kept.addAndGet(bytes);
    }

    void release(long bytes) {
        kept.addAndGet(-bytes);
    }

    /** Whether a stream that keeps {@code streamBytes} may take another message. */
    boolean admits(long streamBytes, int streams) {
        return kept.get() < keptLimit || streamBytes < keptLimit / Math.max(1, streams);
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
}
