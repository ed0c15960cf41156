package io.framebroker.server.broker;

import java.util.stream.LongStream;

/** How long things took, counted by size. Guarded by whoever has it; in the core that is the stream's lock. */
public final class Durations {
    /** What frames wait for. */
    private static final long[] BOUNDS_MICROS = LongStream.of(
                    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
            .map(millis -> millis * 1_000)
            .toArray();

    private static final long[] NETWORK_BOUNDS_MICROS = {
        50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000
    };

    private final long[] boundsMicros;
    private final long[] counts;
    private long sumMicros;
    /** Where the last one was counted: the next one is often like it. */
    private int lastSlot;

    Durations() {
        this(BOUNDS_MICROS);
    }

    private Durations(long[] boundsMicros) {
        this.boundsMicros = boundsMicros;
        this.counts = new long[boundsMicros.length + 1];
    }

    /** Of questions to another process. */
    public static Durations overNetwork() {
        return new Durations(NETWORK_BOUNDS_MICROS);
    }

    public void add(long micros) {
        int slot = lastSlot;
        while (slot < boundsMicros.length && micros > boundsMicros[slot]) {
            slot++;
        }
        while (slot > 0 && micros <= boundsMicros[slot - 1]) {
            slot--;
        }
        lastSlot = slot;
        counts[slot]++;
        // Clocks of several machines may tell of the future.
        sumMicros += Math.max(0, micros);
    }

    public DurationCounts view() {
        return new DurationCounts(boundsMicros.clone(), counts.clone(), sumMicros);
    }
}
