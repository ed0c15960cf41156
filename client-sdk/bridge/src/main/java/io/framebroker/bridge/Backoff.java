package io.framebroker.bridge;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waiting times between attempts: a random part, never less than {@code first}, of a bound that doubles up to {@code most}. Not
 * thread-safe.
 */
final class Backoff {
    private final long firstMillis;
    private final long mostMillis;
    private final RandomGenerator random;

    private long boundMillis;

    Backoff(Duration first, Duration most, RandomGenerator random) {
        this.firstMillis = first.toMillis();
        this.mostMillis = most.toMillis();
        this.random = random;
        reset();
    }

    long nextMillis() {
        long millis = firstMillis + random.nextLong(boundMillis - firstMillis + 1);
        boundMillis = Math.min(mostMillis, 2 * boundMillis);
        return millis;
    }

    /** It works again. */
    void reset() {
        boundMillis = Math.min(mostMillis, 2 * firstMillis);
    }
}
