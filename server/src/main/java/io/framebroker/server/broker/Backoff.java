package io.framebroker.server.broker;

/** How long a frame rests before it is tried again: 0.5 s, doubled each time up to 30 s, less up to a fifth. */
final class Backoff {
    private static final long FIRST_NANOS = 500_000_000L;
    private static final long MOST_NANOS = 30_000_000_000L;

    private Backoff() {}

    /** The spread comes from the ordinal, so that frames that failed together do not come back together. */
    static long nanos(int attempt, long ordinal) {
        int doublings = Math.min(Math.max(attempt - 1, 0), 10);
        long wait = Math.min(MOST_NANOS, FIRST_NANOS << doublings);
        long hash = (ordinal * 31 + attempt) * 0x9E3779B97F4A7C15L >>> 40;
        return wait - wait / 5 * (hash & 0xFF) / 255;
    }
}
