package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Settlements of a group that the store has been asked for and has not confirmed, in order. Results are told when the
 * store has confirmed, and none overtakes another. Those of frames that are on their way to the store are asked when it has
 * them. Guarded by the stream's lock.
 */
final class Settlements {
    private static final long NOT_ASKED = Long.MAX_VALUE;

    /** Complete when the store has confirmed as many as {@code number}; no frames of its own when last is before first. */
    private static final class Entry {
        final long last;
        final Member member;
        final SettleResult result;
        /** Told then; null for nobody. */
        final Done done;

        long first;
        long number = NOT_ASKED;

        Entry(long first, long last, Member member, SettleResult result, Done done) {
            this.first = first;
            this.last = last;
            this.member = member;
            this.result = result;
            this.done = done;
        }
    }

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
    private final EarlyAsks early;
    /** What is to be told, in the order in which it was asked for. */
    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    /** What the store is asked for, by number: it may confirm what is told later. */
    private final ArrayDeque<Entry> inStore = new ArrayDeque<>();

    private long asked;
    private long confirmed;

    Settlements(String group, DeliveryTable table, StreamStore store, Turn turn, GroupDiary diary, EarlyAsks early) {
        this.group = group;
        this.table = table;
        this.store = store;
        this.turn = turn;
        this.diary = diary;
        this.early = early;
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
        Entry entry = await(new Entry(first, last, member, result, null));
        if (early.mustWait(last)) {
            early.add(first, last, (from, through) -> ask(part(entry, through), outcome, reason));
        } else {
            ask(entry, outcome, reason);
        }
    }

    /** The frames of an entry up to an ordinal, which are told of with the rest. */
    private static Entry part(Entry entry, long through) {
        if (through == entry.last) {
            return entry;
        }
        Entry part = new Entry(entry.first, through, null, null, null);
        entry.first = through + 1;
        return part;
    }

    private void ask(Entry entry, StreamStore.Outcome outcome, String reason) {
        number(entry);
        early.asked(entry.last);
        What what = outcome == StreamStore.Outcome.ACKED ? What.ACKED : What.SKIPPED;
        diary.settled(what, entry.first, entry.last, reason);
        store.settle(group, entry.first, entry.last, outcome, reason);
    }

    /** Has the store make a dead letter of a frame that is SETTLING in the table, and stored; otherwise as above. */
    void ask(Frame frame, DeadLetter letter, Member member, SettleResult result) {
        number(await(new Entry(frame.ordinal(), frame.ordinal(), member, result, null)));
        diary.buried(frame, letter);
        store.settle(group, frame, letter);
    }

    /**
     * Has the store remove dead letters.
     *
     * @param done told when it has confirmed; null for nobody
     */
    void purge(List<Long> ordinals, String reason, Done done) {
        number(await(new Entry(0, -1, null, null, done)));
        store.purge(group, ordinals, reason);
    }

    /**
     * Has the store remove a dead letter that a consumer is done with; otherwise as {@link #ask}.
     *
     * @param reason why it is skipped; null when it is acked
     */
    void purge(long ordinal, String reason, Member member, SettleResult result) {
        number(await(new Entry(0, -1, member, result, null)));
        store.purge(group, List.of(ordinal), reason);
    }

    /** Tells a result that needs nothing of the store, behind those asked before. */
    void tell(Member member, SettleResult result) {
        if (queue.isEmpty()) {
            say(member, result);
        } else {
            await(new Entry(0, -1, member, result, null)).number = asked;
        }
    }

    private Entry await(Entry entry) {
        queue.add(entry);
        if (entry.result != null) {
            entry.member.consumer().owed();
        }
        return entry;
    }

    private void number(Entry entry) {
        entry.number = ++asked;
        inStore.add(entry);
    }

    /** The store has confirmed settlements up to this number. */
    void confirmed(long throughNumber) {
        confirmed = throughNumber;
        while (!inStore.isEmpty() && inStore.peek().number <= throughNumber) {
            Entry done = inStore.poll();
            table.settled(done.first, done.last);
        }
        while (!queue.isEmpty() && queue.peek().number <= confirmed) {
            Entry done = queue.poll();
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
        inStore.clear();
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
