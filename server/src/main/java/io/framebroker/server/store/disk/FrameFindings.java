package io.framebroker.server.store.disk;

/** Told what is found of a stream's frames, in their order: what is there, and what is not as it was written. */
interface FrameFindings {
    /** A frame is there, as far as its header tells. */
    default void frame(StreamState state, FrameRecord frame) {}

    /**
     * Bytes in front of a frame that was stored are nothing that was written.
     *
     * @param from where they begin in its chunk
     * @param before ordinal of the last frame in front of them; 0 where that is not known
     */
    void damagedBytes(StreamState state, int from, long before, FrameRecord behind);

    /** A frame that was stored is not what was written. May be told twice of one. */
    void damagedFrame(StreamState state, FrameRecord frame);

    /** A frame that nobody was told of is erased: it, or one before it, did not get to the disk as a whole. */
    default void cutOff(StreamState state, FrameRecord frame) {}

    /** Frames were stored and are not there, whatever the reason. Told behind all else. */
    void lostFrames(StreamState state, long from, long through);
}
