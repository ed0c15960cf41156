package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.DeliveryTable.State;
import java.util.function.LongPredicate;

/** Tells which deliveries a consumer's token still stands for. Changes nothing. Guarded by the stream's lock. */
final class TokenCheck {
    /** Called for each run of deliveries that fare alike. */
    interface RunAction {
        void on(SettleOutcome outcome, long first, int count);
    }

    private final FrameStream stream;
    private final String group;
    private final long base;
    private final DeliveryTable table;
    private final LongPredicate isDeadLetter;
    private final Replays replays;

    /** @param isDeadLetter tells of an ordinal whether its frame is a dead letter of the group */
    TokenCheck(
            FrameStream stream,
            String group,
            long base,
            DeliveryTable table,
            LongPredicate isDeadLetter,
            Replays replays) {
        this.isDeadLetter = isDeadLetter;
        this.replays = replays;
        this.stream = stream;
        this.group = group;
        this.base = base;
        this.table = table;
    }

    /**
     * Checks deliveries {@code token .. token + count - 1}. Costs no more steps than there are frames in the table
     * and dead letters that were tried again, whatever the count says. Of the latter, each is a run of its own.
     *
     * @param lateCounts whether a delivery whose lease has ended is still good while nobody else has the frame
     */
    void eachRun(Member member, Token token, int count, boolean lateCounts, RunAction action) {
        long first = token.ordinal();
        if (first > Long.MAX_VALUE - count) {
            action.on(SettleOutcome.UNKNOWN_TOKEN, first, count);
            return;
        }
        long end = first + count;
        while (first < end) {
            long replayed = replays.nextGiven(first);
            if (replayed == first) {
                action.on(replays.check(member, token, first), first, 1);
                first++;
            } else {
                first = run(member, token, first, Math.min(end, replayed), lateCounts, action);
            }
        }
    }

    /** One run that ends before {@code end} or there. Returns where the next one begins. */
    private long run(Member member, Token token, long first, long end, boolean lateCounts, RunAction action) {
        SettleOutcome outcome = check(member, token, first, lateCounts);
        long next = first + 1;
        if (!table.contains(first)) {
            next = Math.min(end, nextBorder(first, end));
        }
        while (next < end && table.contains(next) && check(member, token, next, lateCounts) == outcome) {
            next++;
        }
        action.on(outcome, first, (int) (next - first));
        return next;
    }

    /** Where the part outside the table that an ordinal lies in ends. */
    private long nextBorder(long ordinal, long end) {
        if (ordinal <= base) {
            return base + 1;
        }
        return ordinal < table.low() ? table.low() : end;
    }

    private SettleOutcome check(Member member, Token token, long ordinal, boolean lateCounts) {
        if (ordinal <= base || ordinal >= table.next() || stream.isOfBefore(token.generation(), ordinal)) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        if (ordinal < table.low()) {
            return SettleOutcome.ALREADY_SETTLED;
        }
        State state = table.state(ordinal);
        int latest = table.attempt(ordinal);
        if (token.attempt() > latest || token.attempt() < 1) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        if (state == State.SETTLED || state == State.SETTLING) {
            return SettleOutcome.ALREADY_SETTLED;
        }
        if (token.generation() != table.generation(ordinal)) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        if (token.attempt() < latest) {
            return SettleOutcome.STALE;
        }
        if (state == State.LEASED) {
            return table.holder(ordinal) == member ? SettleOutcome.OK : SettleOutcome.STALE;
        }
        // The lease has ended, but nobody else has the frame yet: late work is still work done.
        boolean lateButLatest = lateCounts
                && table.leaseEnded(ordinal)
                && table.holder(ordinal)
                        .consumer()
                        .id()
                        .equals(member.consumer().id());
        return lateButLatest ? SettleOutcome.OK : SettleOutcome.STALE;
    }

    SettleResult result(Token token, long first, int count, SettleOutcome outcome) {
        String message = switch (outcome) {
            case OK -> "";
            case ALREADY_SETTLED ->
                isDeadLetter.test(first)
                        ? "frame " + token.generation() + "-" + first + " is a dead letter of group " + group
                                + " by now; see GetDeadLetter"
                        : "settled before";
            case STALE ->
                "attempt " + token.attempt() + " of frame " + token.generation() + "-" + first
                        + " is over: its lease ended or it was given back; the frame comes again";
            case UNKNOWN_TOKEN ->
                "group " + group + " has no delivery " + token.generation() + "-" + first + "/"
                        + token.attempt() + " on stream " + stream.name()
                        + "; settle with the token of a delivery, unchanged";
        };
        return new SettleResult(
                stream.name(), new Token(token.generation(), first, token.attempt()), count, outcome, message);
    }
}
