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

    Backlog(Broker broker, StreamSettings settings, long nextOrdinal) {
        this.broker = broker;
        this.memory = broker.memory();
        this.settings = settings;
        this.span = new Span(nextOrdinal);
        this.charges = new Span(nextOrdinal);
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

    /** @param lastOfArray whether no later frame lies in the same array */
    void add(FrameContent content, boolean lastOfArray) {
        int charge = FRAME_OVERHEAD_BYTES + (lastOfArray ? content.array().length : 0);
        span.add(content.length());
        charges.add(charge);
        memory.keep(charge);
    }

    void dropThrough(long ordinal) {
        if (ordinal >= span.first()) {
            memory.release(charges.bytesFrom(charges.first()) - charges.bytesFrom(ordinal + 1));
            span.dropThrough(ordinal);
            charges.dropThrough(ordinal);
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
        if (!memory.admits(charges.bytesFrom(charges.first()), broker.streamCount())) {
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
