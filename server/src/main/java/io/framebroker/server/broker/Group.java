package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.DeliveryTable.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A group on one stream: a cursor, the pending frames, and the consumers that share them. Guarded by the stream's lock;
 * nobody but the stream calls it.
 *
 * <p>A durable group protects its frames: the stream keeps what the group has not settled. A group of one call alone
 * does not, so that a forgotten viewer cannot hold a camera; what the stream lets go is skipped, by name.
 */
final class Group {
    /** Most frames that one turn gives one consumer before the next one is asked. */
    private static final int GIVE_FRAMES = 256;

    private static final long GIVE_BYTES = 256 * 1024;
    private static final String PASSED_OVER = "RETENTION";
    private static final int MOST_REASONS = 64;

    private final String name;
    private final GroupSettings settings;
    private final boolean durable;
    private final long base;
    private final FrameStream stream;
    private final StreamStore store;
    private final Turn turn;
    private final BrokerClock clock;

    private final DeliveryTable table;
    private final List<Member> members = new ArrayList<>();
    private final Map<String, Member> away = new HashMap<>();
    private final Redeliveries redeliveries;
    private final Settlements settlements;
    private final TokenCheck tokens;
    private final Set<String> skipReasons = new HashSet<>();
    /** Whose turn it is; may be one too many, when a member has left. */
    private int nextMember;

    private boolean anyLease;
    /** No lease ends before this; a lower bound, made exact when it is reached. */
    private long leaseCheckNanos;

    Group(String name, GroupSettings settings, boolean durable, long base, FrameStream stream) {
        this.name = name;
        this.settings = settings;
        this.durable = durable;
        this.base = base;
        this.stream = stream;
        this.store = stream.store();
        this.turn = stream.turn();
        this.clock = stream.clock();
        this.table = new DeliveryTable(base + 1);
        this.redeliveries = new Redeliveries(table);
        this.settlements = new Settlements(name, table, store, turn);
        this.tokens = new TokenCheck(stream.name(), name, base, table);
    }

    String name() {
        return name;
    }

    FrameStream stream() {
        return stream;
    }

    GroupSettings settings() {
        return settings;
    }

    boolean durable() {
        return durable;
    }

    long base() {
        return base;
    }

    /** Ordinal of the oldest frame this group has not settled; one behind the newest when there is none. */
    long low() {
        return table.low();
    }

    int consumers() {
        return members.size();
    }

    List<Member> members() {
        return members;
    }

    boolean deserted() {
        return members.isEmpty() && away.isEmpty();
    }

    // ---- members

    Member join(Consumer consumer) {
        Member member = new Member(consumer, this);
        Member before = away.remove(consumer.id());
        if (before == null) {
            before = connected(consumer.id());
        }
        members.add(member);
        if (before != null) {
            if (members.remove(before)) {
                before.consumer().replaced(replaced(consumer), turn);
                before.leave(clock.nanos());
            }
            adopt(before, member, consumer.options().held());
        }
        tellLost(member, consumer.options().held());
        return member;
    }

    /** Tells a returning consumer which of the deliveries it believes to have it has not. */
    private void tellLost(Member member, List<Consumer.Held> held) {
        for (Consumer.Held run : held) {
            if (run.stream().equals(stream.name())) {
                tokens.eachRun(member, run.token(), run.count(), false, (outcome, first, count) -> {
                    if (outcome != SettleOutcome.OK) {
                        settlements.tell(member, tokens.result(run.token(), first, count, outcome));
                    }
                });
            }
        }
    }

    /** A consumer that ends in order: its frames go to others at once, uncounted. */
    void release(Member member) {
        if (members.remove(member) || away.remove(member.consumer().id(), member)) {
            sendBack(member, false);
            dispatch();
        }
    }

    /** A consumer whose connection is lost: its frames wait for it. */
    void lost(Member member, long graceNanos) {
        if (members.remove(member)) {
            if (graceNanos == 0 || !holdsAny(member)) {
                sendBack(member, true);
                dispatch();
                return;
            }
            member.leave(clock.nanos() + graceNanos);
            away.put(member.consumer().id(), member);
        }
    }

    /** Ends everybody; nothing goes out behind it. */
    void end(BrokerException why) {
        for (Member member : members) {
            member.consumer().end(why, turn);
        }
        members.clear();
        away.clear();
    }

