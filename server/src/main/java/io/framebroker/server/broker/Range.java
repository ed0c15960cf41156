package io.framebroker.server.broker;

/**
 * How far a group goes, and how fast: without end and at once, but for REPLAY. Guarded by the stream's lock.
 */
final class Range {
    private final long last;
    private final Pace pace;
    private boolean over;

    private Range(long last, double maxFps) {
        this.last = last;
        this.pace = new Pace(maxFps);
    }

    /** @param base ordinal in front of the first frame of the group */
    static Range of(Mode mode, long base, StreamStore store) {
        if (!(mode instanceof Mode.Replay replay)) {
            return new Range(Long.MAX_VALUE, 0);
        }
        if (replay.follow()) {
            return new Range(Long.MAX_VALUE, replay.maxFps());
        }
        long last =
                replay.until() == null ? store.lastOrdinal() : replay.until().baseIn(store);
        return new Range(Math.max(base, last), replay.maxFps());
    }

    /** Ordinal of the last frame wanted. */
    long last() {
        return last;
    }

    /** Most frames that may go together. */
    int most(int frames) {
        return pace.most(frames);
    }

    /** Nanoseconds until the next frame may go; 0 when it may go now. */
    long untilNext(long now) {
        return pace.untilNext(now);
    }

    /** Frames go, no more than {@link #most}. */
    void gone(long now) {
        pace.gone(now);
    }

    /**
     * Whether all of it is settled. True once.
     *
     * @param low ordinal of the oldest frame the group has not settled
     */
    boolean isOver(long low) {
        boolean first = !over && low > last;
        over |= first;
        return first;
    }
}
