package io.framebroker.server.store.redis;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before Redis is tried again: anything between nothing and a ceiling that doubles with every failure.
 * Over the whole range, because those who lost their connections together are spread best so.
 *
 * @param firstMillis ceiling after the first failure, 1 or more
 * @param mostMillis highest ceiling, not below the first
 * @param random gives 0 (included) to 1 (excluded), on any thread
 */
record RedisBackoff(long firstMillis, long mostMillis, DoubleSupplier random) {
    RedisBackoff {
        RedisSettings.inRange("first backoff in ms", firstMillis, 1, mostMillis);
    }

    /** 200 ms, doubled up to 5 s. */
    static RedisBackoff standard() {
        return new RedisBackoff(200, 5_000, () -> ThreadLocalRandom.current().nextDouble());
    }

    /** @param failures in a row, 1 or more */
    long nanos(int failures) {
        int doublings = Math.min(Math.max(failures - 1, 0), 30);
        // Compared before it is doubled: that may leave the range.
        long ceiling = firstMillis > mostMillis >> doublings ? mostMillis : firstMillis << doublings;
        return (long) (TimeUnit.MILLISECONDS.toNanos(ceiling) * random.getAsDouble());
    }
}
