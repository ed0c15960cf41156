package io.framebroker.loadgen.load;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Says when each frame of a camera is due, and waits for it. Open loop: frame k is due at start + k / rate whatever
 * became of the frames before it, so a stall shows as latency of every frame it delayed and never as a lower rate
 * (no coordinated omission). Used by one thread.
 */
public final class Pacer {
    /** A monotonic clock and a way to wait for it. */
    public interface Clock {
        Clock SYSTEM = new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public long wallMicros() {
                return Stamp.nowMicros();
            }

            @Override
            public void sleep(long nanos) {
                LockSupport.parkNanos(nanos);
            }
        };

        long nanoTime();

        /** Microseconds since 1970. */
        long wallMicros();

        /** Waits about this long; may return early. */
        void sleep(long nanos);
    }

    private static final long MOST_BETWEEN_CLOCKS_NANOS = 20_000;
    private static final int MOST_TRIES = 1_000;

    private final Clock clock;

    /** 0 for flat out. */
    private double framesPerSecond;

    /** Start of the schedule, by both clocks. */
    private long startNanos;

    private long startMicros;
    private long frames;

    /** Frames a second; 0 for flat out: then every frame is due when it is asked for. */
    public Pacer(double framesPerSecond, Clock clock) {
        this.framesPerSecond = framesPerSecond;
        this.clock = clock;
        restart(0);
    }

    /** Begins a schedule of so many frames a second, whose first one is due {@code delayNanos} from now. */
    public void restart(long delayNanos, double newFramesPerSecond) {
        framesPerSecond = newFramesPerSecond;
        restart(delayNanos);
    }

    /** Begins a schedule whose first frame is due {@code delayNanos} from now. */
    public void restart(long delayNanos) {
        long before;
        long wallMicros;
        long after;
        int tries = 0;
        // Whatever comes between the two clocks would make every frame look so much younger, or older.
        do {
            before = clock.nanoTime();
            wallMicros = clock.wallMicros();
            after = clock.nanoTime();
        } while (after - before > MOST_BETWEEN_CLOCKS_NANOS && ++tries < MOST_TRIES);
        startNanos = after + delayNanos;
        startMicros = wallMicros + delayNanos / 1_000;
        frames = 0;
    }

    /**
     * Takes the next {@code into.length} frames off the schedule, stores when each is due, in microseconds since 1970, and
     * waits until the last of them is. Late frames keep their due times and are not waited for.
     */
    public void next(long[] into) {
        if (framesPerSecond == 0) {
            java.util.Arrays.fill(into, clock.wallMicros());
            return;
        }
        long dueNanos = 0;
        for (int i = 0; i < into.length; i++) {
            dueNanos = (long) (frames++ * (TimeUnit.SECONDS.toNanos(1) / framesPerSecond));
            into[i] = startMicros + dueNanos / 1_000;
        }
        long left;
        while ((left = startNanos + dueNanos - clock.nanoTime()) > 0
                && !Thread.currentThread().isInterrupted()) {
            clock.sleep(left);
        }
    }
}
