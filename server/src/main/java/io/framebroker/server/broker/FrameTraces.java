package io.framebroker.server.broker;

import java.util.List;

/**
 * Hears what becomes of frames, to make traces of it. Called under a stream's lock, by many streams at once: it must neither
 * block nor call back nor throw.
 *
 * <p>The trace context lies in the frame and is not read by the core, which only asks whether there is one. So a frame that
 * comes from a disk, from Redis or from another broker brings its trace along, and one without costs a look.
 */
public interface FrameTraces {
    /** Nobody wants any. */
    FrameTraces NONE = new FrameTraces() {
        @Override
        public boolean isTraced(FrameContent content) {
            return false;
        }

        @Override
        public void stored(String stream, Frame frame, long storedMicros) {}

        @Override
        public void delivered(Delivered delivered) {}

        @Override
        public boolean takesDrop() {
            return false;
        }

        @Override
        public void dropped(Dropped dropped) {}
    };

    /** Reads whether the publisher has a trace of this frame recorded. */
    boolean isTraced(FrameContent content);

    /** The store has confirmed a frame that is traced. */
    void stored(String stream, Frame frame, long storedMicros);

    /** A frame that is traced goes out. */
    void delivered(Delivered delivered);

    /**
     * Whether {@link #dropped} is to be told of what is being dropped now. To be asked once for each: what it says no to, it
     * counts.
     */
    boolean takesDrop();

    /** Frames, traced or not, leave a stream or a group without having been processed. */
    void dropped(Dropped dropped);

    /**
     * A delivery.
     *
     * @param group empty for a group of one call alone
     * @param sinceMicros since when the frame could have been delivered, in microseconds since 1970
     * @param micros when it was
     */
    record Delivered(
            String stream,
            String group,
            String consumerId,
            String mode,
            int attempt,
            Frame frame,
            long sinceMicros,
            long micros) {}

    /** How frames ended. */
    enum End {
        /** The broker could not take it. */
        REJECTED,
        /** The broker had no room for it. */
        DROPPED,
        /** A group leaves it out, or its consumer does. */
        SKIPPED,
        DEAD_LETTERED,
        /** The publisher has told of it. */
        REPORTED,
        /** It was taken, and is not there any more. */
        LOST
    }

    /**
     * Frames that go at once, for one reason.
     *
     * @param group empty for the stream
     * @param consumerId of whoever had it last; empty for nobody
     * @param attempt of the last delivery; 0 for none
     * @param detail more words; may be empty
     * @param count how many
     * @param firstOrdinal place of the first one in the stream; 0 for frames that had none yet
     * @param firstSequence the publisher's number of the first one; 0 when it is not known
     * @param receivedMicros when the first one came in, in microseconds since 1970; 0 when that is not known
     * @param storedMicros when it was stored; 0 when it was not, or that is not known
     * @param micros when they went
     * @param contents those of them that are looked at one by one: the traced ones that are in memory, or the only one
     */
    record Dropped(
            String stream,
            String group,
            String consumerId,
            int attempt,
            End end,
            String reason,
            String detail,
            long count,
            long firstOrdinal,
            long lastOrdinal,
            long firstSequence,
            long receivedMicros,
            long storedMicros,
            long micros,
            List<One> contents) {}

    /**
     * One frame that goes.
     *
     * @param ordinal 0 when it had none yet
     */
    record One(long ordinal, long sequence, long receivedMicros, boolean traced, FrameContent content) {}
}
