package io.framebroker.server.broker;

/**
 * The frames a stream keeps: how many and how large, whether there is room for more, and which may go. Guarded by the
 * stream's lock.
 *
 * <p>The backlog proper is the part from the oldest frame that a protected group has not settled; what lies before it is
 * history.
 */
final class Backlog {
    /** What a frame costs beside its bytes, roughly, in bytes. */
    static final int FRAME_OVERHEAD_BYTES = 256;

    private final Broker broker;
    private final FrameMemory memory;
    private final Span span;
    /**
     * What each frame keeps alive, beside what it measures: the frames of a message lie in one array, which goes with the
     * last of them.
     */
    private final Span charges;

    private StreamSettings settings;
    /** The limit in frames; null when it is pinned. */
    private AdaptiveLimit adaptive;

    Backlog(Broker broker, StreamSettings settings, long nextOrdinal) {
        this.broker = broker;
        this.memory = broker.memory();
        this.settings = settings;
        this.span = new Span(nextOrdinal);
        this.charges = new Span(nextOrdinal);
        this.adaptive =
                settings.isAdaptive() ? new AdaptiveLimit(0, broker.clock().nanos()) : null;
    }

    StreamSettings settings() {
        return settings;
    }

    /** @param low oldest frame that somebody has yet to settle, or the store to confirm */
    void settings(StreamSettings changed, long low) {
        settings = changed;
        if (!changed.isAdaptive()) {
            adaptive = null;
        } else if (adaptive == null) {
            goesOnWith(low);
        }
    }

    /** What is there already is not to be above the limit, where that is nobody's wish. */
    void goesOnWith(long low) {
        if (settings.isAdaptive()) {
            adaptive = new AdaptiveLimit(span.next() - low, broker.clock().nanos());
        }
    }

    /** The limit in frames, as it is now. */
    int maxFrames() {
        return adaptive == null ? settings.maxBacklogFrames() : adaptive.frames();
    }

    /**
     * Raises a limit that is not pinned, where the backlog asks for that and there is memory for it. Returns whether it
     * did.
     *
     * @param takenThrough last frame that a consumer of the slowest group has taken, without what was skipped; where there is
     *     no group, that the store has got
     * @param unattended whether that group has no consumer now, or is paused, and the publisher would be held for it
     */
    boolean adapt(long low, long takenThrough, boolean unattended) {
        long there = span.next() - low;
        if (adaptive == null
                || !adaptive.wantsMore(takenThrough, unattended, there)
                || !fits(adaptive.doubled(), low)) {
            return false;
        }
        adaptive.grow(takenThrough, broker.clock().nanos());
        while (adaptive.isHalfUsed(there) && fits(adaptive.doubled(), low)) {
            adaptive.grow(takenThrough, broker.clock().nanos());
        }
        return true;
    }

    /** Whether so many frames like those in the backlog are within the limits in bytes, the stream's and the broker's. */
    private boolean fits(int frames, long low) {
        long there = span.next() - low;
        long frameBytes = span.bytesFrom(low) / there + FRAME_OVERHEAD_BYTES;
        return frameBytes * frames <= settings.maxBacklogBytes()
                && memory.keptBytes() + frameBytes * (frames - there) <= memory.keptLimit();
    }

    /** Lowers a limit that is not pinned, after calm. Returns nanoseconds until the next look. */
    long tick(long low) {
        return adaptive == null ? Long.MAX_VALUE : adaptive.tick(broker.clock().nanos(), span.next() - low);
    }

    /** Ordinal of the oldest frame kept. */
    long first() {
        return span.first();
    }

    /** Ordinal of the oldest frame that memory may hold. */
    long firstInMemory() {
        return charges.first();
    }

    /** Ordinal the next frame will have. */
    long next() {
        return span.next();
    }

    long bytesFrom(long ordinal) {
        return span.bytesFrom(ordinal);
    }

    /** @param lastOfArray whether no later frame lies in the same array */
    void add(FrameContent content, boolean lastOfArray) {
        int charge = FRAME_OVERHEAD_BYTES + (lastOfArray ? content.array().length : 0);
        span.add(content.length());
        charges.add(charge);
        memory.keep(charge);
    }

    /** A frame that the store had already, in an array of its own. */
    void add(int bytes) {
        int charge = FRAME_OVERHEAD_BYTES + bytes;
        span.add(bytes);
        charges.add(charge);
        memory.keep(charge);
    }

    void dropThrough(long ordinal) {
        if (ordinal >= span.first()) {
            span.dropThrough(ordinal);
            cooled(ordinal);
        }
    }

