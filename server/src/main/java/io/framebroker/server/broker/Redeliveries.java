package io.framebroker.server.broker;

import io.framebroker.server.broker.DeliveryTable.State;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Frames that wait for their next attempt, by the time they may have it. Guarded by the stream's lock.
 *
 * <p>A new attempt goes out once the store has it. Until then a consumer that could take the frame keeps room for it, so
 * that no more attempts are written than consumers have room for: what is written and then lost with the broker counts.
 */
final class Redeliveries {
    private record Entry(long notBeforeNanos, long ordinal) {}

    /** An attempt the store has yet to confirm, and who keeps room for it. */
    private record Writing(long number, long ordinal, int bytes, Member member) {}

    private static final int SLACK = 256;

    private final DeliveryTable table;
    private final Turn turn;
    private final ArrayDeque<Writing> writing = new ArrayDeque<>();
    private long asked;
    private final PriorityQueue<Entry> queue;
    /** Frames that are to go alone: they wait for other consumers than the rest, and hold nobody up. */
    private final PriorityQueue<Entry> suspects = new PriorityQueue<>(Redeliveries::byTime);

    /** @param inOrder whether a frame waits for those before it, whenever it may have its next attempt itself */
    Redeliveries(DeliveryTable table, Turn turn, boolean inOrder) {
        this.table = table;
        this.turn = turn;
        this.queue = new PriorityQueue<>(
                inOrder ? Comparator.comparingLong(Entry::ordinal) : (Comparator<Entry>) Redeliveries::byTime);
    }

    private static int byTime(Entry a, Entry b) {
        int byTime = Long.signum(a.notBeforeNanos - b.notBeforeNanos);
        return byTime != 0 ? byTime : Long.compare(a.ordinal, b.ordinal);
    }

    /** Goes on numbering where others of this group ended, of whom nothing more is awaited. */
    void goOnFrom(Redeliveries before) {
        asked = before.asked;
    }

    /**
     * Sends a leased frame back.
     *
     * @param counted whether its next delivery is a new attempt
     * @param byConsumer whether the holder gave it back itself, so that a late ack of it is worth nothing; otherwise it is a
     *     suspect
     */
    void sendBack(long ordinal, long notBeforeNanos, boolean counted, boolean byConsumer) {
        table.retry(ordinal, notBeforeNanos, counted, byConsumer);
        queueOf(ordinal).add(new Entry(notBeforeNanos, ordinal));
        if (queue.size() + suspects.size() > SLACK + 2 * (table.next() - table.low())) {
            dropVoidEntries();
        }
    }

    /** Adds the next frame of the table, which another broker may have delivered. */
    void addMaybeDelivered(Frame frame, long now) {
        queue.add(new Entry(now, table.next()));
        table.addMaybeDelivered(frame.generation(), frame.bytes(), now);
    }

    /** Void entries behind the first one would stay until it is due. */
    private void dropVoidEntries() {
        queue.clear();
        suspects.clear();
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.RETRY) {
                queueOf(ordinal).add(new Entry(table.deadline(ordinal), ordinal));
            }
        }
    }

    private PriorityQueue<Entry> queueOf(long ordinal) {
        return table.isSuspect(ordinal) ? suspects : queue;
    }

    /** The frame that has waited longest beyond its time and may go with others; 0 when none is due. */
    long due(long now) {
        return due(first(queue), now);
    }

    /** The same, of those that are to go alone. */
    long dueAlone(long now) {
        return due(first(suspects), now);
    }

    private static long due(Entry first, long now) {
        return first != null && first.notBeforeNanos - now <= 0 ? first.ordinal : 0;
    }

    /**
     * The store is about to be asked for the next attempt of the frame that {@link #due} or {@link #dueAlone} named.
     *
     * @param member who has taken room for it
     */
    void writing(long ordinal, Member member) {
        taken(ordinal);
        table.writing(ordinal);
        writing.add(new Writing(++asked, ordinal, table.bytes(ordinal), member));
    }

    /**
     * The store has attempts up to this number. They are due again, whoever takes them now, unless they were settled
     * meanwhile.
     */
    void written(long throughNumber) {
        while (!writing.isEmpty() && writing.peek().number <= throughNumber) {
            Writing done = writing.poll();
            if (table.contains(done.ordinal) && table.state(done.ordinal) == State.WRITING) {
                table.written(done.ordinal);
                queueOf(done.ordinal).add(new Entry(table.deadline(done.ordinal), done.ordinal));
            }
            Consumer consumer = done.member.consumer();
            consumer.window().giveBack(1, done.bytes);
            if (consumer.hasSeveralSeats()) {
                turn.touch(consumer.roomCameBack());
            }
            consumer.checkFinished(turn);
        }
    }

    /** A member's call goes on without this group, which is over: it need keep no room any more. */
    void giveBackRoomOf(Member member) {
        for (Writing each : writing) {
            if (each.member == member) {
                member.consumer().window().giveBack(1, each.bytes);
            }
        }
    }

    /** The frame that {@link #due} or {@link #dueAlone} named waits no more. */
    void taken(long ordinal) {
        Entry first = queueOf(ordinal).poll();
        if (first == null || first.ordinal != ordinal) {
            throw new IllegalStateException("frame " + ordinal + " is not due; the first that waits is " + first);
        }
    }

    /** Nanoseconds until another frame is due; {@link Long#MAX_VALUE} when none waits or one is due already. */
    long untilDue(long now) {
        return Math.min(untilDue(first(queue), now), untilDue(first(suspects), now));
    }

    private static long untilDue(Entry first, long now) {
        return first == null || first.notBeforeNanos - now <= 0 ? Long.MAX_VALUE : first.notBeforeNanos - now;
    }

    private Entry first(PriorityQueue<Entry> of) {
        for (Entry entry = of.peek(); entry != null; entry = of.peek()) {
            if (stillWaits(entry) && queueOf(entry.ordinal) == of) {
                return entry;
            }
            of.poll();
        }
        return null;
    }

    /** An entry is void once its frame was settled, or sent back for another time, meanwhile. */
    private boolean stillWaits(Entry entry) {
        return table.contains(entry.ordinal)
                && table.state(entry.ordinal) == State.RETRY
                && table.deadline(entry.ordinal) == entry.notBeforeNanos;
    }
}
