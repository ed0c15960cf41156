package io.framebroker.server.broker;

/**
 * Spaces the frames of one stream evenly, so that a consumer gets at most so many in a second. Guarded by the stream's
 * lock.
 */
final class Pace {
    private static final double LEAST_FPS = 0.001;
    private static final double MOST_FPS = 1_000_000;
    /** How late whoever ticks may be without slowing the pace down. */
    private static final long CATCH_UP_NANOS = 20_000_000L;

    /** 0 for no pace. */
    private final long intervalNanos;

    private boolean begun;
    private long nextNanos;

    /** @param maxFps 0 for no pace */
    Pace(double maxFps) {
        this.intervalNanos = maxFps == 0 ? 0 : (long) (1e9 / maxFps);
    }

    static void check(double maxFps) {
        // Written so that what is no number is refused.
        if (maxFps != 0 && !(maxFps >= LEAST_FPS && maxFps <= MOST_FPS)) {
            throw BrokerException.invalid("open.max_fps", maxFps + " is neither 0 nor in 0.001 .. 1000000");
        }
    }

    /** Most frames that may go together. */
    int most(int frames) {
        return intervalNanos == 0 ? frames : Math.min(1, frames);
    }

    /** Nanoseconds until the next frame may go; 0 when it may go now. */
    long untilNext(long now) {
        return intervalNanos == 0 || !begun ? 0 : Math.max(0, nextNanos - now);
    }

    /** A frame goes. */
    void gone(long now) {
        long catchUp = now - CATCH_UP_NANOS;
        if (!begun) {
            nextNanos = now;
            begun = true;
        } else if (nextNanos - catchUp < 0) {
            nextNanos = catchUp;
        }
        nextNanos += intervalNanos;
    }
}
