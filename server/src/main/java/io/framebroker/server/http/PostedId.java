package io.framebroker.server.http;

import io.framebroker.v1.FrameException;

/** A posted frame by its sequence, and what is known of it. Thread-safe. */
final class PostedId {
    /** For a frame that was stored before this broker's gateway knew of it. */
    static final long OTHERS = 0;

    private final long sequence;
    private volatile boolean stored;
    private volatile FrameException refusal;
    private volatile boolean dropped;

    PostedId(long sequence) {
        this.sequence = sequence;
    }

    long sequence() {
        return sequence;
    }

    void stored() {
        stored = true;
    }

    void refused(FrameException why) {
        refusal = why;
    }

    /** It never came to be known to the broker. */
    void lost() {
        dropped = true;
    }

    boolean isStored() {
        return stored;
    }

    /** Why the broker does not store it; null where it has not said so. */
    FrameException refusal() {
        return refusal;
    }

    /** Whether it may be posted again as a new frame. */
    boolean isFree() {
        return dropped || refusal != null;
    }

    boolean isKnown() {
        return stored || isFree();
    }
}
