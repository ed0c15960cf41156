package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.DeliveryTable.Delivery;
import io.framebroker.server.broker.DeliveryTable.State;
import io.framebroker.server.broker.FrameEvent.What;
import io.framebroker.server.broker.ReplayedLetter.Place;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dead letters of a group that are tried again, because somebody asked for that. Each stays a dead letter until a consumer
 * settles it: when the broker crashes, or the group is moved, nothing is lost and nothing has to be known of its replay.
 * Guarded by the stream's lock.
 *
 * <pre>
 * from    to       when
 * -       LINE     asked for
 * LINE    READING  its time has come, somebody takes frames, and none of those read before is left
 * READING READY    its copy is here
 * READING LINE     it could not be read, and may be later
 * READY   LINE     the last consumer has gone
 * READY   OUT      given to a consumer
 * OUT     OUT      lease extended, or taken over by the same consumer on a new connection
 * OUT     LINE     nack, release
 * OUT     -        ack, skip: no letter any more; lease ended, consumer lost, given up, last nack: the letter it was
 * any     -        purged or made to go for others; could not be read; the group has ended
 * </pre>
 */
final class Replays {
    private static final Logger log = LoggerFactory.getLogger(Replays.class);
    /** More attempts of each, where the group sets no bound. */
    private static final int ATTEMPTS = 3;
    /** Most that one turn gives one consumer before the group's own frames have theirs. */
    private static final int MOST_GIVEN = 16;

    private static final long MOST_GIVEN_BYTES = 256 * 1024;

    private final Group group;
    private final FrameStream stream;
    private final Turn turn;
    private final BrokerClock clock;
    private final DeliveryTable table;
    private final DeadLetters letters;
    private final Settlements settlements;
    private final GroupDiary diary;
    private final long leaseNanos;
    private final int mostNacks;

    private final Map<Long, ReplayedLetter> replays = new HashMap<>();
    private final ReplayLine line;
    private final TreeSet<ReplayedLetter> out = new TreeSet<>(ReplayedLetter.BY_TIME);
    /**
     * The latest delivery here of each letter that had one, by ordinal; also of letters that have gone since, as long as the
     * table does not know of them.
     */
    private final TreeMap<Long, Token> given = new TreeMap<>();

    private long asked;
    /** The group's own frames come first, as these have just had their turn. */
    private boolean othersFirst;

    // Since there was no replay.
    private long settled;
    private long kept;

    Replays(Group group, DeliveryTable table, DeadLetters letters, Settlements settlements, GroupDiary diary) {
        this.group = group;
        this.stream = group.stream();
        this.turn = stream.turn();
        this.clock = stream.clock();
        this.table = table;
        this.letters = letters;
        this.settlements = settlements;
        this.diary = diary;
        this.leaseNanos = group.settings().leaseMillis() * 1_000_000;
        this.mostNacks = group.settings().maxAttempts() > 0 ? group.settings().maxAttempts() : ATTEMPTS;
        this.line = new ReplayLine(group.name(), stream, this::hasRead, this::unreadable);
        letters.whenGone(this::gone);
    }

    // ---- the line

    /** Whether a dead letter may be put in line: it is not yet, and the group has not its frame to deliver anyway. */
    boolean mayBegin(DeadLetter letter) {
        long ordinal = letter.id().ordinal();
        return !replays.containsKey(ordinal) && !isToCome(ordinal);
    }

    /** A group that was moved may have the frames of its letters before it once more, or in hand. */
    private boolean isToCome(long ordinal) {
        if (!table.contains(ordinal)) {
            return ordinal >= table.next();
        }
        State state = table.state(ordinal);
        return state != State.SETTLING && state != State.SETTLED;
    }

