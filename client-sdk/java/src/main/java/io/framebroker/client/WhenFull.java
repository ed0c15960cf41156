package io.framebroker.client;

/** What happens to a frame that is published while the ring is full. */
public enum WhenFull {
    /**
     * The oldest frame that was never sent goes; for H.264 and H.265 also those behind it, up to the next keyframe. When
     * all were sent, the arriving one goes.
     */
    DROP_OLDEST,
    /** The arriving frame goes; for H.264 and H.265 also those behind it, up to the next keyframe. */
    DROP_NEWEST,
    /** {@code publish} waits for room. For files, not for cameras, and never in a callback. */
    BLOCK
}
