package io.framebroker.server.broker;

/** A consumer's seat in the group of one stream. Guarded by the stream's lock. */
final class Member {
    private final Consumer consumer;
    private final Group group;
    /** When the seat is given up, if the consumer's connection is lost. */
    private long graceEndNanos;

    private boolean away;

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

    void leave(long graceEnd) {
        away = true;
        graceEndNanos = graceEnd;
    }

    @Override
    public String toString() {
        return consumer.id() + (away ? " (away)" : "");
    }
}
