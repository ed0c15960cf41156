package io.framebroker.server.broker;

import java.util.List;
import java.util.function.LongToIntFunction;

/**
 * Where each frame between a group's oldest unsettled one and its cursor stands. Rings of plain arrays indexed by
 * ordinal: a delivery costs no object. Guarded by the stream's lock.
 *
 * <pre>
 * from      to        when
 * -         LEASED    first delivery
 * -         RETRY     another broker may have delivered it
 * -         SETTLING  passed over without delivery
 * LEASED    LEASED    lease extended, or taken over by the same consumer on a new connection
 * LEASED    RETRY     lease ended, nack, release, consumer lost
 * LEASED    USED_UP   lease ended, consumer lost, of the last attempt
 * LEASED    SETTLING  ack, skip, dead letter, passed over
 * RETRY     WRITING   the store is asked to write the next attempt down
 * WRITING   RETRY     the store has: that attempt may go out
 * RETRY     LEASED    next attempt
 * RETRY     USED_UP   nobody came back with the last attempt, which another broker had delivered
 * RETRY     SETTLING  late ack of the latest attempt, passed over
 * WRITING   SETTLING  the same
 * USED_UP   SETTLING  dead letter, late ack
 * SETTLING  SETTLED   the store confirmed
 * SETTLED   -         everything before it is settled too
 * </pre>
 */
final class DeliveryTable {
    enum State {
        LEASED,
        RETRY,
        WRITING,
        USED_UP,
        SETTLING,
        SETTLED;

        boolean mayBecome(State to) {
            return switch (this) {
                case LEASED -> to == LEASED || to == RETRY || to == USED_UP || to == SETTLING;
                case RETRY -> to == LEASED || to == WRITING || to == USED_UP || to == SETTLING;
                case WRITING -> to == RETRY || to == SETTLING;
                case USED_UP -> to == SETTLING;
                case SETTLING -> to == SETTLED;
                case SETTLED -> false;
            };
        }
    }

    /**
     * What goes out together.
     *
     * @param consumerId of whoever has it, or had; empty when that is not known
     * @param micros when, in microseconds since 1970; 0 when that is not known
     */
    record Delivery(String consumerId, long micros) {
        static final Delivery UNKNOWN = new Delivery("", 0);
    }

    private State[] states = new State[64];
    private long[] generations = new long[64];
    private int[] attempts = new int[64];
    private int[] bytes = new int[64];
    private long[] deadlines = new long[64];
    private Member[] holders = new Member[64];
    /** Whether the next delivery of a frame in RETRY counts as a new attempt. */
    private boolean[] counts = new boolean[64];
    /** Whether the store has that new attempt. */
    private boolean[] written = new boolean[64];
    /** Whether the latest delivery was another broker's. */
    private boolean[] recovered = new boolean[64];
    /** Whether a frame may be what broke its consumer: it goes out alone, and is out alone while LEASED. */
    private boolean[] suspect = new boolean[64];
    /** The latest delivery, for people; null when nothing is known of it, or there was none. */
    private Delivery[] deliveries = new Delivery[64];

    private final boolean suspects;
    /** Frames that are LEASED and their bytes; those of them that are out for a later attempt than the first. */
    private int leased;

    private long leasedBytes;
    private int triedAgain;
    /** Frames that are in RETRY, WRITING or USED_UP. */
    private int toBeTried;

    private long low;
    private long next;

    DeliveryTable(long next) {
        this(next, true);
    }

    /** @param suspects whether frames may be suspects */
    DeliveryTable(long next, boolean suspects) {
        this.low = next;
        this.next = next;
        this.suspects = suspects;
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

    void generation(long ordinal, long generation) {
        generations[slot(ordinal)] = generation;
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

    /** Whether the next delivery of a frame in RETRY may go out: it is no new attempt, or the store has it. */
    boolean mayGoOut(long ordinal) {
        int slot = slot(ordinal);
        return !counts[slot] || written[slot];
    }

    /** Whether nobody said why the last delivery of a frame came to nothing; of a LEASED one, whether it is out alone. */
    boolean isSuspect(long ordinal) {
        return suspect[slot(ordinal)];
    }

    int bytes(long ordinal) {
        return bytes[slot(ordinal)];
    }

    /** End of the lease of a LEASED frame, or earliest time of the next attempt of any other, in nanoseconds. */
    long deadline(long ordinal) {
        return deadlines[slot(ordinal)];
    }

    /** Who has, or had, the latest delivery. */
    Member holder(long ordinal) {
        return holders[slot(ordinal)];
    }

    /** Notes, for people, whose the latest delivery of frames is. */
    void delivered(long first, long last, Delivery delivery) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            deliveries[slot(ordinal)] = delivery;
        }
    }

