package io.framebroker.server.broker;

import java.util.ArrayDeque;

/**
 * What a group has to ask of the store about frames that are on their way there: each waits until its frames are stored.
 * The store hears of frames in the order in which the group took them, so that what is about frames behind those waits as
 * well. Guarded by the stream's lock.
 */
final class EarlyAsks {
    private record Ask(long last, Runnable asks) {}

    private final FrameStream stream;
    private final ArrayDeque<Ask> waiting = new ArrayDeque<>();
    private long cursor;

    /** @param cursor ordinal of the last frame that the group has taken, as the store knows */
    EarlyAsks(FrameStream stream, long cursor) {
        this.stream = stream;
        this.cursor = cursor;
    }

    /** Ordinal of the last frame the store knows of that this group has taken it, or passed it over. */
    long cursor() {
        return cursor;
    }

    /** Whether something waits. */
    boolean areAny() {
        return !waiting.isEmpty();
    }

    /** Whether the store cannot be asked yet about frames up to this ordinal. */
    boolean mustWait(long last) {
        return last > cursor && (!waiting.isEmpty() || last > stream.storedThrough());
    }

    /** Asks as soon as the store has the frames up to {@code last}. */
    void add(long last, Runnable asks) {
        waiting.add(new Ask(last, asks));
    }

    /** The store is being asked about frames up to {@code last}. */
    void asked(long last) {
        cursor = Math.max(cursor, last);
    }

    /** The store has frames up to this ordinal. */
    void stored(long throughOrdinal) {
        while (!waiting.isEmpty() && waiting.peek().last <= throughOrdinal) {
            waiting.poll().asks.run();
        }
    }
}
