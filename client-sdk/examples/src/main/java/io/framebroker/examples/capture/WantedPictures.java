package io.framebroker.examples.capture;

import io.framebroker.v1.Demand;

/**
 * Which pictures of a camera are wanted, by what the broker tells of its consumers. Until it has told: all.
 *
 * <p>None are wanted only when there is neither a consumer nor a group: a group whose consumers are away for a moment waits
 * for what comes meanwhile. Where less than everything is wanted, pictures are taken evenly, at that rate on average. Times
 * are {@link System#nanoTime()}. Thread-safe.
 */
final class WantedPictures {

    private final long closeAfterNanos;
    /** 0 for no limit. */
    private long intervalNanos;

    private long nextNanos;
    private boolean begun;
    private boolean nobody;
    private long nobodySinceNanos;

    /** @param closeAfterNanos how long nobody must have wanted any before the source is of no use */
    WantedPictures(long closeAfterNanos) {
        this.closeAfterNanos = closeAfterNanos;
    }

    /** The broker tells who wants the stream. */
    synchronized void told(Demand demand, long nowNanos) {
        boolean before = nobody;
        nobody = demand.getConsumers() == 0 && demand.getGroups() == 0;
        if (nobody && !before) {
            nobodySinceNanos = nowNanos;
        }
        long interval = demand.getWantedFps() > 0 ? Math.round(1e9 / demand.getWantedFps()) : 0;
        if (interval != intervalNanos) {
            // The first picture at another rate goes at once.
            intervalNanos = interval;
            begun = false;
        }
        notifyAll();
    }

    /** Whether a picture of this moment is wanted; it counts as taken then. */
    synchronized boolean takes(long nowNanos) {
        if (nobody) {
            return false;
        }
        if (intervalNanos == 0) {
            return true;
        }
        if (begun && nowNanos - nextNanos < 0) {
            return false;
        }
        // By the schedule, not by the last picture: a camera's pictures never come when they are due.
        nextNanos =
                begun && nowNanos - nextNanos < intervalNanos ? nextNanos + intervalNanos : nowNanos + intervalNanos;
        begun = true;
        return true;
    }

    synchronized boolean nobody() {
        return nobody;
    }

    /** Whether nobody has wanted any for so long that the source may be closed. */
    synchronized boolean nobodyForLong(long nowNanos) {
        return nobody && nowNanos - nobodySinceNanos >= closeAfterNanos;
    }

    /** Returns when somebody wants pictures. */
    synchronized void awaitSomebody() throws InterruptedException {
        while (nobody) {
            wait();
        }
    }
}
