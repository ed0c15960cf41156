package io.framebroker.server.broker;

import java.util.stream.LongStream;

/** How long things took, counted by size. Guarded by the stream's lock. */
final class Durations {
    private static final long[] BOUNDS_MICROS = LongStream.of(
                    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
            .map(millis -> millis * 1_000)
            .toArray();

    private final long[] counts = new long[BOUNDS_MICROS.length + 1];
    private long sumMicros;

    void add(long micros) {
        int slot = 0;
        while (slot < BOUNDS_MICROS.length && micros > BOUNDS_MICROS[slot]) {
            slot++;
        }
        counts[slot]++;
        // Clocks of several machines may tell of the future.
        sumMicros += Math.max(0, micros);
    }

    DurationCounts view() {
        return new DurationCounts(BOUNDS_MICROS.clone(), counts.clone(), sumMicros);
    }
}