    /** Puts dead letters that may be put there in line, in their order. */
    void begin(List<DeadLetter> some) {
        given.keySet().removeIf(each -> each > group.base() && each < table.low() && !letters.has(each));
        for (DeadLetter letter : some) {
            long ordinal = letter.id().ordinal();
            Token latest = given.get(ordinal);
            int attempt = latest == null ? letter.attempts() : latest.attempt();
            ReplayedLetter replay = new ReplayedLetter(letter, ++asked, attempt);
            replays.put(ordinal, replay);
            line.add(replay, clock.nanos());
        }
        if (!some.isEmpty()) {
            log.info(
                    "group {} of stream {}: {} dead letters are to be tried again, {} in all",
                    group.name(),
                    stream.name(),
                    some.size(),
                    replays.size());
        }
    }

    /** A replay is over. */
    private void end(ReplayedLetter replay) {
        if (replay.place == Place.OUT) {
            out.remove(replay);
        } else {
            line.remove(replay);
        }
        replay.holder = null;
        replays.remove(replay.ordinal(), replay);
        if (letters.has(replay.ordinal())) {
            kept++;
        } else {
            settled++;
        }
        if (replays.isEmpty()) {
            log.info(
                    "group {} of stream {}: of the dead letters that were tried again {} are none any more, {} stay",
                    group.name(),
                    stream.name(),
                    settled,
                    kept);
            settled = 0;
            kept = 0;
        }
    }

    /** A letter is none any more, whoever has it. */
    private void gone(long ordinal) {
        ReplayedLetter replay = replays.get(ordinal);
        if (replay != null) {
            Member holder = replay.holder;
            end(replay);
            if (holder != null) {
                holder.consumer().window().giveBack(1, replay.bytes());
                hasRoomAgain(holder.consumer());
            }
        }
    }

    /** The group ends here, and with it all replays. */
    void end() {
        replays.clear();
        line.clear();
        out.clear();
    }

    /** Nobody is there to take any. */
    void deserted() {
        line.rest();
    }

    private void hasRead() {
        if (group.consumers() == 0) {
            line.rest();
        }
        group.dispatch();
    }

    private void unreadable(ReplayedLetter replay) {
        log.warn(
                "group {} of stream {}: dead letter {} is not tried again, its copy cannot be read",
                group.name(),
                stream.name(),
                replay.letter.id());
        end(replay);
    }

    // ---- deliveries

    /** Whether it is their turn, as the group's own frames have had theirs. */
    boolean areNext() {
        return !othersFirst;
    }

    /** The group's own frames have had their turn. */
    void beNext() {
        othersFirst = false;
    }

    /**
     * Gives some, or has them read first.
     *
     * @return how many; 0 when there is none to give now, below 0 when the consumer cannot take the next one
     */
    int give(Member member) {
        if (replays.isEmpty()) {
            return 0;
        }
        int count = 0;
        long bytes = 0;
        while (count < MOST_GIVEN && bytes < MOST_GIVEN_BYTES) {
            ReplayedLetter next = line.first();
            if (next == null) {
                break;
            }
            if (!tryGive(member, next)) {
                return count == 0 ? -1 : count;
            }
            othersFirst = true;
            bytes += next.bytes();
            count++;
        }
        return count;
    }

    private boolean tryGive(Member member, ReplayedLetter next) {
        Consumer consumer = member.consumer();
        int bytes = next.bytes();
        if (!consumer.window().tryTake(bytes)) {
            return false;
        }
        if (!consumer.tryCount()) {
            consumer.window().giveBack(1, bytes);
            return false;
        }
        boolean autoAck = consumer.options().autoAck();
        Frame frame = line.take();
        next.attempt = next.nextAttempt();
        next.delivery = new Delivery(consumer.id(), stream.diary().nowMicros());
        given.put(next.ordinal(), new Token(frame.generation(), next.ordinal(), next.attempt));
        lease(next, member);
        consumer.port()
                .deliver(
                        stream.name(),
                        List.of(frame),
                        next.attempt,
                        autoAck ? 0 : group.settings().leaseMillis());
        consumer.got(member, bytes);
        turn.touch(consumer.port());
        if (autoAck) {
            settle(next.ordinal(), Verdict.ACK, null);
            if (consumer.hasSeveralSeats()) {
                // Another stream may have looked while this one had the room.
                turn.touch(consumer.roomCameBack());
            }
        } else {
            consumer.checkFinished(turn);
        }
        return true;
    }

