package io.framebroker.examples.capture;

/**
 * Estimates what a camera would have sent while it was away: its frame rate times the time. The rate is the one the
 * operator named, else the one seen before the outage; a camera that was never seen and has no named rate has no estimate.
 * Times are {@link System#nanoTime()}. Not thread-safe.
 */
final class OutageMeter {

    private static final int REMEMBERED = 128;
    /** A shorter run says nothing: the first pictures of a connection come in a burst. */
    private static final long SHORTEST_RUN_NANOS = 1_000_000_000L;

    private final long reportEveryNanos;
    private final boolean rateIsNamed;

    /** Arrival of the newest pictures of this run, a ring. */
    private final long[] arrivals = new long[REMEMBERED];

    private long runPictures;
    private double fps;
    private boolean away;
    private long lastPictureNanos;
    private long lastReportNanos;
    private long reportedInOutage;

    /**
     * @param namedFps pictures a second the source is to give; 0 when not known
     * @param reportEveryNanos how often a lasting outage is reported
     */
    OutageMeter(double namedFps, long reportEveryNanos, long nowNanos) {
        this.fps = namedFps;
        this.rateIsNamed = namedFps > 0;
        this.reportEveryNanos = reportEveryNanos;
        this.lastPictureNanos = nowNanos;
        this.lastReportNanos = nowNanos;
    }

    /** A picture came. Returns how many were lost in the outage it ends and are not reported yet. */
    long picture(long nowNanos) {
        long lost = away ? Math.max(0, missed(nowNanos) - 1 - reportedInOutage) : 0;
        away = false;
        reportedInOutage = 0;
        lastPictureNanos = nowNanos;
        arrivals[(int) (runPictures++ % REMEMBERED)] = nowNanos;
        return lost;
    }

    /** The source is gone, since its last picture. Saying it again changes nothing. */
    void away(long nowNanos) {
        if (!away) {
            fps = currentFps();
            away = true;
            lastReportNanos = nowNanos;
        }
        runPictures = 0;
    }

    /** The source is left alone, by choice. Returns how many were lost in the outage this ends, not reported yet. */
    long rest(long nowNanos) {
        fps = currentFps();
        long lost = away ? Math.max(0, missed(nowNanos) - 1 - reportedInOutage) : 0;
        away = false;
        reportedInOutage = 0;
        runPictures = 0;
        lastPictureNanos = nowNanos;
        return lost;
    }

    /** The source is wanted again: what it is to have lost begins here. Returns how many it would have given meanwhile. */
    long resume(long nowNanos) {
        long leftOut = missed(nowNanos);
        lastPictureNanos = nowNanos;
        return leftOut;
    }

    /** Time passes. Returns how many pictures of a lasting outage are due to be reported. */
    long tick(long nowNanos) {
        if (!away || nowNanos - lastReportNanos < reportEveryNanos) {
            return 0;
        }
        lastReportNanos = nowNanos;
        long lost = Math.max(0, missed(nowNanos) - 1 - reportedInOutage);
        reportedInOutage += lost;
        return lost;
    }

    boolean isAway() {
        return away;
    }

    /** Time since the last picture, or since the start. */
    long silentNanos(long nowNanos) {
        return nowNanos - lastPictureNanos;
    }

    /** Pictures a second of this run; before it says enough, of the run before; 0 when not known. */
    double currentFps() {
        if (rateIsNamed || runPictures < 2) {
            return fps;
        }
        long known = Math.min(runPictures, REMEMBERED);
        long oldest = arrivals[(int) ((runPictures - known) % REMEMBERED)];
        long newest = arrivals[(int) ((runPictures - 1) % REMEMBERED)];
        if (newest - oldest < SHORTEST_RUN_NANOS) {
            return fps;
        }
        return (known - 1) * 1e9 / (newest - oldest);
    }

    private long missed(long nowNanos) {
        return Math.round(fps * silentNanos(nowNanos) / 1e9);
    }
}
