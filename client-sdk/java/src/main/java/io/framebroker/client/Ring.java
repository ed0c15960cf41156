package io.framebroker.client;

import java.util.ArrayList;
import java.util.List;

/**
 * The frames of one publisher that have no outcome yet, in order: first those that were sent at least once, then those
 * that never were. Only the latter may be dropped, for a frame that was sent may be stored. Guarded by the publisher's
 * lock.
 *
 * <pre>
 *   | sent in this call | to be sent again | never sent |
 *   oldest              ^ cursor           ^            newest
 * </pre>
 */
final class Ring {
    /** What a frame costs in a batch beside its own bytes: tag and length. */
    static final int BATCH_OVERHEAD_BYTES = 6;

    private static final int MAX_BATCH_FRAMES = 256;
    private static final int MAX_BATCH_BYTES = 256 * 1024;

    /** With so many frames on their way, the next ack comes soon: small frames wait for it, and then go together. */
    private static final int GATHER_FROM_IN_FLIGHT = 256;

    private static final int GATHER_FRAMES = 256;
    private static final int GATHER_BYTES = 64 * 1024;

    private final int maxFrames;
    private final long maxBytes;
    private final FrameQueue sent = new FrameQueue();
    private final FrameQueue fresh = new FrameQueue();
    private final PackBuffers buffers;

    /** Arrays of frames that were sent and have their outcome. The drainer may be copying from one at this moment. */
    private final List<byte[]> spent = new ArrayList<>();

    /** Bytes of all frames without an outcome. */
    private long bytes;

    /** Place in {@link #sent} of the first frame that the present call has not sent. */
    private int cursor;

    private int inFlightFrames;
    private long inFlightBytes;

    /** Highest sequence ever sent, in any call, or that needed no sending. */
    private long highestSent;

    Ring(int maxFrames, long maxBytes, PackBuffers buffers) {
        this.maxFrames = maxFrames;
        this.maxBytes = maxBytes;
        this.buffers = buffers;
    }

    int frames() {
        return sent.size() + fresh.size();
    }

    boolean isEmpty() {
        return sent.isEmpty() && fresh.isEmpty();
    }

    boolean hasSent() {
        return !sent.isEmpty();
    }

    boolean hasUnsent() {
        return cursor < sent.size() || !fresh.isEmpty();
    }

    int inFlightFrames() {
        return inFlightFrames;
    }

    long highestSent() {
        return highestSent;
    }

    /** Sequence of the oldest frame without an outcome; {@code Long.MAX_VALUE} when there is none. */
    long oldest() {
        return !sent.isEmpty() ? sent.get(0).sequence : fresh.isEmpty() ? Long.MAX_VALUE : fresh.get(0).sequence;
    }

    /** Whether a frame of this size may come in. A frame larger than the ring passes when it is alone. */
    boolean hasRoom(int frameBytes) {
        return isEmpty() || frames() < maxFrames && bytes + frameBytes <= maxBytes;
    }

    void add(RingFrame frame) {
        fresh.add(frame);
        bytes += frame.serializedBytes();
    }

    /** Takes out the oldest frame that was never sent; null when all were. */
    RingFrame dropOldestFresh() {
        if (fresh.isEmpty()) {
            return null;
        }
        RingFrame frame = fresh.remove();
        bytes -= frame.serializedBytes();
        if (frame.buffer() != null) {
            buffers.give(frame.buffer());
        }
        return frame;
    }

    /** Takes out the oldest frame that was never sent in this ring, if the broker took it all the same; 0 if it did not. */
    long passTaken(long through) {
        if (fresh.isEmpty() || fresh.get(0).sequence > through) {
            return 0;
        }
        long sequence = dropOldestFresh().sequence;
        passed(sequence);
        return sequence;
    }

    /** This frame needs no sending: it counts as sent. */
    void passed(long sequence) {
        highestSent = Math.max(highestSent, sequence);
    }

    /** Whether the oldest frame that was never sent is of no use without the one before it. */
    boolean freshDependsOnEarlier() {
        return !fresh.isEmpty() && fresh.get(0).dependsOnEarlier;
    }

    boolean hasFresh() {
        return !fresh.isEmpty();
    }

    /** Whether what could be sent is better held back until the next ack: many more frames a message, at high rates. */
    boolean gathers() {
        return inFlightFrames >= GATHER_FROM_IN_FLIGHT
                && frames() - cursor < GATHER_FRAMES
                && bytes - inFlightBytes < GATHER_BYTES;
    }