    private void lease(ReplayedLetter replay, Member holder) {
        replay.place = Place.OUT;
        replay.holder = holder;
        replay.deadlineNanos = clock.nanos() + leaseNanos;
        out.add(replay);
        stream.wakeAfter(leaseNanos);
    }

    // ---- settling

    /** Ordinal of the first letter from this one on that was delivered here; {@link Long#MAX_VALUE} for none. */
    long nextGiven(long from) {
        Long next = given.ceilingKey(from);
        return next == null ? Long.MAX_VALUE : next;
    }

    /** What a token stands for, of a letter that {@link #nextGiven} named. */
    SettleOutcome check(Member member, Token token, long ordinal) {
        Token latest = given.get(ordinal);
        if (token.attempt() > latest.attempt() || token.attempt() < 1 || token.generation() != latest.generation()) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        ReplayedLetter replay = replays.get(ordinal);
        if (replay == null || token.attempt() <= replay.letter.attempts()) {
            return SettleOutcome.ALREADY_SETTLED;
        }
        return token.attempt() == latest.attempt() && replay.holder == member ? SettleOutcome.OK : SettleOutcome.STALE;
    }

    /** Whether somebody has a letter in hand. */
    boolean isOut(long ordinal) {
        ReplayedLetter replay = replays.get(ordinal);
        return replay != null && replay.place == Place.OUT;
    }

    /**
     * Ends the delivery of a letter that is out, as its holder says.
     *
     * @param result what to tell the holder; null for nothing
     */
    void settle(long ordinal, Verdict verdict, SettleResult result) {
        ReplayedLetter replay = replays.get(ordinal);
        Member member = replay.holder;
        out.remove(replay);
        if (verdict instanceof Verdict.Ack) {
            note(What.ACKED, replay, "");
            leave(replay, null, member, result);
        } else if (verdict instanceof Verdict.Skip skip) {
            note(What.SKIPPED, replay, skip.reason());
            leave(replay, skip.reason(), member, result);
        } else {
            goesOn(replay, verdict);
            settlements.tell(member, result);
        }
        // Only now: a call whose limit is reached ends when nothing is outstanding and no result is owed.
        member.consumer().window().giveBack(1, replay.bytes());
        member.consumer().checkFinished(turn);
    }

    private void leave(ReplayedLetter replay, String reason, Member member, SettleResult result) {
        letters.leaves(replay.letter, reason, member, result);
        end(replay);
    }

    /** The letter stays one, and is tried again or not. */
    private void goesOn(ReplayedLetter replay, Verdict verdict) {
        long now = clock.nanos();
        if (verdict instanceof Verdict.Retry retry) {
            note(What.NACKED, replay, retry.error());
            replay.nacks++;
            replay.counts = true;
            if (replay.nacks >= mostNacks) {
                end(replay);
            } else {
                long wait = retry.afterMillis() >= 0
                        ? retry.afterMillis() * 1_000_000
                        : Backoff.nanos(replay.nacks, replay.ordinal());
                lineUp(replay, now + wait);
            }
        } else if (verdict instanceof Verdict.GiveUp giveUp) {
            note(What.NACKED, replay, giveUp.error());
            end(replay);
        } else {
            note(What.RELEASED, replay, "");
            release(replay, now);
        }
    }

    private void release(ReplayedLetter replay, long now) {
        replay.counts = false;
        lineUp(replay, now);
    }

    private void lineUp(ReplayedLetter replay, long notBeforeNanos) {
        replay.holder = null;
        line.add(replay, notBeforeNanos);
    }

