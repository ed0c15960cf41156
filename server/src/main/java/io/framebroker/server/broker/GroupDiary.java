package io.framebroker.server.broker;

import io.framebroker.server.broker.DeliveryTable.Delivery;
import io.framebroker.server.broker.DeliveryTable.State;
import io.framebroker.server.broker.FrameEvent.What;
import io.framebroker.server.broker.FrameTraces.End;
import java.time.Duration;

/**
 * What a group enters in the diary of its stream, and how it stands with a frame. A delivery is entered when it ends, with
 * the time it began, which the table keeps until then. Guarded by the stream's lock.
 */
final class GroupDiary {
    private final String group;
    private final boolean durable;
    private final long base;
    private final DeliveryTable table;
    private final FrameStream stream;
    private final Diary diary;

    GroupDiary(String group, boolean durable, long base, DeliveryTable table, FrameStream stream) {
        this.group = group;
        this.durable = durable;
        this.base = base;
        this.table = table;
        this.stream = stream;
        this.diary = stream.diary();
    }

    // ---- writing

    /** Frames of the table go out. */
    void delivered(long first, long last, String consumerId) {
        table.delivered(first, last, new Delivery(consumerId, diary.nowMicros()));
    }

    /** A consumer came back with a frame in hand, maybe one that another broker had delivered. */
    void resumed(long ordinal, String consumerId) {
        if (table.delivery(ordinal).micros() == 0) {
            table.delivered(ordinal, ordinal, new Delivery(consumerId, 0));
        }
        enter(What.RESUMED, ordinal, ordinal, "");
    }

    /** A delivery has ended without settling the frame. */
    void ended(What how, long ordinal, String detail) {
        enter(how, ordinal, ordinal, detail);
    }

    /**
     * Frames leave the group, delivered or not.
     *
     * @param detail why; null for no more words
     */
    void settled(What how, long first, long last, String detail) {
        String words = detail == null ? "" : detail;
        if (durable && how == What.SKIPPED) {
            End end = words.equals(Group.STORE_LOST) ? End.LOST : End.SKIPPED;
            Delivery delivery = table.delivery(first);
            int attempt = delivery == Delivery.UNKNOWN ? 0 : table.attempt(first);
            stream.traces().dropped(group, delivery.consumerId(), attempt, end, words, first, last);
        }
        long start = first;
        while (start <= last) {
            long end = table.deliveredWith(start, last);
            enter(how, start, end, words);
            start = end + 1;
        }
    }

    /** A frame leaves the group as a dead letter. */
    void buried(Frame frame, DeadLetter letter) {
        if (durable) {
            stream.traces().buried(group, frame, letter);
        }
        settled(What.DEAD_LETTERED, frame.ordinal(), frame.ordinal(), letter.words());
    }

    /** The delivery of a dead letter that is tried again has ended, or goes on; its frame need not be in the table. */
    void replayed(What how, long ordinal, int attempt, Delivery delivery, String detail) {
        diary.enterRare(new DiaryEntry(
                how,
                ordinal,
                ordinal,
                group,
                delivery.consumerId(),
                attempt,
                delivery.micros(),
                diary.nowMicros(),
                Diary.bounded(detail)));
    }

    /** The group ends here, or starts anew elsewhere: so do its deliveries. */
    void over(What how, String detail) {
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.LEASED) {
                enter(What.RELEASED, ordinal, ordinal, detail);
            }
        }
        diary.enterRare(new DiaryEntry(how, 1, stream.storedThrough(), group, "", 0, 0, diary.nowMicros(), detail));
    }

    private void enter(What what, long first, long last, String detail) {
        Delivery delivery = table.delivery(first);
        long since = delivery.micros();
        // The newest frame of a LATEST call is done as it goes out, and has no attempt in the table.
        int attempt = since == 0 ? table.attempt(first) : Math.max(1, table.attempt(first));
        DiaryEntry entry = new DiaryEntry(
                what,
                first,
                last,
                group,
                delivery.consumerId(),
                attempt,
                since,
                diary.nowMicros(),
                Diary.bounded(detail));
        if (!durable || what == What.ACKED && attempt <= 1) {
            diary.enterFrequent(entry);
        } else {
            diary.enterRare(entry);
        }
    }

    // ---- how it stands

    void tell(long ordinal, FrameLife life) {
        if (ordinal <= base) {
            life.now(What.BEFORE_GROUP, group, "", 0, "the group begins behind frame " + base);
        } else if (ordinal >= table.next()) {
            life.now(What.WAITING, group, "", 0, ordinal - table.next() + " frames of the stream come before it");
        } else if (ordinal < table.low()) {
            life.settled(group);
        } else {
            tellPending(ordinal, life);
        }
    }

    private void tellPending(long ordinal, FrameLife life) {
        int attempt = table.attempt(ordinal);
        Delivery delivery = table.delivery(ordinal);
        String consumerId = delivery.consumerId();
        long leftNanos = table.deadline(ordinal) - stream.clock().nanos();
        switch (table.state(ordinal)) {
            case LEASED -> {
                life.delivered(group, consumerId, attempt, delivery.micros());
                boolean away = table.holder(ordinal).away();
                String lease = "in hand; its lease ends in " + millis(Math.max(0, leftNanos));
                life.now(What.PENDING, group, consumerId, attempt, lease + (away ? "; its connection is lost" : ""));
            }
            case RETRY, WRITING ->
                life.now(
                        What.PENDING,
                        group,
                        "",
                        table.nextAttempt(ordinal),
                        leftNanos > 0
                                ? "is delivered again in " + millis(leftNanos)
                                : "is due to be delivered again, and waits for a consumer, or for the store");
            case USED_UP ->
                life.now(
                        What.PENDING,
                        group,
                        "",
                        attempt,
                        "no attempt is left; is a dead letter as soon as the store has read it and has room for the copy");
            case SETTLING -> life.now(What.SETTLING, group, "", 0, "the store has yet to confirm");
            case SETTLED -> life.settled(group);
        }
    }

    private static Duration millis(long nanos) {
        return Duration.ofMillis(nanos / 1_000_000);
    }
}
