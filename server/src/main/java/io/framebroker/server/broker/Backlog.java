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
    private StreamSettings settings;

    Backlog(Broker broker, StreamSettings settings, long nextOrdinal) {
        this.broker = broker;
        this.memory = broker.memory();
        this.settings = settings;
        this.span = new Span(nextOrdinal);
    }

    StreamSettings settings() {
        return settings;
    }

    void settings(StreamSettings changed) {
        settings = changed;
    }

    /** Ordinal of the oldest frame kept. */
    long first() {
        return span.first();
    }

    /** Ordinal the next frame will have. */
    long next() {
        return span.next();
    }

    long bytesFrom(long ordinal) {
        return span.bytesFrom(ordinal);
    }

    void add(int bytes) {
        span.add(bytes);
        memory.keep(bytes + FRAME_OVERHEAD_BYTES);
    }

    void dropThrough(long ordinal) {
        if (ordinal >= span.first()) {
            long frames = ordinal - span.first() + 1;
            memory.release(span.bytesFrom(span.first()) - span.bytesFrom(ordinal + 1) + frames * FRAME_OVERHEAD_BYTES);
            span.dropThrough(ordinal);
        }
    }

    /**
     * Why there is no room for another message; null when there is.
     *
     * @param low oldest frame that somebody has yet to settle, or the store to confirm
     * @param holder who that is, for people
     */
    String fullBecause(long low, String holder) {
        long frames = span.next() - low;
        if (frames >= settings.maxBacklogFrames()) {
            return holder + ": " + frames + " of " + settings.maxBacklogFrames() + " backlog frames unsettled";
        }
        long bytes = span.bytesFrom(low);
        if (bytes >= settings.maxBacklogBytes()) {
            return holder + ": " + bytes + " of " + settings.maxBacklogBytes() + " backlog bytes unsettled";
        }
        // Without a backlog there is nothing to wait for: the next frame takes the place of the newest one.
        long kept = span.bytesFrom(span.first()) + (span.next() - span.first()) * FRAME_OVERHEAD_BYTES;
        if (frames > 0 && !memory.admits(kept, broker.streamCount())) {
            return "broker memory: " + memory.keptBytes() + " of " + memory.keptLimit()
                    + " bytes kept, this stream is above its share";
        }
        return null;
    }

    /** Whether an eighth of the limits is free again, so that a publisher that was told to wait need not be told at once again. */
    boolean hasEased(long low) {
        long frames = span.next() - low;
        return frames <= settings.maxBacklogFrames() - settings.maxBacklogFrames() / 8
                && span.bytesFrom(low) <= settings.maxBacklogBytes() - settings.maxBacklogBytes() / 8;
    }

    /**
     * The last frame that retention lets go.
     *
     * @param edge oldest frame that a protected group has not settled
     * @param newest newest stored frame; it always stays, somebody may ask for it
     */
    long trimThrough(long edge, long newest) {
        boolean pressed = memory.keptBytes() > memory.keptLimit();
        long keepFrames = pressed ? 0 : settings.retentionFrames();
        long keepBytes = pressed ? 0 : settings.retentionBytes();
        long most = Math.min(edge, newest) - 1;
        long through = Math.max(span.first() - 1, Math.min(most, edge - 1 - keepFrames));
        while (through < most && span.bytesThrough(edge - 1) - span.bytesThrough(through) > keepBytes) {
            through++;
        }
        return through;
    }
}
