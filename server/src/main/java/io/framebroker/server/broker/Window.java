package io.framebroker.server.broker;

/**
 * How much one consumer may have un-settled, in frames and bytes, over all its streams. Room is taken on delivery and
 * comes back once, when the delivery ends. Thread-safe: streams share it.
 */
public final class Window {
    public static final int MOST_FRAMES = 100_000;
    public static final long DEFAULT_BYTES = 64L << 20;

    private int maxFrames;
    private long maxBytes;
    private int outstandingFrames;
    private long outstandingBytes;

    /**
     * @param maxFrames 1..100000
     * @param maxBytes 1 or more; 0 for the default of 64 MiB
     */
    public Window(int maxFrames, long maxBytes) {
        resize(maxFrames, maxBytes);
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
        return Math.max(0, maxFrames - outstandingFrames);
    }

    /** Bytes that may still go out; one byte when nothing is outstanding and so any frame may pass. */
    synchronized long freeBytes() {
        return Math.max(outstandingFrames == 0 ? 1 : 0, maxBytes - outstandingBytes);
    }

    /** Takes room for one frame. A frame of any size passes when nothing is outstanding. */
    synchronized boolean tryTake(int bytes) {
        if (outstandingFrames >= maxFrames || (outstandingFrames > 0 && bytes > maxBytes - outstandingBytes)) {
            return false;
        }
        outstandingFrames++;
        outstandingBytes += bytes;
        return true;
    }

    /** Takes room that a returning consumer's deliveries need, even above the limits. */
    synchronized void take(int frames, long bytes) {
        outstandingFrames += frames;
        outstandingBytes += bytes;
    }

    synchronized void giveBack(int frames, long bytes) {
        if (frames > outstandingFrames || bytes > outstandingBytes) {
            throw new IllegalStateException("window gets back " + frames + " frames, " + bytes + " bytes, but only "
                    + outstandingFrames + " frames, " + outstandingBytes + " bytes are outstanding");
        }
        outstandingFrames -= frames;
        outstandingBytes -= bytes;
    }

    @Override
    public synchronized String toString() {
        return outstandingFrames + "/" + maxFrames + " frames, " + outstandingBytes + "/" + maxBytes + " bytes";
    }
}
