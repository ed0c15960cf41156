package io.framebroker.server.broker;

import io.framebroker.server.broker.DeliveryTable.Delivery;
import java.util.Comparator;

/** A dead letter that is tried again. Guarded by the stream's lock. */
final class ReplayedLetter {
    enum Place {
        LINE,
        READING,
        READY,
        OUT
    }

    /** By time, and then as they were asked for. No field it looks at may change while a sorted collection has the letter. */
    static final Comparator<ReplayedLetter> BY_TIME = (a, b) -> {
        int byTime = Long.signum(a.deadlineNanos - b.deadlineNanos);
        return byTime != 0 ? byTime : Long.compare(a.number, b.number);
    };

    final DeadLetter letter;
    private final long number;
    Place place = Place.LINE;
    /** Earliest time of the next attempt, or the end of the lease of one that is OUT; in nanoseconds. */
    long deadlineNanos;
    /** Of the latest delivery. */
    int attempt;
    /** Whether the next delivery is a new attempt. */
    boolean counts = true;

    int nacks;
    /** How often its copy was not there. */
    int missed;
    /** Its copy; null unless READY. */
    Frame frame;
    /** Null unless OUT. */
    Member holder;
    /** The latest one here, for people. */
    Delivery delivery = Delivery.UNKNOWN;

    /** @param attempt that of its latest delivery */
    ReplayedLetter(DeadLetter letter, long number, int attempt) {
        this.letter = letter;
        this.number = number;
        this.attempt = attempt;
    }

    /** What stands behind all that are due at a time. */
    static ReplayedLetter border(long nanos) {
        ReplayedLetter border = new ReplayedLetter(null, Long.MAX_VALUE, 0);
        border.deadlineNanos = nanos;
        return border;
    }

    long ordinal() {
        return letter.id().ordinal();
    }

    int bytes() {
        return letter.bytes();
    }

    int nextAttempt() {
        return attempt + (counts ? 1 : 0);
    }
}
