package io.framebroker.server.broker;

import java.util.List;

/**
 * How much one consumer may have un-settled, in frames and bytes, over all its streams. Room is taken on delivery and
 * comes back once, when the delivery ends. Thread-safe: streams share it.
 *
 * <p>A frame may be out alone: then nothing else was outstanding when it went, and nobody takes room until it is back. So
 * that such a frame need not wait for ever for a consumer that is always busy, one of those who share the window may claim
 * it: nobody else takes room from then on, until that one has had its turn or has given its claim up.
 */
public final class Window {
    public static final int MOST_FRAMES = 100_000;
    public static final long DEFAULT_BYTES = 64L << 20;

    private int maxFrames;
    private long maxBytes;
    private int outstandingFrames;
    private long outstandingBytes;
    /** What is outstanding is to stay alone. */
    private boolean closed;
    /** Who waits for nothing to be outstanding; null while nobody does. */
    private Object claimant;
    /** Nobody has said how large it is: one frame for each stream. */
    private boolean growsWithStreams;

    /**
     * @param maxFrames 1..100000
     * @param maxBytes 1 or more; 0 for the default of 64 MiB
     */
    public Window(int maxFrames, long maxBytes) {
        resize(maxFrames, maxBytes);
    }

    /** One frame for each stream there is at the time, until it is resized. */
    public static Window ofStreams() {
        Window window = new Window(1, DEFAULT_BYTES);
        window.growsWithStreams = true;
        return window;
    }

    /** There are so many streams now. */
    synchronized void streams(int streams) {
        if (growsWithStreams) {
            maxFrames = Math.max(1, streams);
        }
    }

    public synchronized void resize(int newMaxFrames, long newMaxBytes) {
        if (newMaxFrames < 1 || newMaxFrames > MOST_FRAMES) {
            throw BrokerException.invalid(
                    "window.max_frames",
                    newMaxFrames + " is outside 1.." + MOST_FRAMES + "; to stop deliveries for a while send `pause`");
        }
        if (newMaxBytes < 0) {
            throw BrokerException.invalid("window.max_bytes", newMaxBytes + " is negative; 0 stands for 64 MiB");
        }
        growsWithStreams = false;
        maxFrames = newMaxFrames;
        maxBytes = newMaxBytes == 0 ? DEFAULT_BYTES : newMaxBytes;
    }

    public synchronized int maxFrames() {
        return maxFrames;
    }

    public synchronized long maxBytes() {
        return maxBytes;
    }

    public synchronized int outstandingFrames() {
        return outstandingFrames;
    }

    public synchronized long outstandingBytes() {
        return outstandingBytes;
    }

    synchronized int freeFrames() {
        return mayTake() ? Math.max(0, maxFrames - outstandingFrames) : 0;
    }

    private boolean mayTake() {
        return !closed && claimant == null;
    }

    /** Bytes that may still go out; one byte when nothing is outstanding and so any frame may pass. */
    synchronized long freeBytes() {
        return Math.max(outstandingFrames == 0 ? 1 : 0, maxBytes - outstandingBytes);
    }

    /** Takes room for one frame. A frame of any size passes when nothing is outstanding. */
    synchronized boolean tryTake(int bytes) {
        if (!hasRoom(bytes)) {
            return false;
        }
        outstandingFrames++;
        outstandingBytes += bytes;
        return true;
    }

    /**
     * Takes room for these frames, from the first on, as far as there is room and they are of the first one's publisher: one
     * lock for all of them.
     *
     * @return for how many
     */
    synchronized int tryTake(List<Frame> frames) {
        PublisherKey publisher = frames.get(0).publisher();
        int taken = 0;
        for (Frame frame : frames) {
            if (!publisher.equals(frame.publisher()) || !hasRoom(frame.bytes())) {
                break;
            }
            outstandingFrames++;
            outstandingBytes += frame.bytes();
            taken++;
        }
        return taken;
    }

    /** Whether a frame of that size would get room now. */
    synchronized boolean hasRoom(int bytes) {
        return mayTake()
                && outstandingFrames < maxFrames
                && (outstandingFrames == 0 || bytes <= maxBytes - outstandingBytes);
    }

    /**
     * Takes all room there is, for one frame of any size, when nothing is outstanding. A claim of the same taker is
     * fulfilled by that; while somebody else has one, there is nothing to take.
     */
    synchronized boolean tryTakeAlone(int bytes, Object by) {
        if (outstandingFrames > 0 || claimant != null && claimant != by) {
            return false;
        }
        claimant = null;
        takeAlone(bytes);
        return true;
    }

    /**
     * Has nobody else take room until nothing is outstanding. Returns whether the claim stands: only one can, and none
     * while a frame is out alone.
     */
    synchronized boolean tryClaim(Object by) {
        if (claimant == null && !closed) {
            claimant = by;
        }
        return claimant == by;
    }

    /** The same, only if nothing is outstanding now. */
    synchronized boolean tryClaimEmpty(Object by) {
        return outstandingFrames == 0 && tryClaim(by);
    }

    /** Gives a claim up. Returns whether there was one. */
    synchronized boolean disclaim(Object by) {
        boolean claimed = claimant == by;
        claimant = claimed ? null : claimant;
        return claimed;
    }

    /** Takes room that a returning consumer's deliveries need, even above the limits. */
    synchronized void take(int frames, long bytes) {
        outstandingFrames += frames;
        outstandingBytes += bytes;
    }

    /** The same, for a frame that is out alone. */
    synchronized void takeAlone(int bytes) {
        take(1, bytes);
        closed = true;
    }

    synchronized void giveBack(int frames, long bytes) {
        if (frames > outstandingFrames || bytes > outstandingBytes) {
            throw new IllegalStateException("window gets back " + frames + " frames, " + bytes + " bytes, but only "
                    + outstandingFrames + " frames, " + outstandingBytes + " bytes are outstanding");
        }
        outstandingFrames -= frames;
        outstandingBytes -= bytes;
        closed &= outstandingFrames > 0;
    }

    @Override
    public synchronized String toString() {
        return outstandingFrames + "/" + maxFrames + " frames, " + outstandingBytes + "/" + maxBytes + " bytes"
                + (closed ? ", alone" : "") + (claimant == null ? "" : ", claimed by " + claimant);
    }
}
