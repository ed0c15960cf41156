package io.framebroker.server.broker;

import io.framebroker.server.broker.DeliveryTable.State;
import java.util.PriorityQueue;

/** Frames that wait for their next attempt, by the time they may have it. Guarded by the stream's lock. */
final class Redeliveries {
    private record Entry(long notBeforeNanos, long ordinal) {}

    private static final int SLACK = 256;

    private final DeliveryTable table;
    private final PriorityQueue<Entry> queue = new PriorityQueue<>((a, b) -> {
        int byTime = Long.signum(a.notBeforeNanos - b.notBeforeNanos);
        return byTime != 0 ? byTime : Long.compare(a.ordinal, b.ordinal);
    });

    Redeliveries(DeliveryTable table) {
        this.table = table;
    }

    /**
     * Sends a leased frame back.
     *
     * @param counted whether its next delivery is a new attempt
     * @param byConsumer whether the holder gave it back itself, so that a late ack of it is worth nothing
     */
    void sendBack(long ordinal, long notBeforeNanos, boolean counted, boolean byConsumer) {
        table.retry(ordinal, notBeforeNanos, counted, byConsumer);
        queue.add(new Entry(notBeforeNanos, ordinal));
        if (queue.size() > SLACK + 2 * (table.next() - table.low())) {
            dropVoidEntries();
        }
    }

    /** Void entries behind the first one would stay until it is due. */
    private void dropVoidEntries() {
        queue.clear();
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.RETRY) {
                queue.add(new Entry(table.deadline(ordinal), ordinal));
            }
        }
    }

    /** The frame that has waited longest beyond its time; 0 when none is due. */
    long due(long now) {
        Entry first = first();
        return first != null && first.notBeforeNanos - now <= 0 ? first.ordinal : 0;
    }

    /** Takes the frame that {@link #due} named, which is leased again. */
    void taken() {
        queue.poll();
    }

    /** Nanoseconds until another frame is due; {@link Long#MAX_VALUE} when none waits or one is due already. */
    long untilDue(long now) {
        Entry first = first();
        return first == null || first.notBeforeNanos - now <= 0 ? Long.MAX_VALUE : first.notBeforeNanos - now;
    }

    private Entry first() {
        for (Entry entry = queue.peek(); entry != null; entry = queue.peek()) {
            if (stillWaits(entry)) {
                return entry;
            }
            queue.poll();
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
