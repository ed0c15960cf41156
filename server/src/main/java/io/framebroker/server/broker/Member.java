package io.framebroker.server.broker;

/** A consumer's seat in the group of one stream. Guarded by the stream's lock. */
final class Member {
    private final Consumer consumer;
    private final Group group;
    /** When the seat is given up, if the consumer's connection is lost. */
    private long graceEndNanos;

    private boolean away;
    /** Whether a lease of it ran out, and it has settled nothing since. */
    private boolean silent;

    /** Tells members of one consumer apart; guarded by its turns, as are those below. */
    long number;

    /** What counts when the turn is given: bytes since the consumer's streams wait. */
    long turnBytes;

    long round;
    /** All bytes it was ever given. */
    long gaveBytes;

    Member(Consumer consumer, Group group) {
        this.consumer = consumer;
        this.group = group;
    }

    Consumer consumer() {
        return consumer;
    }

    Group group() {
        return group;
    }

    boolean away() {
        return away;
    }

    long graceEndNanos() {
        return graceEndNanos;
    }

    boolean silent() {
        return silent;
    }

    void leaseEnded() {
        silent = true;
    }

    /** It has settled something in time. */
    void heard() {
        silent = false;
    }

    void leave(long graceEnd) {
        away = true;
        graceEndNanos = graceEnd;
    }

    @Override
    public String toString() {
        return consumer.id() + (away ? " (away)" : "");
    }
}
