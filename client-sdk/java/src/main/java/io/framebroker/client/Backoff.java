package io.framebroker.client;

/**
 * How long to wait before the next attempt to connect: a random part of a bound that doubles with each failure ("full
 * jitter"), so that clients that lost the same broker do not come back at the same moment. Not thread-safe.
 */
final class Backoff {
    private final long minNanos;
    private final long maxNanos;
    private final Timers timers;

    private long boundNanos;

    Backoff(long minNanos, long maxNanos, Timers timers) {
        this.minNanos = minNanos;
        this.maxNanos = maxNanos;
        this.timers = timers;
        this.boundNanos = minNanos;
    }

    /**
     * Delay before the next attempt.
     *
     * @param askedNanos what the broker asked for; the random part comes on top of it. 0 for none.
     */
    long nextNanos(long askedNanos) {
        long bound = boundNanos;
        boundNanos = Math.min(maxNanos, bound > maxNanos / 2 ? maxNanos : bound * 2);
        return askedNanos + timers.random(bound + 1);
    }

    /** A connection has proved useful: the next failure starts from the smallest bound again. */
    void reset() {
        boundNanos = minNanos;
    }
}