    private Member connected(String consumerId) {
        for (Member member : members) {
            if (member.consumer().id().equals(consumerId)) {
                return member;
            }
        }
        return null;
    }

    private BrokerException replaced(Consumer by) {
        return new BrokerException(
                BrokerException.Kind.ABORTED,
                "CONSUMER_REPLACED",
                "consumer " + Names.quoted(by.id()) + " of group " + name + " has opened another call; this one ends");
    }

    /** Gives what {@code before} held to its successor: what it still has goes on, the rest comes again at once. */
    private void adopt(Member before, Member member, List<Consumer.Held> held) {
        long now = clock.nanos();
        long leaseEnd = now + settings.leaseMillis() * 1_000_000;
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.LEASED && table.holder(ordinal) == before) {
                before.consumer().window().giveBack(1, table.bytes(ordinal));
                if (isHeld(held, ordinal)) {
                    member.consumer().window().take(1, table.bytes(ordinal));
                    table.lease(ordinal, table.attempt(ordinal), member, leaseEnd);
                } else {
                    redeliveries.sendBack(ordinal, now, true, false);
                }
            }
        }
    }

    private boolean isHeld(List<Consumer.Held> held, long ordinal) {
        for (Consumer.Held run : held) {
            Token token = run.token();
            if (run.stream().equals(stream.name())
                    && ordinal >= token.ordinal()
                    && ordinal - token.ordinal() < run.count()
                    && token.generation() == table.generation(ordinal)
                    && token.attempt() == table.attempt(ordinal)) {
                return true;
            }
        }
        return false;
    }

    private boolean holdsAny(Member member) {
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.LEASED && table.holder(ordinal) == member) {
                return true;
            }
        }
        return false;
    }

    private void sendBack(Member member, boolean counted) {
        long now = clock.nanos();
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.LEASED && table.holder(ordinal) == member) {
                member.consumer().window().giveBack(1, table.bytes(ordinal));
                redeliveries.sendBack(ordinal, now, counted, !counted);
            }
        }
    }

    // ---- deliveries

    /** Hands out frames, as far as there are frames and consumers that take them. */
    void dispatch() {
        int refused = 0;
        while (refused < members.size()) {
            int turnOf = nextMember % members.size();
            Member member = members.get(turnOf);
            int given = member.consumer().takes() ? give(member) : -1;
            if (given == 0) {
                // It stays this member's turn.
                return;
            }
            nextMember = turnOf + 1;
            refused = given > 0 ? 0 : refused + 1;
        }
    }

    /** Frames given; 0 when there are none to give, -1 when the consumer cannot take the next one. */
    private int give(Member member) {
        long due = redeliveries.due(clock.nanos());
        if (due != 0) {
            List<Frame> frame = store.read(due, due, 1, Long.MAX_VALUE);
            return frame.isEmpty() ? 0 : giveAgain(member, frame);
        }
        Consumer consumer = member.consumer();
        int most = Math.min(GIVE_FRAMES, consumer.window().freeFrames());
        if (most == 0) {
            // Another stream has used the window up since it was looked at.
            return -1;
        }
        List<Frame> frames = store.read(table.next(), stream.storedThrough(), most, GIVE_BYTES);
        return frames.isEmpty() ? 0 : giveFirst(member, frames);
    }

    private int giveAgain(Member member, List<Frame> one) {
        Frame frame = one.get(0);
        Consumer consumer = member.consumer();
        if (!consumer.window().tryTake(frame.bytes())) {
            return -1;
        }
        if (!consumer.tryCount()) {
            consumer.window().giveBack(1, frame.bytes());
            return -1;
        }
        redeliveries.taken();
        wakeForNextRetry();
        int attempt = table.nextAttempt(frame.ordinal());
        table.lease(frame.ordinal(), attempt, member, leaseEnd());
        handOver(member, one, attempt);
        return 1;
    }

    /** A frame that was due and found no consumer kept the broker from waking for those behind it. */
    private void wakeForNextRetry() {
        long wait = redeliveries.untilDue(clock.nanos());
        if (wait != Long.MAX_VALUE) {
            stream.wakeAfter(wait);
        }
    }

    private int giveFirst(Member member, List<Frame> frames) {
        Consumer consumer = member.consumer();
        PublisherKey publisher = frames.get(0).publisher();
        long leaseEnd = leaseEnd();
        int count = 0;
        for (Frame frame : frames) {
            if (!publisher.equals(frame.publisher()) || !consumer.window().tryTake(frame.bytes())) {
                break;
            }
            if (!consumer.tryCount()) {
                consumer.window().giveBack(1, frame.bytes());
                break;
            }
            table.addLeased(frame.generation(), frame.bytes(), member, leaseEnd);
            count++;
        }
        if (count == 0) {
            return -1;
        }
        handOver(member, count == frames.size() ? frames : frames.subList(0, count), 1);
        return count;
    }

    private void handOver(Member member, List<Frame> frames, int attempt) {
        Consumer consumer = member.consumer();
        Frame first = frames.get(0);
        long last = frames.get(frames.size() - 1).ordinal();
        store.delivered(name, first.ordinal(), last, attempt);
        boolean autoAck = consumer.options().autoAck();
        consumer.port().deliver(stream.name(), frames, attempt, autoAck ? 0 : settings.leaseMillis());
        turn.touch(consumer.port());
        if (autoAck) {
            carryOut(member, first.ordinal(), last, Verdict.ACK, null);
            if (consumer.hasSeveralSeats()) {
                // Another stream may have looked while this one had the room.
                turn.touch(consumer.roomCameBack());
            }
        } else {
            consumer.checkFinished(turn);
        }
    }

    private long leaseEnd() {
        long end = clock.nanos() + settings.leaseMillis() * 1_000_000;
        if (!anyLease || end - leaseCheckNanos < 0) {
            leaseCheckNanos = end;
            anyLease = true;
            stream.wakeAfter(settings.leaseMillis() * 1_000_000);
        }
        return end;
    }

    // ---- settling

    /** Ends deliveries {@code token .. token + count - 1}. Each run of equal outcome is told to the member. */
    void settle(Member member, Token token, int count, Verdict verdict) {
        tokens.eachRun(member, token, count, true, (outcome, first, run) -> {
            SettleResult result = tokens.result(token, first, run, outcome);
            if (outcome == SettleOutcome.OK) {
                carryOut(member, first, first + run - 1, verdict, result);
            } else {
                settlements.tell(member, result);
            }
        });
    }

    /** Prolongs leases to the whole length again; only of deliveries whose lease still runs. */
    void extend(Member member, Token token, int count) {
        tokens.eachRun(member, token, count, false, (outcome, first, run) -> {
            if (outcome == SettleOutcome.OK) {
                long leaseEnd = leaseEnd();
                for (long ordinal = first; ordinal < first + run; ordinal++) {
                    table.lease(ordinal, token.attempt(), member, leaseEnd);
                }
            }
            settlements.tell(member, tokens.result(token, first, run, outcome));
        });
    }

    /** Performs a verdict on frames that are LEASED, or in RETRY with a late verdict. */
    private void carryOut(Member member, long first, long last, Verdict verdict, SettleResult result) {
        long now = clock.nanos();
        int frames = 0;
        long bytes = 0;
        for (long ordinal = first; ordinal <= last; ordinal++) {
            boolean leased = table.state(ordinal) == State.LEASED;
            if (leased) {
                frames++;
                bytes += table.bytes(ordinal);
            }
            if (verdict instanceof Verdict.Ack || verdict instanceof Verdict.Skip) {
                table.settling(ordinal);
            } else if (leased) {
                boolean counted = verdict instanceof Verdict.Retry;
                redeliveries.sendBack(ordinal, now + waitNanos(verdict, ordinal), counted, true);
            }
        }
        if (verdict instanceof Verdict.Ack) {
            settlements.ask(first, last, StreamStore.Outcome.ACKED, null, member, result);
        } else if (verdict instanceof Verdict.Skip skip) {
            settlements.ask(first, last, StreamStore.Outcome.SKIPPED, bounded(skip.reason()), member, result);
        } else {
            settlements.tell(member, result);
        }
        // Only now: a call whose limit is reached ends when nothing is outstanding and no result is owed.
        member.consumer().window().giveBack(frames, bytes);
        member.consumer().checkFinished(turn);
    }

    /** Consumers choose their reasons, so their number is bounded; the count is not. */
    private String bounded(String reason) {
        if (skipReasons.size() < MOST_REASONS) {
            skipReasons.add(reason);
        }
        return skipReasons.contains(reason) ? reason : "OTHER";
    }

    private long waitNanos(Verdict verdict, long ordinal) {
        if (verdict instanceof Verdict.Retry retry) {
            return retry.afterMillis() >= 0
                    ? retry.afterMillis() * 1_000_000
                    : Backoff.nanos(table.attempt(ordinal), ordinal);
        }
        return 0;
    }

    /** The store has confirmed settlements up to this number. */
    void settled(long throughNumber) {
        settlements.confirmed(throughNumber);
    }

    // ---- frames this group does not get

    /** Tells the consumers of frames that were lost before they came in. */
    void tellReported(List<Publisher.Lost> lost) {
        for (Member member : members) {
            for (Publisher.Lost each : lost) {
                member.consumer()
                        .port()
                        .gap(stream.name(), "REPORTED", each.count(), each.estimated(), null, null, each.reason());
            }
            turn.touch(member.consumer().port());
        }
    }

    /** Skips whatever this group has not settled up to an ordinal. Only for groups that protect nothing. */
    void passOver(long through) {
        long first = table.low();
        if (first > through) {
            return;
        }
        for (long ordinal = first; ordinal <= Math.min(through, table.next() - 1); ordinal++) {
            State state = table.state(ordinal);
            if (state == State.LEASED) {
                takeBack(ordinal);
            }
            if (state == State.LEASED || state == State.RETRY) {
                table.settling(ordinal);
                settlements.ask(ordinal, ordinal, StreamStore.Outcome.SKIPPED, PASSED_OVER, null, null);
            }
        }
        wakeForNextRetry();
        skipWaiting(through, PASSED_OVER);
    }

    /** Skips waiting frames up to an ordinal; pending ones stay. Returns how many. */
    long skipWaiting(long through, String reason) {
        long first = table.next();
        if (first > through) {
            return 0;
        }
        while (table.next() <= through) {
            table.addSettling();
        }
        settlements.ask(first, through, StreamStore.Outcome.SKIPPED, reason, null, null);
        tellGap(first, through, reason);
        return through - first + 1;
    }

    private void tellGap(long first, long last, String reason) {
        for (Member member : members) {
            FrameId firstId = new FrameId(stream.generation(), first);
            FrameId lastId = new FrameId(stream.generation(), last);
            member.consumer().port().gap(stream.name(), reason, last - first + 1, false, firstId, lastId, "");
            turn.touch(member.consumer().port());
            // What comes behind may fit where the skipped ones did not.
            turn.touch(member.consumer().roomCameBack());
        }
    }

    // ---- time

    /** Ends what is due and returns when to look again; {@link Long#MAX_VALUE} from now when nothing is. */
    long tick(long now) {
        away.values().removeIf(member -> {
            boolean over = member.graceEndNanos() - now <= 0;
            if (over) {
                sendBack(member, true);
            }
            return over;
        });
        if (anyLease && leaseCheckNanos - now <= 0) {
            endLeases(now);
        }
        dispatch();
        long wait = Long.MAX_VALUE;
        if (anyLease) {
            wait = Math.min(wait, leaseCheckNanos - now);
        }
        for (Member member : away.values()) {
            wait = Math.min(wait, member.graceEndNanos() - now);
        }
        // A frame that is due and still waits found no consumer that takes it: the next event hands it out.
        wait = Math.min(wait, redeliveries.untilDue(now));
        return wait;
    }

    private void endLeases(long now) {
        anyLease = false;
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            // The lease of a consumer that is away runs on: its grace only decides who may take the frame back sooner.
            if (table.state(ordinal) != State.LEASED) {
                continue;
            }
            long end = table.deadline(ordinal);
            if (end - now <= 0) {
                takeBack(ordinal);
                redeliveries.sendBack(ordinal, now + Backoff.nanos(table.attempt(ordinal), ordinal), true, false);
            } else if (!anyLease || end - leaseCheckNanos < 0) {
                anyLease = true;
                leaseCheckNanos = end;
            }
        }
    }

    /** Gives the holder its room back, without its doing. */
    private void takeBack(long ordinal) {
        Consumer holder = table.holder(ordinal).consumer();
        holder.window().giveBack(1, table.bytes(ordinal));
        turn.touch(holder.roomCameBack());
        holder.checkFinished(turn);
    }
}
