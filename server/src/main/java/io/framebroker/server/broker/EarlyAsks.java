package io.framebroker.server.broker;

import java.util.ArrayDeque;
import java.util.List;

/**
 * What a group has to ask of the store about frames that are on their way there: it is asked as the frames are stored, in the
 * order in which the group took them. What is about stored frames alone does not wait, or a store without room would
 * never hear what makes some. Guarded by the stream's lock.
 */
final class EarlyAsks {
    /** Asks about frames that are stored. */
    interface Asking {
        /** @param last last of the frames, or of those of them that are stored; the others follow in another call */
        void about(long first, long last);
    }

    private static final class Ask {
        final long last;
        final Asking asking;
        long first;

        Ask(long first, long last, Asking asking) {
            this.first = first;
            this.last = last;
            this.asking = asking;
        }
    }

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

    /** Asks about those of the frames that are stored, and about the others as soon as they are. */
    void add(long first, long last, Asking asking) {
        Ask ask = new Ask(first, last, asking);
        long now = waiting.isEmpty() ? stream.storedThrough() : cursor;
        if (ask.first <= now) {
            part(ask, now);
        }
        waiting.add(ask);
    }

    /** The store is being asked about frames up to {@code last}. */
    void asked(long last) {
        cursor = Math.max(cursor, last);
    }

    /** The store has frames up to this ordinal. */
    void stored(long throughOrdinal) {
        while (!waiting.isEmpty() && waiting.peek().last <= throughOrdinal) {
            Ask whole = waiting.poll();
            whole.asking.about(whole.first, whole.last);
        }
        if (!waiting.isEmpty() && waiting.peek().first <= throughOrdinal) {
            // Its first frames are stored, and so may be those of others behind it. To ask may lead to more asks.
            for (Ask ask : List.copyOf(waiting)) {
                if (ask.first <= throughOrdinal) {
                    part(ask, Math.min(throughOrdinal, ask.last));
                }
            }
            waiting.removeIf(ask -> ask.first > ask.last);
        }
    }

    private static void part(Ask ask, long through) {
        long first = ask.first;
        ask.first = through + 1;
        ask.asking.about(first, through);
    }
}
