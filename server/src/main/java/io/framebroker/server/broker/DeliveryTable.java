package io.framebroker.server.broker;

/**
 * Where each frame between a group's oldest unsettled one and its cursor stands. Rings of plain arrays indexed by
 * ordinal: a delivery costs no object. Guarded by the stream's lock.
 *
 * <pre>
 * from      to        when
 * -         LEASED    first delivery
 * -         SETTLING  passed over without delivery
 * LEASED    LEASED    lease extended, or taken over by the same consumer on a new connection
 * LEASED    RETRY     lease ended, nack, release, consumer lost
 * LEASED    SETTLING  ack, skip, passed over
 * RETRY     LEASED    next attempt
 * RETRY     SETTLING  late ack of the latest attempt, passed over
 * SETTLING  SETTLED   the store confirmed
 * SETTLED   -         everything before it is settled too
 * </pre>
 */
final class DeliveryTable {
    enum State {
        LEASED,
        RETRY,
        SETTLING,
        SETTLED;

        boolean mayBecome(State to) {
            return switch (this) {
                case LEASED -> to != SETTLED;
                case RETRY -> to == LEASED || to == SETTLING;
                case SETTLING -> to == SETTLED;
                case SETTLED -> false;
            };
        }
    }

    private State[] states = new State[64];
    private long[] generations = new long[64];
    private int[] attempts = new int[64];
    private int[] bytes = new int[64];
    private long[] deadlines = new long[64];
    private Member[] holders = new Member[64];
    /** Whether the next delivery of a frame in RETRY counts as a new attempt. */
    private boolean[] counts = new boolean[64];

    private long low;
    private long next;

    DeliveryTable(long next) {
        this.low = next;
        this.next = next;
    }

    /** Ordinal of the oldest unsettled frame; {@link #next} when all are settled. */
    long low() {
        return low;
    }

    /** Ordinal behind the last frame in the table. */
    long next() {
        return next;
    }

    boolean contains(long ordinal) {
        return ordinal >= low && ordinal < next;
    }

    State state(long ordinal) {
        return states[slot(ordinal)];
    }

    long generation(long ordinal) {
        return generations[slot(ordinal)];
    }

    /** Attempt of the latest delivery. */
    int attempt(long ordinal) {
        return attempts[slot(ordinal)];
    }

    /** Attempt the next delivery will have. */
    int nextAttempt(long ordinal) {
        int slot = slot(ordinal);
        return attempts[slot] + (counts[slot] ? 1 : 0);
    }

    int bytes(long ordinal) {
        return bytes[slot(ordinal)];
    }

    /** End of the lease of a LEASED frame, or earliest time of the next attempt of one in RETRY, in nanoseconds. */
    long deadline(long ordinal) {
        return deadlines[slot(ordinal)];
    }

    /** Who has, or had, the latest delivery. */
    Member holder(long ordinal) {
        return holders[slot(ordinal)];
    }

    /** Whether a frame in RETRY came there by the end of its lease, not by a nack. */
    boolean leaseEnded(long ordinal) {
        return counts[slot(ordinal)] && holders[slot(ordinal)] != null;
    }

    /** Adds the next frame, as first delivered. */
    void addLeased(long generation, int frameBytes, Member holder, long deadlineNanos) {
        int slot = add(State.LEASED);
        generations[slot] = generation;
        attempts[slot] = 1;
        bytes[slot] = frameBytes;
        deadlines[slot] = deadlineNanos;
        holders[slot] = holder;
    }

    /** Adds the next frame, as passed over. */
    void addSettling() {
        add(State.SETTLING);
    }

    void lease(long ordinal, int attempt, Member holder, long deadlineNanos) {
        int slot = move(ordinal, State.LEASED);
        attempts[slot] = attempt;
        holders[slot] = holder;
        deadlines[slot] = deadlineNanos;
    }

    /**
     * Sends a frame back.
     *
     * @param counted whether its next delivery is a new attempt
     * @param byConsumer whether the holder gave it back itself, so that a late ack of it is worth nothing
     */
    void retry(long ordinal, long notBeforeNanos, boolean counted, boolean byConsumer) {
        int slot = move(ordinal, State.RETRY);
        deadlines[slot] = notBeforeNanos;
        counts[slot] = counted;
        if (byConsumer) {
            holders[slot] = null;
        }
    }

    void settling(long ordinal) {
        holders[move(ordinal, State.SETTLING)] = null;
    }

    /** Marks frames settled and forgets those that nothing unsettled stands before. */
    void settled(long first, long last) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            move(ordinal, State.SETTLED);
        }
        while (low < next && states[slot(low)] == State.SETTLED) {
            states[slot(low)] = null;
            low++;
        }
    }

    private int move(long ordinal, State to) {
        int slot = slot(ordinal);
        State from = states[slot];
        if (!contains(ordinal) || !from.mayBecome(to)) {
            throw new IllegalStateException("frame " + ordinal + " cannot go from " + from + " to " + to
                    + "; the table holds " + low + ".." + (next - 1));
        }
        states[slot] = to;
        return slot;
    }

    private int add(State state) {
        if (next - low == states.length) {
            grow();
        }
        int slot = slot(next++);
        states[slot] = state;
        attempts[slot] = 0;
        bytes[slot] = 0;
        holders[slot] = null;
        counts[slot] = false;
        return slot;
    }

    private int slot(long ordinal) {
        return (int) (ordinal & (states.length - 1));
    }

    private void grow() {
        int size = states.length;
        DeliveryTable larger = new DeliveryTable(low);
        larger.states = new State[size * 2];
        larger.generations = new long[size * 2];
        larger.attempts = new int[size * 2];
        larger.bytes = new int[size * 2];
        larger.deadlines = new long[size * 2];
        larger.holders = new Member[size * 2];
        larger.counts = new boolean[size * 2];
        for (long ordinal = low; ordinal < next; ordinal++) {
            int from = slot(ordinal);
            int to = larger.slot(ordinal);
            larger.states[to] = states[from];
            larger.generations[to] = generations[from];
            larger.attempts[to] = attempts[from];
            larger.bytes[to] = bytes[from];
            larger.deadlines[to] = deadlines[from];
            larger.holders[to] = holders[from];
            larger.counts[to] = counts[from];
        }
        states = larger.states;
        generations = larger.generations;
        attempts = larger.attempts;
        bytes = larger.bytes;
        deadlines = larger.deadlines;
        holders = larger.holders;
        counts = larger.counts;
    }
}
