package io.framebroker.examples.capture;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waiting times between attempts to reach a source: they double from {@code first} to {@code most}, and each is drawn from
 * the upper half of its step, so that many cameras behind one switch do not come back in the same instant. Not
 * thread-safe.
 */
final class Backoff {

    private final long firstMillis;
    private final long mostMillis;
    private final RandomGenerator random;

    private long stepMillis;

    Backoff(Duration first, Duration most, RandomGenerator random) {
        this.firstMillis = first.toMillis();
        this.mostMillis = most.toMillis();
        this.random = random;
        if (firstMillis < 1 || mostMillis < firstMillis) {
            throw new IllegalArgumentException("backoff from " + first + " to " + most);
        }
        reset();
    }

    /** Time to wait now, between {@code first} and {@code most}. */
    long nextMillis() {
        long step = stepMillis;
        stepMillis = Math.min(mostMillis, 2 * step);
        return Math.max(firstMillis, step - random.nextLong(step / 2 + 1));
    }

    /** The source works again. */
    void reset() {
        stepMillis = Math.min(mostMillis, 2 * firstMillis);
    }
}
