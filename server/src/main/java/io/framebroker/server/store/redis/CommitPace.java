package io.framebroker.server.store.redis;

/**
 * When Redis is told what it has to know of a stream besides its frames. What nobody needs at once waits, until the last time is
 * {@link #BETWEEN_NANOS} ago or {@link #MOST_BYTES_BETWEEN} of frames were sent since: told by itself, a frame's delivery and its
 * settlement cost Redis and us as much again as a frame of 100 kB does.
 *
 * <p>Times are nanoseconds of one clock. Guarded by the monitor of the stream.
 */
final class CommitPace {
    static final long MOST_BYTES_BETWEEN = 1 << 20;
    static final long BETWEEN_NANOS = 5_000_000;

    /** When something was told last, confirmed or not, and how much of frames was sent since. */
    private long toldNanos;

    private long bytesSinceTold;
    /** Whether there is something to be told, and until when it may wait. */
    private boolean asked;

    private long byNanos;

    CommitPace(long now) {
        toldNanos = now;
    }

    /** Something is to be told now. Returns by when. */
    long atOnce(long now) {
        return tellBy(now);
    }

    /** Something is to be told, and not more often than need be. Returns by when. */
    long next(long now) {
        return tellBy(now + Math.max(0, toldNanos + BETWEEN_NANOS - now));
    }

    /** Something is to be told that may be void in a moment, however long ago the last time is. Returns by when. */
    long later(long now) {
        return tellBy(now + BETWEEN_NANOS);
    }

    private long tellBy(long nanos) {
        if (!asked || nanos - byNanos < 0) {
            byNanos = nanos;
        }
        asked = true;
        return nanos;
    }

    /** Frames of so many bytes are sent. */
    void sends(long bytes) {
        bytesSinceTold += bytes;
    }

    /** Whether there is something to be told that may wait still. */
    boolean mayWait(long now) {
        return asked && byNanos - now > 0 && bytesSinceTold < MOST_BYTES_BETWEEN;
    }

    /** Whether what is to be told may wait for more frames that go to Redis anyway, even if it was asked for at once. */
    boolean mayWaitForFrames(long now) {
        return now - toldNanos < BETWEEN_NANOS && bytesSinceTold < MOST_BYTES_BETWEEN;
    }

    /** How long until something has to be told; {@link Long#MAX_VALUE} when there is nothing. */
    long untilDue(long now) {
        return asked ? byNanos - now : Long.MAX_VALUE;
    }

    /** What was asked for so far is being told, or will be asked for again. */
    void taken() {
        asked = false;
    }

    /** Something is told. */
    void told(long now) {
        toldNanos = now;
        bytesSinceTold = 0;
    }
}