    /** Gives the arrays of frames that are over to others. Only for the drainer, when it is not copying. */
    void reuseBuffers() {
        if (!spent.isEmpty()) {
            spent.forEach(buffers::give);
            spent.clear();
        }
    }

    /** A call begins: nothing has been sent in it. */
    void startCall() {
        cursor = 0;
        inFlightFrames = 0;
        inFlightBytes = 0;
    }

    /** The next frame to be sent; null when there is none. */
    RingFrame peek() {
        skipResolved();
        return cursor < sent.size() ? sent.get(cursor) : fresh.isEmpty() ? null : fresh.get(0);
    }

    /**
     * Takes the next frames to be sent, as many as fit in one message and in the window; empty when none do.
     *
     * @param maxMessageBytes largest message; the first frame is taken even if it is larger
     */
    List<RingFrame> next(int maxMessageBytes, long windowFrames, long windowBytes) {
        List<RingFrame> batch = List.of();
        long batchBytes = 2 * BATCH_OVERHEAD_BYTES;
        long batchLimit = Math.min(maxMessageBytes, MAX_BATCH_BYTES);
        for (RingFrame frame = peek(); frame != null; frame = peek()) {
            long withFrame = batchBytes + frame.serializedBytes() + BATCH_OVERHEAD_BYTES;
            boolean fitsMessage = batch.isEmpty() || batch.size() < MAX_BATCH_FRAMES && withFrame <= batchLimit;
            if (!fitsMessage || !fitsWindow(frame, windowFrames, windowBytes)) {
                break;
            }
            if (batch.isEmpty()) {
                batch = new ArrayList<>(Math.min(MAX_BATCH_FRAMES, 1 + frames() - cursor));
            }
            batch.add(frame);
            batchBytes = withFrame;
            markSent(frame);
        }
        return batch;
    }

    /** The broker says what became of one frame. False when its outcome was known, or it is not ours. */
    boolean except(long sequence) {
        int index = sent.indexOf(sequence);
        if (index < 0 || sent.get(index).resolved()) {
            return false;
        }
        RingFrame frame = sent.get(index);
        frame.resolve();
        release(frame, index < cursor);
        trim();
        return true;
    }

    /** Everything sent in this call up to this sequence has its outcome. Returns how many had none yet. */
    int acked(long sequence) {
        int count = 0;
        while (cursor > 0 && sent.get(0).sequence <= sequence) {
            count += removeOldest();
        }
        trim();
        return count;
    }

    /** At the start of a call: everything ever sent up to this sequence has its outcome. */
    int resumed(long sequence) {
        int count = 0;
        while (!sent.isEmpty() && sent.get(0).sequence <= sequence) {
            count += removeOldest();
        }
        trim();
        return count;
    }

    /** Takes out the oldest frame that was sent and has no outcome; null when there is none. */
    RingFrame removeOldestSent() {
        if (sent.isEmpty()) {
            return null;
        }
        RingFrame frame = sent.get(0);
        removeOldest();
        trim();
        return frame;
    }

    /** Takes out the frame that {@link #peek} shows, and nothing else. */
    void removeNext() {
        RingFrame frame = peek();
        if (cursor < sent.size()) {
            except(frame.sequence);
        } else {
            dropOldestFresh();
        }
    }

    private boolean fitsWindow(RingFrame frame, long windowFrames, long windowBytes) {
        if (inFlightFrames >= windowFrames) {
            return false;
        }
        return inFlightFrames == 0 || inFlightBytes + frame.serializedBytes() <= windowBytes;
    }

    private void markSent(RingFrame frame) {
        if (cursor == sent.size()) {
            sent.add(fresh.remove());
            highestSent = frame.sequence;
        }
        cursor++;
        inFlightFrames++;
        inFlightBytes += frame.serializedBytes();
    }

    /** Removes the head of what was sent; 1 when it had no outcome before, else 0. */
    private int removeOldest() {
        RingFrame frame = sent.remove();
        boolean inCall = cursor > 0;
        if (inCall) {
            cursor--;
        }
        if (frame.resolved()) {
            return 0;
        }
        release(frame, inCall);
        return 1;
    }

    private void release(RingFrame frame, boolean inCall) {
        bytes -= frame.serializedBytes();
        if (frame.buffer() != null) {
            spent.add(frame.buffer());
        }
        if (inCall) {
            inFlightFrames--;
            inFlightBytes -= frame.serializedBytes();
        }
    }

    private void trim() {
        while (!sent.isEmpty() && sent.get(0).resolved()) {
            removeOldest();
        }
    }

    private void skipResolved() {
        while (cursor < sent.size() && sent.get(cursor).resolved()) {
            cursor++;
        }
    }
}
