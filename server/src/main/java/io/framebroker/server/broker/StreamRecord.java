package io.framebroker.server.broker;

import java.util.List;
import java.util.Set;

/**
 * What a store has of a stream when it is opened, beside what {@link StreamStore} answers.
 *
 * @param description null for a stream that is new
 * @param groups the durable ones
 * @param publishers those who come back, the one heard last at the end
 * @param paused names of groups that get nothing until they are resumed
 */
public record StreamRecord(
        StreamNote.Description description,
        StreamNote.Counts counts,
        List<PublisherRecord> publishers,
        List<OfGroup> groups,
        Set<String> paused) {
    public static final StreamRecord NEW = new StreamRecord(null, StreamNote.Counts.NONE, List.of(), List.of());

    /** With no group paused. */
    public StreamRecord(
            StreamNote.Description description,
            StreamNote.Counts counts,
            List<PublisherRecord> publishers,
            List<OfGroup> groups) {
        this(description, counts, publishers, groups, Set.of());
    }

    /**
     * A group; its counts are {@link StreamStore#group}.
     *
     * @param pending frames delivered and not settled, by ordinal, all of them still there
     * @param maybeDelivered frames behind the cursor up to this ordinal may have been delivered before, which nobody
     *     knows any more: they come as a second attempt, unless somebody comes back with them
     */
    public record OfGroup(String name, GroupSettings settings, List<Pending> pending, long maybeDelivered) {}

    /**
     * @param generation of the frame's id
     * @param attempt of the last delivery
     * @param left how the broker before left it; null where that did not say so, or has crashed
     */
    public record Pending(long ordinal, long generation, int attempt, Left left) {
        /** Of a broker that has crashed. */
        public Pending(long ordinal, long generation, int attempt) {
            this(ordinal, generation, attempt, null);
        }
    }

    /** How a broker that has ended in order left a frame that was delivered and not settled. */
    public enum Left {
        /** Nobody has it, and the next attempt is to come. */
        NACKED,
        /** Nobody has it, and it comes again as the attempt it was. */
        RELEASED,
        /** Somebody may have it still; if nobody comes back with it, it comes again as the attempt it was. */
        IN_HAND
    }
}