    /** Frames up to this ordinal are in memory no more. */
    void cooled(long ordinal) {
        if (ordinal >= charges.first()) {
            memory.release(charges.bytesFrom(charges.first()) - charges.bytesFrom(ordinal + 1));
            charges.dropThrough(ordinal);
        }
    }

    /**
     * The last frame that may leave memory, so that this stream takes no more than half its share.
     *
     * @param newest newest stored frame, which stays: it is asked for most
     */
    long coolThrough(long newest) {
        long share = share();
        // By halves: a store that cannot let anything go is asked again with every frame.
        long stays = charges.first();
        long end = Math.max(stays, newest);
        while (stays < end) {
            long middle = stays + (end - stays) / 2;
            if (charges.bytesFrom(middle) > share) {
                stays = middle + 1;
            } else {
                end = middle;
            }
        }
        return stays - 1;
    }

    /**
     * Why there is no room for another message; null when there is.
     *
     * @param low oldest frame that somebody has yet to settle, or the store to confirm
     * @param holder who that is, for people
     */
    String fullBecause(long low, String holder) {
        long frames = span.next() - low;
        if (frames >= spanFrames()) {
            return holder + ": " + frames + " of " + spanFrames() + " backlog frames unsettled";
        }
        long bytes = span.bytesFrom(low);
        if (bytes >= spanBytes()) {
            return holder + ": " + bytes + " of " + spanBytes() + " backlog bytes unsettled";
        }
        if (!isAdmitted()) {
            return "broker memory: " + memory.keptBytes() + " of " + memory.keptLimit()
                    + " bytes kept, this stream is above its share";
        }
        return null;
    }

    /** Whether so much is in the backlog as may be; where there is no room all the same, it is the broker's memory. */
    boolean isAtLimit(long low) {
        return span.next() - low >= spanFrames() || span.bytesFrom(low) >= spanBytes();
    }

    /** Whether an eighth of the limits is free again, so that a publisher that was told to wait need not be told at once again. */
    boolean hasEased(long low) {
        long frames = span.next() - low;
        return frames <= spanFrames() - spanFrames() / 8 && span.bytesFrom(low) <= spanBytes() - spanBytes() / 8;
    }

    private boolean isAdmitted() {
        return memory.admits(charges.bytesFrom(charges.first()), broker.streamCount());
    }

    /**
     * Frames from the oldest unsettled one on at which the publisher waits. Under DROP_OLDEST the limit is for the waiting
     * ones; what was skipped behind a pending one stays until that is settled, and may be as much again.
     */
    private long spanFrames() {
        return dropsOldest() ? 2L * maxFrames() : maxFrames();
    }

    private long spanBytes() {
        long most = settings.maxBacklogBytes();
        return dropsOldest() ? Math.max(most, Math.min(most, Long.MAX_VALUE / 2) * 2) : most;
    }

    boolean dropsOldest() {
        return settings.overflow() == OverflowPolicy.DROP_OLDEST;
    }

    /** How much of the limits is used, in percent; 100 when there is no room for another message. */
    int percentUsed(long low) {
        double frames = (double) (span.next() - low) / maxFrames();
        double bytes = (double) span.bytesFrom(low) / settings.maxBacklogBytes();
        return isAdmitted() ? (int) Math.min(100, 100 * Math.max(frames, bytes)) : 100;
    }

    /**
     * The last of the waiting frames that has to go under DROP_OLDEST; the newest of all stays.
     *
     * @param waiting oldest waiting frame of a group
     */
    long overflowThrough(long waiting) {
        long newest = span.next() - 1;
        long stays = Math.max(waiting, span.next() - maxFrames());
        while (stays < newest && span.bytesFrom(stays) > settings.maxBacklogBytes()) {
            stays++;
        }
        if (memory.isShort()) {
            long share = share();
            while (stays < newest && charges.bytesFrom(stays) > share) {
                stays++;
            }
        }
        return stays - 1;
    }

    /** Half of what a stream may have when memory is short. */
    private long share() {
        return memory.keptLimit() / Math.max(1, broker.streamCount()) / 2;
    }

    /**
     * The last frame that retention lets go.
     *
     * @param edge oldest frame that a protected group has not settled
     * @param newest newest stored frame; it stays while memory is not short, somebody may ask for it
     */
    long trimThrough(long edge, long newest) {
        boolean pressed = memory.isShort();
        long keepFrames = pressed ? 0 : settings.retentionFrames();
        long keepBytes = pressed ? 0 : settings.retentionBytes();
        long most = Math.min(edge, pressed ? newest + 1 : newest) - 1;
        long through = Math.max(span.first() - 1, Math.min(most, edge - 1 - keepFrames));
        while (through < most && span.bytesThrough(edge - 1) - span.bytesThrough(through) > keepBytes) {
            through++;
        }
        return through;
    }
}