    /** The latest delivery, as far as it is known. */
    Delivery delivery(long ordinal) {
        Delivery delivery = deliveries[slot(ordinal)];
        return delivery == null ? Delivery.UNKNOWN : delivery;
    }

    /** Ordinal of the last frame up to {@code last} that went out with {@code first}, and as often. */
    long deliveredWith(long first, long last) {
        int attempt = attempts[slot(first)];
        Delivery delivery = deliveries[slot(first)];
        long ordinal = first;
        while (ordinal < last && deliveries[slot(ordinal + 1)] == delivery && attempts[slot(ordinal + 1)] == attempt) {
            ordinal++;
        }
        return ordinal;
    }

    /** Whether somebody has a frame in hand. */
    boolean isAnyLeased() {
        return leased > 0;
    }

    /** How many frames somebody has in hand. */
    int leased() {
        return leased;
    }

    /** Their bytes. */
    long leasedBytes() {
        return leasedBytes;
    }

    /** Whether a frame is to be tried again, or somebody has it for a later attempt. */
    boolean isAnyTriedAgain() {
        return toBeTried + triedAgain > 0;
    }

    /** Whether a frame in RETRY, WRITING or USED_UP came there by the end of its lease, not by a nack. */
    boolean leaseEnded(long ordinal) {
        return counts[slot(ordinal)] && holders[slot(ordinal)] != null;
    }

    /**
     * Takes up where another table ended. Pending frames are LEASED, to nobody; the others are SETTLED, and which attempt
     * that was is not known: any may have been.
     *
     * @param cursor last ordinal of the table
     * @param pending frames that are not settled
     * @param sizes tells the bytes of a frame
     */
    void recover(long cursor, List<StreamRecord.Pending> pending, LongToIntFunction sizes) {
        low = pending.isEmpty() ? cursor + 1 : pending.get(0).ordinal();
        next = low;
        for (StreamRecord.Pending frame : pending) {
            addSettledBefore(frame.ordinal());
            int slot = add(State.LEASED);
            generations[slot] = frame.generation();
            attempts[slot] = frame.attempt();
            triedAgain += frame.attempt() > 1 ? 1 : 0;
            leasedHas(slot, sizes.applyAsInt(frame.ordinal()));
            recovered[slot] = frame.left() == null || frame.left() == StreamRecord.Left.IN_HAND;
        }
        addSettledBefore(cursor + 1);
    }

    private void addSettledBefore(long ordinal) {
        while (next < ordinal) {
            // The arrays may be others when there is a slot.
            int slot = add(State.SETTLED);
            attempts[slot] = Integer.MAX_VALUE;
        }
    }

    /** Whether a frame in RETRY was delivered before this table was there, or may have been, and waits for whoever has it. */
    boolean isRecovered(long ordinal) {
        int slot = slot(ordinal);
        return states[slot] == State.RETRY && holders[slot] == null && recovered[slot];
    }

    /** How a frame is left now, where nothing goes out any more; null when that is to count as after a crash. */
    StreamRecord.Left left(long ordinal) {
        int slot = slot(ordinal);
        boolean back = states[slot] == State.RETRY || states[slot] == State.WRITING;
        if (states[slot] == State.LEASED || back && recovered[slot] && !counts[slot]) {
            return StreamRecord.Left.IN_HAND;
        }
        if (!back || holders[slot] != null || recovered[slot] || suspect[slot]) {
            return null;
        }
        // An attempt that is written and has not gone out is none.
        boolean counted = states[slot] == State.RETRY && counts[slot] && !written[slot];
        return counted ? StreamRecord.Left.NACKED : StreamRecord.Left.RELEASED;
    }

