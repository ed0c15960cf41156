package io.framebroker.loadgen.chaos;

import java.util.Random;

/** What happens to the bytes that pass a {@link FaultProxy}, and how many did. For the proxy's thread. */
final class Traffic {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    boolean upHeld;
    boolean downHeld;

    /** Bytes a second of each direction of each connection. */
    long bytesPerSecond = NO_LIMIT;

    /** Bytes until all connections are cut. */
    long bytesLeft = NO_LIMIT;

    long upBytes;
    long downBytes;

    private long delayNanos;
    private long jitterNanos;
    private Random random = new Random(0);

    void pass() {
        upHeld = false;
        downHeld = false;
        bytesPerSecond = NO_LIMIT;
        bytesLeft = NO_LIMIT;
        delayNanos = 0;
        jitterNanos = 0;
    }

    void delay(long nanos, long jitter, long seed) {
        delayNanos = nanos;
        jitterNanos = jitter;
        random = new Random(seed);
    }

    boolean held(boolean up) {
        return up ? upHeld : downHeld;
    }

    /** How long bytes that come now are kept. */
    long nextDelayNanos() {
        return jitterNanos == 0 ? delayNanos : delayNanos + (long) (random.nextDouble() * jitterNanos);
    }

    /** How long so many bytes occupy their direction. */
    long lengthNanos(int bytes) {
        return bytesPerSecond == NO_LIMIT ? 0 : bytes * 1_000_000_000L / bytesPerSecond;
    }

    void passed(boolean up, int bytes) {
        if (up) {
            upBytes += bytes;
        } else {
            downBytes += bytes;
        }
        if (bytesLeft != NO_LIMIT) {
            bytesLeft -= bytes;
        }
    }
}
