package io.framebroker.server.broker;

/**
 * A backlog limit in frames that nobody has pinned: small while the backlog is, so that frames do not grow old in it, and
 * doubled whenever a burst needs it and somebody works it off. Guarded by the stream's lock.
 *
 * <p>It doubles, until less than half of it is used, when the slowest group has taken frames since the last time, so that a
 * consumer that is stuck gets no more memory than its window asks for; and when nobody is there who could take them, for
 * then the backlog is what the group counts on. It is halved when for a while not even an eighth of it was used.
 */
final class AdaptiveLimit {
    static final int LEAST_FRAMES = 100;
    static final int MOST_FRAMES = 10_000;
    /** How long there must have been calm before it goes down, and down again. */
    static final long CALM_NANOS = 5_000_000_000L;

    private int frames;
    /** Last frame that was taken when this last went up, or was looked at first; -1 before. */
    private long takenBefore = -1;
    /** Largest backlog since the calm is measured. */
    private long peakFrames;

    private long calmSinceNanos;

    /** @param backlogFrames what there is already, which fits */
    AdaptiveLimit(long backlogFrames, long now) {
        frames = (int) Math.max(LEAST_FRAMES, Math.min(MOST_FRAMES, backlogFrames));
        calmSinceNanos = now;
    }

    int frames() {
        return frames;
    }

    /** What it would be next. */
    int doubled() {
        return Math.min(MOST_FRAMES, 2 * frames);
    }

    /**
     * Looks at a backlog. Returns whether it asks for more room and has earned it: {@link #grow}, if that fits.
     *
     * @param takenThrough last frame that a consumer of the slowest group has taken, without what was skipped; where there is
     *     no group, that the store has got
     * @param unattended whether that group has no consumer now, or is paused, and the publisher would be held for it
     */
    boolean wantsMore(long takenThrough, boolean unattended, long backlogFrames) {
        peakFrames = Math.max(peakFrames, backlogFrames);
        if (takenBefore < 0 || takenThrough < takenBefore) {
            // A group that comes, or goes back, begins with what it finds.
            takenBefore = takenThrough;
        }
        return isHalfUsed(backlogFrames) && (unattended || takenThrough > takenBefore);
    }

    /** Whether it is to go up, and up again: a message may bring several times as much as there was room for. */
    boolean isHalfUsed(long backlogFrames) {
        return backlogFrames >= frames / 2 && frames < MOST_FRAMES;
    }

    void grow(long takenThrough, long now) {
        frames = doubled();
        takenBefore = takenThrough;
        calmSinceNanos = now;
        peakFrames = 0;
    }

    /** Goes down when it is time. Returns nanoseconds until the next look; {@link Long#MAX_VALUE} when there is none. */
    long tick(long now, long backlogFrames) {
        if (frames == LEAST_FRAMES) {
            return Long.MAX_VALUE;
        }
        long left = calmSinceNanos + CALM_NANOS - now;
        if (left > 0) {
            return left;
        }
        if (Math.max(peakFrames, backlogFrames) < frames / 8) {
            frames = Math.max(LEAST_FRAMES, frames / 2);
        }
        peakFrames = 0;
        calmSinceNanos = now;
        return frames == LEAST_FRAMES ? Long.MAX_VALUE : CALM_NANOS;
    }

    @Override
    public String toString() {
        return frames + " frames, adaptive";
    }
}