    /** Prolongs the lease of a letter that is out to its whole length again. */
    void extend(long ordinal) {
        ReplayedLetter replay = replays.get(ordinal);
        out.remove(replay);
        lease(replay, replay.holder);
    }

    private void note(What what, ReplayedLetter replay, String detail) {
        diary.replayed(what, replay.ordinal(), replay.attempt, replay.delivery, detail);
    }

    // ---- consumers that come and go

    boolean holdsAny(Member member) {
        return out.stream().anyMatch(each -> each.holder == member);
    }

    int heldFrames() {
        return out.size();
    }

    long heldBytes() {
        return out.stream().mapToLong(ReplayedLetter::bytes).sum();
    }

    void eachHeld(ObjLongConsumer<Member> action) {
        out.forEach(each -> action.accept(each.holder, each.bytes()));
    }

    private List<ReplayedLetter> heldBy(Member member) {
        return out.stream().filter(each -> each.holder == member).toList();
    }

    /** What a consumer had goes on with its next call, if that says that it has it. */
    void adopt(Member before, Member member, Predicate<Token> isHeld) {
        for (ReplayedLetter each : heldBy(before)) {
            if (isHeld.test(given.get(each.ordinal()))) {
                before.consumer().window().giveBack(1, each.bytes());
                member.consumer().window().take(1, each.bytes());
                out.remove(each);
                lease(each, member);
                note(What.RESUMED, each, "");
            } else {
                fails(each, What.CONNECTION_LOST, "it came back without the frame");
            }
        }
    }

    /** A consumer has gone for good. */
    void sendBack(Member member, boolean graceful) {
        long now = clock.nanos();
        for (ReplayedLetter each : heldBy(member)) {
            if (graceful) {
                note(What.RELEASED, each, "the consumer left");
                out.remove(each);
                release(each, now);
                member.consumer().window().giveBack(1, each.bytes());
            } else {
                fails(each, What.CONNECTION_LOST, "");
            }
        }
    }

    /** A member's call goes on without this group, which is over. */
    void giveBackRoomOf(Member member) {
        heldBy(member).forEach(each -> member.consumer().window().giveBack(1, each.bytes()));
    }

    /** Nobody said why a delivery came to nothing: the letter may be what broke its consumer, and is not tried again. */
    private void fails(ReplayedLetter replay, What what, String detail) {
        note(what, replay, detail);
        replay.holder.consumer().window().giveBack(1, replay.bytes());
        end(replay);
    }

    /** A holder has its room back, without its doing. */
    private void hasRoomAgain(Consumer holder) {
        turn.touch(holder.roomCameBack());
        holder.checkFinished(turn);
    }

    // ---- time

    void endLeases(long now) {
        while (!out.isEmpty() && out.first().deadlineNanos - now <= 0) {
            Consumer holder = out.first().holder.consumer();
            fails(out.first(), What.LEASE_ENDED, "");
            hasRoomAgain(holder);
        }
    }

    /** Nanoseconds until a lease ends, or another letter may be tried; {@link Long#MAX_VALUE} when none will. */
    long untilNext(long now) {
        if (replays.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long wait = line.untilNext(now);
        return out.isEmpty() ? wait : Math.min(wait, out.first().deadlineNanos - now);
    }

    /** How it stands with a frame, if its letter is tried again. */
    void tell(long ordinal, FrameLife life) {
        ReplayedLetter replay = replays.get(ordinal);
        if (replay != null && replay.place == Place.OUT) {
            String consumerId = replay.delivery.consumerId();
            life.delivered(group.name(), consumerId, replay.attempt, replay.delivery.micros());
            life.now(
                    What.PENDING,
                    group.name(),
                    consumerId,
                    replay.attempt,
                    "a dead letter that is tried again, in hand");
        } else if (replay != null) {
            life.now(
                    What.PENDING, group.name(), "", replay.nextAttempt(), "a dead letter that waits to be tried again");
        }
    }
}
