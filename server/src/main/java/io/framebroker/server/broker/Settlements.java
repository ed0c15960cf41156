package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleResult;
import java.util.ArrayDeque;

/**
 * Settlements of a group that the store has been asked for and has not confirmed, in order. Results are told when the
 * store has confirmed, and none overtakes another. Guarded by the stream's lock.
 */
final class Settlements {
    /** Complete when the store has confirmed as many as {@code number}; no frames of its own when last is before first. */
    private record Entry(long number, long first, long last, Member member, SettleResult result) {}

    private final String group;
    private final DeliveryTable table;
    private final StreamStore store;
    private final Turn turn;
    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private long asked;

    Settlements(String group, DeliveryTable table, StreamStore store, Turn turn) {
        this.group = group;
        this.table = table;
        this.store = store;
        this.turn = turn;
    }

    /**
     * Has the store settle frames that are SETTLING in the table.
     *
     * @param member whom to tell; null for nobody
     * @param result what to tell it; null for nothing
     */
    void ask(long first, long last, StreamStore.Outcome outcome, String reason, Member member, SettleResult result) {
        await(new Entry(++asked, first, last, member, result));
        store.settle(group, first, last, outcome, reason);
    }

    /** Tells a result that needs nothing of the store, behind those asked before. */
    void tell(Member member, SettleResult result) {
        if (queue.isEmpty()) {
            say(member, result);
        } else {
            await(new Entry(asked, 0, -1, member, result));
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
        }
    }

    private void say(Member member, SettleResult result) {
        member.consumer().port().settled(result);
        turn.touch(member.consumer().port());
    }
}