    /** Adds the next frame, as one that may have been delivered before this table was there. */
    void addMaybeDelivered(long generation, int frameBytes, long notBeforeNanos) {
        int slot = add(State.RETRY);
        generations[slot] = generation;
        attempts[slot] = 1;
        bytes[slot] = frameBytes;
        deadlines[slot] = notBeforeNanos;
        counts[slot] = true;
        recovered[slot] = true;
    }

    /** Adds the next frame, as first delivered. */
    void addLeased(long generation, int frameBytes, Member holder, long deadlineNanos) {
        int slot = add(State.LEASED);
        generations[slot] = generation;
        attempts[slot] = 1;
        leasedHas(slot, frameBytes);
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
        triedAgain += attempt > 1 ? 1 : 0;
        holders[slot] = holder;
        deadlines[slot] = deadlineNanos;
        recovered[slot] = false;
    }

    /** Whoever had the latest delivery from another broker has it still, with whatever else. */
    void resume(long ordinal, Member holder, long deadlineNanos) {
        lease(ordinal, attempt(ordinal), holder, deadlineNanos);
        suspect[slot(ordinal)] = false;
    }

    /**
     * Sends a frame back.
     *
     * @param counted whether its next delivery is a new attempt
     * @param byConsumer whether the holder gave it back itself, so that a late ack of it is worth nothing, and the frame is
     *     no suspect
     */
    void retry(long ordinal, long notBeforeNanos, boolean counted, boolean byConsumer) {
        int slot = move(ordinal, State.RETRY);
        deadlines[slot] = notBeforeNanos;
        counts[slot] = counted;
        written[slot] = false;
        suspect[slot] = suspects && !byConsumer;
        if (byConsumer) {
            holders[slot] = null;
        }
    }

    /** No attempt is left. Who had the last one may still come with an ack. */
    void usedUp(long ordinal) {
        counts[move(ordinal, State.USED_UP)] = true;
    }

    /** The store is asked to write the next attempt down. */
    void writing(long ordinal) {
        move(ordinal, State.WRITING);
    }

    void written(long ordinal) {
        written[move(ordinal, State.RETRY)] = true;
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
        count(from, attempts[slot], bytes[slot], -1);
        states[slot] = to;
        // A lease counts its attempt itself, when that is known.
        count(to, 1, bytes[slot], 1);
        return slot;
    }

    /** A frame that was added as LEASED is so large. */
    private void leasedHas(int slot, int frameBytes) {
        bytes[slot] = frameBytes;
        leasedBytes += frameBytes;
    }

    private void count(State state, int attempt, int frameBytes, int by) {
        switch (state) {
            case LEASED -> {
                leased += by;
                leasedBytes += (long) by * frameBytes;
                triedAgain += attempt > 1 ? by : 0;
            }
            case RETRY, WRITING, USED_UP -> toBeTried += by;
            case SETTLING, SETTLED -> {
                // Done.
            }
        }
    }

    private int add(State state) {
        if (next - low == states.length) {
            grow();
        }
        int slot = slot(next++);
        states[slot] = state;
        count(state, 1, 0, 1);
        attempts[slot] = 0;
        bytes[slot] = 0;
        holders[slot] = null;
        counts[slot] = false;
        written[slot] = false;
        recovered[slot] = false;
        suspect[slot] = false;
        deliveries[slot] = null;
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
        larger.written = new boolean[size * 2];
        larger.recovered = new boolean[size * 2];
        larger.suspect = new boolean[size * 2];
        larger.deliveries = new Delivery[size * 2];
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
            larger.written[to] = written[from];
            larger.recovered[to] = recovered[from];
            larger.suspect[to] = suspect[from];
            larger.deliveries[to] = deliveries[from];
        }
        states = larger.states;
        generations = larger.generations;
        attempts = larger.attempts;
        bytes = larger.bytes;
        deadlines = larger.deadlines;
        holders = larger.holders;
        counts = larger.counts;
        written = larger.written;
        recovered = larger.recovered;
        suspect = larger.suspect;
        deliveries = larger.deliveries;
    }
}
