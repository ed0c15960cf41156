package io.framebroker.server.broker;

/**
 * One step in the life of a frame.
 *
 * @param micros when, in microseconds since 1970 by the broker's clock; 0 when that is not known
 * @param group concerned; empty for the stream
 * @param consumerId of whoever had the delivery concerned; empty for nobody, or when that is not known
 * @param attempt concerned; 0 for none, or when that is not known
 * @param detail more words; may be empty
 */
public record FrameEvent(long micros, What what, String group, String consumerId, int attempt, String detail) {
    /** What happened, in the order of what happens at once; the last ones are how it stands now. */
    public enum What {
        RECEIVED,
        STORED,
        DELIVERED,
        /** A consumer came back with the frame in hand: its delivery goes on. */
        RESUMED,
        NACKED,
        RELEASED,
        LEASE_ENDED,
        CONNECTION_LOST,
        ACKED,
        SKIPPED,
        DEAD_LETTERED,
        GROUP_MOVED,
        GROUP_DELETED,
        PURGED,
        /** The stream has let it go. */
        GONE,
        /** What was before is not known, or not all of it. */
        DIARY_BEGINS,

        /** Now: on its way to the store. */
        APPENDING,
        /** Now: in the store. */
        RETAINED,
        /** Now: the store had it, and has lost it. */
        STORE_LOST,
        /** Now: no frame of this group, which begins behind it. */
        BEFORE_GROUP,
        /** Now: not delivered yet. */
        WAITING,
        /** Now: delivered, or to be delivered again. */
        PENDING,
        /** Now: settled, which the store has yet to confirm. */
        SETTLING,
        /** Now: settled in a way that is not known any more. */
        SETTLED
    }
}
