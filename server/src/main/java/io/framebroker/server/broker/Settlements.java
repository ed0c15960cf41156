package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Settlements of a group that the store has been asked for and has not confirmed, in order. Results are told when the
 * store has confirmed, and none overtakes another. Guarded by the stream's lock.
 */
final class Settlements {
    /**
     * Complete when the store has confirmed as many as {@code number}; no frames of its own when last is before first.
     *
     * @param done told then; null for nobody
     */
    private record Entry(long number, long first, long last, Member member, SettleResult result, Done done) {}

    /** Somebody who is no consumer and waits for the store. Called under the stream's lock. */
    interface Done {
        /** @param why the store will never confirm; null when it has confirmed */
        void over(BrokerException why);
    }

    private final String group;
    private final DeliveryTable table;
    private final StreamStore store;
    private final Turn turn;
    private final GroupDiary diary;
    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private long asked;

    Settlements(String group, DeliveryTable table, StreamStore store, Turn turn, GroupDiary diary) {
        this.group = group;
        this.table = table;
        this.store = store;
        this.turn = turn;
        this.diary = diary;
    }

    /** Goes on numbering where others of this group ended, of whom nothing more is awaited. */
    void goOnFrom(Settlements before) {
        asked = before.asked;
    }

    /**
     * Has the store settle frames that are SETTLING in the table.
     *
     * @param member whom to tell; null for nobody
     * @param result what to tell it; null for nothing
     */
    void ask(long first, long last, StreamStore.Outcome outcome, String reason, Member member, SettleResult result) {
        await(new Entry(++asked, first, last, member, result, null));
        diary.settled(outcome == StreamStore.Outcome.ACKED ? What.ACKED : What.SKIPPED, first, last, reason);
        store.settle(group, first, last, outcome, reason);
    }

    /** Has the store make a dead letter of a frame that is SETTLING in the table; otherwise as above. */
    void ask(Frame frame, DeadLetter letter, Member member, SettleResult result) {
        await(new Entry(++asked, frame.ordinal(), frame.ordinal(), member, result, null));
        diary.buried(frame, letter);
        store.settle(group, frame, letter);
    }

    /**
     * Has the store remove dead letters.
     *
     * @param done told when it has confirmed; null for nobody
     */
    void purge(List<Long> ordinals, String reason, Done done) {
        await(new Entry(++asked, 0, -1, null, null, done));
        store.purge(group, ordinals, reason);
    }

    /**
     * Has the store remove a dead letter that a consumer is done with; otherwise as {@link #ask}.
     *
     * @param reason why it is skipped; null when it is acked
     */
    void purge(long ordinal, String reason, Member member, SettleResult result) {
        await(new Entry(++asked, 0, -1, member, result, null));
        store.purge(group, List.of(ordinal), reason);
    }

    /** Tells a result that needs nothing of the store, behind those asked before. */
    void tell(Member member, SettleResult result) {
        if (queue.isEmpty()) {
            say(member, result);
        } else {
            await(new Entry(asked, 0, -1, member, result, null));
        }
    }

    private void await(Entry entry) {
        queue.add(entry);
        if (entry.result != null) {
            entry.member.consumer().owed();
        }
    }

    /** The store has confirmed settlements up to this number. */
    void confirmed(long throughNumber) {
        while (!queue.isEmpty() && queue.peek().number <= throughNumber) {
            Entry done = queue.poll();
            table.settled(done.first, done.last);
            if (done.result != null) {
                say(done.member, done.result);
                done.member.consumer().answered();
                done.member.consumer().checkFinished(turn);
            }
            if (done.done != null) {
                done.done.over(null);
            }
        }
    }

    /** The store will confirm nothing more: whoever waits for a result hears why there is none. */
    void abandon(BrokerException why) {
        for (Entry entry : queue) {
            if (entry.done != null) {
                entry.done.over(why);
            }
            if (entry.result != null) {
                abandon(entry.member, entry.result, why);
            }
        }
        queue.clear();
    }

    /** A result is owed and will not come. */
    void abandon(Member member, SettleResult owed, BrokerException why) {
        Consumer consumer = member.consumer();
        if (!consumer.has(owed.stream()) && consumer.takesByGlob(owed.stream())) {
            // It goes on without this stream.
            say(
                    member,
                    new SettleResult(
                            owed.stream(), owed.token(), owed.count(), SettleOutcome.UNKNOWN_TOKEN, why.getMessage()));
            consumer.answered();
            consumer.checkFinished(turn);
        } else if (consumer.isFinishing()) {
            // Others have heard it, or are gone.
            consumer.end(why, turn);
        }
    }

    private void say(Member member, SettleResult result) {
        member.consumer().port().settled(result);
        turn.touch(member.consumer().port());
    }
}
