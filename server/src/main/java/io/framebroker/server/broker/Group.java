package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.DeliveryTable.State;
import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A group on one stream: a cursor, the pending frames, and the consumers that share them. Guarded by the stream's lock;
 * nobody but the stream calls it.
 *
 * <p>A durable group protects its frames: the stream keeps what the group has not settled, unless nobody has consumed
 * from it for long. A group of one call alone does not, so that a forgotten viewer cannot hold a camera; what the stream
 * lets go is skipped, by name.
 */
final class Group {
    /** A verdict on a frame that has to be read first, or to have room first; its result is owed. */
    private record PutOff(Member member, Token token, Verdict verdict) {}

    /** Most frames that one turn gives one consumer before the next one is asked. */
    private static final int GIVE_FRAMES = 256;

    private static final long GIVE_BYTES = 256 * 1024;
    /** Frames that were stored once and have vanished from the store. */
    static final String STORE_LOST = "STORE_LOST";

    /** An operator had no use for them. */
    static final String PURGED = "PURGED";

    static final String PASSED_OVER = "RETENTION";
    /** The stream let frames go while the group had had no consumer for too long to protect them. */
    static final String EXPIRED = "GROUP_TTL";

    private static final int NOT_FOR_IT = -2;

    private final String name;
    private final GroupSettings settings;
    private final boolean durable;
    private final long base;
    private final FrameStream stream;
    private final StreamStore store;
    private final Turn turn;
    private final BrokerClock clock;

    private final DeliveryTable table;
    private final GroupDiary diary;
    private final List<Member> members = new ArrayList<>();
    private final Map<String, Member> away = new HashMap<>();
    private final Sticky sticky;
    private final Redeliveries redeliveries;
    private final Quarantine quarantine;
    private final EarlyAsks early;
    private final Settlements settlements;
    private final TokenCheck tokens;
    private final DeadLetters deadLetters;
    private final Replays replays;
    private final LetterRetry letterRetry;
    /** Verdicts on frames that have to be read first. */
    private final Map<Long, PutOff> putOff = new LinkedHashMap<>();

    private final MaxAge maxAge;
    private final KeyframeWait keyframes = new KeyframeWait();
    /** How frames are taken in mode LATEST; null in the others. */
    private final Latest latest;

    private final Range range;
    private final Protection protection;
    private final Durations ages = new Durations();
    private final Durations settles = new Durations();
    private final SkipReasons skipReasons = new SkipReasons();
    /** Whose turn it is; may be one too many, when a member has left. */
    private int nextMember;

    private boolean ended;

    private long takenThrough;
    /** Frames behind the cursor up to here may have been delivered by another broker. */
    private long maybeDelivered;

    /** Until then nobody but who had them gets the frames that were pending when the stream was opened. */
    private long recoveredUntil;
    /** The cursor of then; 0 once that time is over. */
    private long recoveredThrough;
    /** Nothing is delivered; what is out is settled, and its leases end. Read without the lock. */
    private volatile boolean paused;

    private boolean dispatching;
    private boolean anyLease;
    /** No lease ends before this; a lower bound, made exact when it is reached. */
    private long leaseCheckNanos;

    Group(String name, GroupSettings settings, boolean durable, long base, FrameStream stream) {
        this(name, settings, durable, base, stream, Mode.QUEUE, base);
    }

    Group(String name, GroupSettings settings, boolean durable, long base, FrameStream stream, Mode mode) {
        this(name, settings, durable, base, stream, mode, base);
    }

    /** @param cursor ordinal of the last frame the group has taken */
    private Group(
            String name,
            GroupSettings settings,
            boolean durable,
            long base,
            FrameStream stream,
            Mode mode,
            long cursor) {
        this.name = name;
        this.settings = settings;
        this.durable = durable;
        this.base = base;
        this.stream = stream;
        this.store = stream.store();
        this.turn = stream.turn();
        this.clock = stream.clock();
        boolean strict = settings.order() == GroupSettings.Order.STRICT;
        // In strict order a frame that is tried again goes alone anyway.
        this.table = new DeliveryTable(base + 1, !strict);
        this.takenThrough = base;
        this.diary = new GroupDiary(name, durable, base, table, stream);
        this.sticky = new Sticky(strict, members, table, settings.leaseMillis() * 1_000_000);
        this.redeliveries = new Redeliveries(table, turn, strict);
        this.quarantine = new Quarantine(members, turn, clock);
        this.early = new EarlyAsks(stream, cursor);
        this.settlements = new Settlements(name, table, store, turn, diary, early);
        this.deadLetters = new DeadLetters(name, settings.maxAttempts(), stream, table, settlements, early);
        this.replays = new Replays(this, table, deadLetters, settlements, diary);
        this.letterRetry = new LetterRetry(stream.letterRetryMillis(), deadLetters, replays, clock);
        this.tokens = new TokenCheck(stream, name, base, table, deadLetters::has, replays);
        this.maxAge = new MaxAge(settings.maxAgeMillis(), store, clock);
        this.latest = mode instanceof Mode.Latest newest
                ? new Latest(newest, this, stream, table, settlements, tokens)
                : null;
        this.range = Range.of(mode, base, store);
        this.protection = new Protection(stream.name(), name, stream.groupTtlMillis(), clock.nanos());
    }

    /** A group of before, on a stream that is opened again. */
    Group(StreamRecord.OfGroup known, GroupRecord record, FrameStream stream) {
        this(known.name(), known.settings(), true, record.base(), stream, Mode.QUEUE, record.cursor());
        table.recover(record.cursor(), known.pending(), store::bytes);
        takenThrough = record.cursor();
        maybeDelivered = Math.min(known.maybeDelivered(), stream.storedThrough());
        deadLetters.recover();
        skipReasons.addKnown(record.skipped().keySet());
        if (!table.contains(record.cursor()) || table.state(record.cursor()) == State.SETTLED) {
            awaitKeyframe(record);
        }
        long graceEnd = clock.nanos() + stream.resumeGraceNanos();
        recoveredUntil = graceEnd;
        recoveredThrough = record.cursor();
        for (StreamRecord.Pending pending : known.pending()) {
            takeUp(pending, graceEnd);
        }
    }

    private void takeUp(StreamRecord.Pending pending, long graceEnd) {
        if (pending.left() == null) {
            redeliveries.sendBack(pending.ordinal(), graceEnd, true, false);
        } else {
            boolean counted = pending.left() == StreamRecord.Left.NACKED;
            boolean waits = pending.left() == StreamRecord.Left.IN_HAND;
            redeliveries.sendBack(pending.ordinal(), waits ? graceEnd : clock.nanos(), counted, true);
        }
    }

    /** Nobody knows whether the last frame was skipped: then less is given rather than what cannot be decoded. */
    private void awaitKeyframe(GroupRecord record) {
        for (String reason : List.of(STORE_LOST, PURGED, EXPIRED, MaxAge.REASON, Overflow.REASON)) {
            if (record.skipped().containsKey(reason)) {
                keyframes.begin(reason);
            }
        }
    }

    /**
     * This group as if it had just been created behind another frame, with its dead letters; nobody is in it. Its store has
     * restarted it.
     */
    Group anew(long otherBase) {
        Group anew = new Group(name, settings, durable, otherBase, stream);
        anew.paused = paused;
        anew.settlements.goOnFrom(settlements);
        anew.redeliveries.goOnFrom(redeliveries);
        anew.deadLetters.recover();
        return anew;
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

    /** Whether the stream keeps what this group has not settled. */
    boolean protects() {
        return durable && protection.holds();
    }

    long base() {
        return base;
    }

    /** Ordinal of the oldest frame this group has not settled; one behind the newest when there is none. */
    long low() {
        return table.low();
    }

    /** Ordinal of the last frame that a consumer has taken, as far as this broker knows; what was skipped does not count. */
    long takenThrough() {
        return takenThrough;
    }

    /** Whether frames are for this group while they are on their way to the store. */
    boolean takesEarly() {
        return latest != null || settings.early();
    }

    /** The stream keeps what is behind this ordinal for what the store has yet to be asked about it. */
    long askedThrough() {
        return early.areAny() ? early.cursor() : Long.MAX_VALUE;
    }

    /** The store has frames up to this ordinal. */
    void stored(long throughOrdinal) {
        early.stored(throughOrdinal);
    }

    /** Ordinal of the oldest frame of this group that nobody has said is done; one behind the newest when there is none. */
    long oldestOpen() {
        long ordinal = table.low();
        while (ordinal < table.next()
                && (table.state(ordinal) == State.SETTLING || table.state(ordinal) == State.SETTLED)) {
            ordinal++;
        }
        return ordinal;
    }

    int consumers() {
        return members.size();
    }

    List<Member> members() {
        return members;
    }

    DeadLetters deadLetters() {
        return deadLetters;
    }

    Replays replays() {
        return replays;
    }

    GroupDiary diary() {
        return diary;
    }

    boolean paused() {
        return paused;
    }

    void pause(boolean now) {
        paused = now;
    }

    /** Those who are there and those who may come back, by id. */
    List<ConsumerState> consumerStates() {
        long now = clock.nanos();
        List<ConsumerState> states = new ArrayList<>();
        Map<Member, Pending> pending = pendingByHolder();
        members.forEach(member -> states.add(state(member, pending, -1)));
        away.values().forEach(member -> states.add(state(member, pending, Math.max(0, member.graceEndNanos() - now))));
        states.sort(Comparator.comparing(ConsumerState::id));
        return states;
    }

    /** What somebody holds. */
    private record Pending(long frames, long bytes) {
        static final Pending NOTHING = new Pending(0, 0);

        Pending and(Pending more) {
            return new Pending(frames + more.frames, bytes + more.bytes);
        }
    }

    private Map<Member, Pending> pendingByHolder() {
        Map<Member, Pending> pending = new HashMap<>();
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            if (table.state(ordinal) == State.LEASED) {
                pending.merge(table.holder(ordinal), new Pending(1, table.bytes(ordinal)), Pending::and);
            }
        }
        replays.eachHeld((member, bytes) -> pending.merge(member, new Pending(1, bytes), Pending::and));
        return pending;
    }

    private static ConsumerState state(Member member, Map<Member, Pending> pending, long graceNanos) {
        Pending held = pending.getOrDefault(member, Pending.NOTHING);
        return ConsumerState.of(member.consumer(), held.frames, held.bytes, graceNanos);
    }

    /** Whether frames wait for the group on purpose: nobody is there to take any, or may. */
    boolean unattended() {
        return paused || members.isEmpty();
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
        sticky.joins(member);
        protection.consumerCame();
        if (before != null) {
            if (members.remove(before)) {
                before.consumer().replaced(replaced(consumer), turn);
                before.leave(clock.nanos());
            }
            adopt(before, member, consumer.options().held());
        }
        if (!consumer.options().held().isEmpty()) {
            // Some of it may be what this one holds.
            takeUpAll();
        }
        resume(member, consumer.options().held());
        answerHeld(member, consumer.options().held());
        return member;
    }

    /**
     * Tells a returning consumer which of the deliveries it believes to have it has, and which not. With no answer where it
     * has them, it could not know whether the next one is about its settlement.
     */
    private void answerHeld(Member member, List<Consumer.Held> held) {
        for (Consumer.Held run : held) {
            if (run.stream().equals(stream.name())) {
                tokens.eachRun(
                        member,
                        run.token(),
                        run.count(),
                        false,
                        (outcome, first, count) ->
                                settlements.tell(member, tokens.result(run.token(), first, count, outcome)));
            }
        }
    }

    /** A consumer that ends in order: its frames go to others at once, uncounted. */
    void release(Member member) {
        if (members.remove(member) || away.remove(member.consumer().id(), member)) {
            noteDesertion();
            sendBack(member, false);
            dispatch();
        }
    }

    /** A consumer whose connection is lost: its frames wait for it. */
    void lost(Member member, long graceNanos) {
        if (members.remove(member)) {
            noteDesertion();
            if (stream.isLeaving()) {
                return;
            }
            if (graceNanos == 0 || !holdsAny(member)) {
                sendBack(member, true);
                dispatch();
                return;
            }
            member.leave(clock.nanos() + graceNanos);
            away.put(member.consumer().id(), member);
        }
    }

    private void noteDesertion() {
        if (members.isEmpty()) {
            replays.deserted();
            protection.lastConsumerLeft(clock.nanos());
        }
    }

    /**
     * This broker is leaving, so that nothing goes out any more: whoever has the stream next is told how it left what is pending.
     * What consumers lose their connection with from now on is not their doing.
     */
    void leave() {
        if (durable) {
            leave(table.low(), Math.min(table.next() - 1, early.cursor()));
            if (early.areAny()) {
                // What lies behind the store's cursor is told if the store gets to hear that anybody has it.
                early.add(early.cursor() + 1, table.next() - 1, this::leave);
            }
        }
    }

    private void leave(long from, long last) {
        long end = last + 1;
        for (long ordinal = Math.max(from, table.low()); ordinal < end; ) {
            long first = ordinal++;
            StreamRecord.Left left = table.left(first);
            while (left != null && ordinal < end && table.left(ordinal) == left) {
                ordinal++;
            }
            if (left != null) {
                store.left(name, first, ordinal - 1, left);
            }
        }
    }

    /** Ends everybody; nothing goes out behind it. */
    void end(BrokerException why) {
        ended = true;
        quarantine.noneDue();
        for (Member member : List.copyOf(members)) {
            if (!isDeletion(why) || !fallsOut(member)) {
                member.consumer().end(why, turn);
            }
        }
        replays.end();
        settlements.abandon(why);
        abandonPutOff(why);
        members.clear();
        away.clear();
    }

    /** Verdicts that will not be carried out any more. */
    private void abandonPutOff(BrokerException why) {
        for (PutOff each : putOff.values()) {
            settlements.abandon(each.member, tokens.result(each.token, each.token.ordinal(), 1, SettleOutcome.OK), why);
        }
        putOff.clear();
    }

    private static boolean isDeletion(BrokerException why) {
        return why.reason().equals(FrameStream.DELETED);
    }

    /** The stream is deleted. Returns whether the member's call goes on with its other streams. */
    private boolean fallsOut(Member member) {
        Consumer consumer = member.consumer();
        if (!consumer.takesByGlob(stream.name())) {
            return false;
        }
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            State state = table.state(ordinal);
            if (state == State.LEASED && table.holder(ordinal) == member) {
                consumer.window().giveBack(1, table.bytes(ordinal));
            }
        }
        redeliveries.giveBackRoomOf(member);
        replays.giveBackRoomOf(member);
        if (latest != null) {
            latest.giveBackAll(consumer);
        }
        if (range.isOver(Long.MAX_VALUE)) {
            consumer.rangeOver();
        }
        consumer.goesOnWithout(member, turn);
        consumer.checkFinished(turn);
        return true;
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
                    if (table.isSuspect(ordinal)) {
                        member.consumer().window().takeAlone(table.bytes(ordinal));
                    } else {
                        member.consumer().window().take(1, table.bytes(ordinal));
                    }
                    table.lease(ordinal, table.attempt(ordinal), member, leaseEnd);
                    diary.resumed(ordinal, member.consumer().id());
                } else {
                    diary.ended(What.CONNECTION_LOST, ordinal, "it came back without the frame");
                    failed(ordinal, now, "connection lost, and its next one does not have the frame");
                }
            }
        }
        replays.adopt(before, member, token -> isHeld(held, token));
    }

    /** Gives a consumer back what it still has from the time of another broker, unless somebody else has it by now. */
    private void resume(Member member, List<Consumer.Held> held) {
        for (Consumer.Held run : held) {
            long first = run.token().ordinal();
            long end = Math.min(first + run.count(), table.next());
            for (long ordinal = Math.max(first, table.low()); ordinal < end; ordinal++) {
                if (table.isRecovered(ordinal) && isHeld(List.of(run), ordinal)) {
                    member.consumer().window().take(1, table.bytes(ordinal));
                    table.resume(ordinal, member, leaseEnd());
                    diary.resumed(ordinal, member.consumer().id());
                }
            }
        }
    }

    private boolean isHeld(List<Consumer.Held> held, long ordinal) {
        return isHeld(held, new Token(table.generation(ordinal), ordinal, table.attempt(ordinal)));
    }

    private boolean isHeld(List<Consumer.Held> held, Token latest) {
        for (Consumer.Held run : held) {
            Token token = run.token();
            if (run.stream().equals(stream.name())
                    && latest.ordinal() >= token.ordinal()
                    && latest.ordinal() - token.ordinal() < run.count()
                    && token.generation() == latest.generation()
                    && token.attempt() == latest.attempt()) {
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
        return replays.holdsAny(member);
    }

    private void sendBack(Member member, boolean counted) {
        long now = clock.nanos();
        for (long ordinal = table.low(); ordinal < table.next(); ordinal++) {
            // What it has given up is to be a dead letter, whether or not it stays to see that.
            if (table.state(ordinal) == State.LEASED
                    && table.holder(ordinal) == member
                    && !putOff.containsKey(ordinal)) {
                member.consumer().window().giveBack(1, table.bytes(ordinal));
                diary.ended(
                        counted ? What.CONNECTION_LOST : What.RELEASED, ordinal, counted ? "" : "the consumer left");
                if (counted) {
                    failed(ordinal, now, "connection lost");
                } else {
                    redeliveries.sendBack(ordinal, now, false, true);
                }
            }
        }
        replays.sendBack(member, !counted);
    }

    /** A delivery has failed without a word of its holder: the frame comes again, unless that was its last attempt. */
    private void failed(long ordinal, long notBeforeNanos, String error) {
        if (deadLetters.endsWith(table.attempt(ordinal))) {
            deadLetters.useUp(ordinal, error);
        } else {
            redeliveries.sendBack(ordinal, notBeforeNanos, true, false);
        }
    }

    // ---- deliveries

    /** Hands out frames, as far as there are frames and consumers that take them. */
    void dispatch() {
        // A store that answers at once gets back here by way of attempted, and finds the frame given where it was due.
        if (dispatching) {
            return;
        }
        if (!store.isOwned() || stream.isLeaving() || ended) {
            quarantine.noneDue();
            members.forEach(Group::waitsNoMore);
            return;
        }
        dispatching = true;
        try {
            giveUp();
            giveSuspects();
            if (paused) {
                members.forEach(Group::waitsNoMore);
            }
            int refused = 0;
            while (!paused && refused < (sticky.strict() ? Math.min(1, members.size()) : members.size())) {
                int turnOf = nextMember % members.size();
                Member member = sticky.strict() ? sticky.only() : members.get(turnOf);
                int given = member == null ? 0 : tryToGive(member);
                if (given == NOT_FOR_IT) {
                    waitsNoMore(member);
                } else if (given < 0 && member.consumer().waits(member)) {
                    given = tryToGive(member);
                }
                if ((given == NOT_FOR_IT || given < 0 && sticky.strict()) && losesPatience()) {
                    continue;
                }
                if (member == null && anyBeginsToWait()) {
                    continue;
                }
                if (given == 0) {
                    // It stays this member's turn.
                    for (Member each : members) {
                        if (member != null || each.consumer().isThere()) {
                            waitsNoMore(each);
                        }
                    }
                    return;
                }
                if (given < 0 && member.consumer().isAnothersTurn(member)) {
                    turn.touch(member.consumer().roomCameBack());
                }
                nextMember = turnOf + 1;
                refused = given > 0 ? 0 : refused + 1;
            }
        } finally {
            dispatching = false;
            wakeWhenStale();
        }
    }

    /** Gives frames that may break their consumer, as far as consumers have nothing else in hand. */
    private void giveSuspects() {
        boolean none = paused || members.isEmpty() || latest != null;
        long due = none ? 0 : ifStored(redeliveries.dueAlone(clock.nanos()));
        while (due != 0) {
            if (store.receivedMicros(due) == 0) {
                skipPending(due);
            } else {
                Member member = quarantine.choose(nextMember);
                int given = member == null ? 0 : table.mayGoOut(due) ? giveAgain(member, due) : writeDown(member, due);
                // One whose limit was reached meanwhile is not chosen again.
                if (given == 0 || given < 0 && member.consumer().wants()) {
                    return;
                }
            }
            due = ifStored(redeliveries.dueAlone(clock.nanos()));
        }
        quarantine.noneDue();
    }

    /** A frame that was given early is given again only once the store knows of it. */
    private long ifStored(long due) {
        return due <= early.cursor() ? due : 0;
    }

    /** Makes dead letters of what is to be one, as far as the store can. */
    private void giveUp() {
        if (recoveredThrough > 0 && recoveredUntil - clock.nanos() <= 0) {
            long through = recoveredThrough;
            recoveredThrough = 0;
            for (long ordinal = table.low(); ordinal <= through; ordinal++) {
                if (table.isRecovered(ordinal) && deadLetters.endsWith(table.nextAttempt(ordinal) - 1)) {
                    deadLetters.useUp(ordinal, "its broker has ended, and nobody came back with the frame");
                }
            }
        }
        deadLetters.bury();
        int notNow = 0;
        for (PutOff each : List.copyOf(putOff.values())) {
            if (notNow < DeadLetters.MOST_TRIED) {
                putOff.remove(each.token.ordinal());
                each.member.consumer().answered();
                settle(each.member, each.token, 1, each.verdict);
                notNow += putOff.containsKey(each.token.ordinal()) ? 1 : 0;
            }
        }
    }

    private int tryToGive(Member member) {
        return member.consumer().takes(member) ? give(member) : -1;
    }

    /** Whether frames wait no more, from now on, for the one they were for, which has not read for too long. */
    private boolean losesPatience() {
        long left = sticky.patience(clock.nanos());
        if (left != 0 && left != Long.MAX_VALUE) {
            stream.wakeAfter(left);
        }
        return left == 0;
    }

    /** Nobody is there who may be the only one. Returns whether that may have changed since it was looked at. */
    private boolean anyBeginsToWait() {
        boolean any = false;
        for (Member member : members) {
            any |= !member.consumer().isThere() && member.consumer().waits(member);
        }
        return any || sticky.only() != null;
    }

    private static void waitsNoMore(Member member) {
        member.consumer().waitsNoMore(member);
    }

    /** The store has written attempts down, up to this number. */
    void attempted(long throughNumber) {
        redeliveries.written(throughNumber);
        dispatch();
    }

    /**
     * Gives, or does what has to be done before something can be given.
     *
     * @return whether that was something: above 0; 0 when there is nothing to give, below 0 when the consumer cannot take
     *     it, or is not to, which is {@link #NOT_FOR_IT}
     */
    private int give(Member member) {
        if (latest != null) {
            return latest.give(member);
        }
        // By turns, as far as there are both.
        int replayed = replays.areNext() ? replays.give(member) : 0;
        if (replayed != 0) {
            return replayed;
        }
        int given = giveOwn(member);
        if (given > 0) {
            replays.beNext();
        }
        replayed = given == 0 || given == NOT_FOR_IT ? replays.give(member) : 0;
        return replayed == 0 ? given : replayed;
    }

    private int giveOwn(Member member) {
        long due = ifStored(redeliveries.due(clock.nanos()));
        if (due != 0 && store.receivedMicros(due) == 0) {
            skipPending(due);
            return 1;
        }
        if (sticky.strict() && (due == 0 ? table.isAnyTriedAgain() : due != oldestOpen())) {
            // Its settlement brings us here again.
            return 0;
        }
        if (due != 0) {
            return table.mayGoOut(due) ? giveAgain(member, due) : writeDown(member, due);
        }
        Consumer consumer = member.consumer();
        int most = range.most(Math.min(GIVE_FRAMES, consumer.window().freeFrames()));
        if (most == 0) {
            // Another stream has used the window up since it was looked at.
            return -1;
        }
        if (table.next() > range.last()) {
            tellRangeOver();
            return 0;
        }
        long pause = range.untilNext(clock.nanos());
        if (pause > 0) {
            stream.wakeAfter(pause);
            return 0;
        }
        if (table.next() <= maybeDelivered) {
            return takeUp() ? 1 : 0;
        }
        skipStale();
        long newest = settings.early() ? stream.lastTaken() : stream.storedThrough();
        long through = Math.min(Math.min(newest, store.deliverableThrough(name)), range.last());
        if (sticky.isForAnother(member)) {
            return NOT_FOR_IT;
        }
        List<Frame> frames = stream.read(table.next(), through, most, GIVE_BYTES);
        if (frames.isEmpty()) {
            return skipLost() ? 1 : 0;
        }
        if (frames.get(0).ordinal() > stream.storedThrough() && maxAge.isStale(frames.get(0))) {
            // Those that are stored have been skipped.
            return (int) skipWaiting(table.next(), MaxAge.REASON);
        }
        skipWaiting(frames.get(0).ordinal() - 1, STORE_LOST);
        return skipUndecodable(frames) ? 1 : giveSticky(member, frames);
    }

    /** Gives frames that nobody has had, if they are for this member. */
    private int giveSticky(Member member, List<Frame> frames) {
        FrameContent next = frames.get(0).content();
        if (sticky.strict() && sticky.moves(next)) {
            if (oldestOpen() < table.next()) {
                return 0;
            }
            sticky.move();
            return 1;
        }
        return sticky.strict() || sticky.isFor(member, next) ? giveFirst(member, frames) : NOT_FOR_IT;
    }

    /** Has the store write the next attempt of a frame down, if the consumer has room for it then. */
    private int writeDown(Member member, long ordinal) {
        if (!tryTake(member, ordinal)) {
            return -1;
        }
        redeliveries.writing(ordinal, member);
        wakeForNextRetry();
        store.delivered(name, ordinal, ordinal, table.nextAttempt(ordinal));
        // Where the store has answered at once, this is due again, and those written before it are.
        return table.state(ordinal) == State.WRITING || table.isSuspect(ordinal) ? 1 : giveOwn(member);
    }

    private boolean tryTake(Member member, long ordinal) {
        Window window = member.consumer().window();
        int bytes = table.bytes(ordinal);
        return table.isSuspect(ordinal) ? window.tryTakeAlone(bytes, member) : window.tryTake(bytes);
    }

    private int giveAgain(Member member, long ordinal) {
        List<Frame> one = store.read(ordinal, ordinal, 1, Long.MAX_VALUE);
        if (one.isEmpty()) {
            return 0;
        }
        Frame frame = one.get(0);
        Consumer consumer = member.consumer();
        if (!tryTake(member, ordinal)) {
            return -1;
        }
        if (!consumer.tryCount()) {
            consumer.window().giveBack(1, frame.bytes());
            return -1;
        }
        redeliveries.taken(ordinal);
        wakeForNextRetry();
        int attempt = table.nextAttempt(ordinal);
        long dueMicros = stream.traces().micros(table.deadline(ordinal));
        table.lease(ordinal, attempt, member, leaseEnd());
        // One that was given early may have been stored under a later generation.
        table.generation(ordinal, frame.generation());
        handOver(member, one, attempt, dueMicros);
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
        long leaseEnd = leaseEnd();
        int most = consumer.window().tryTake(frames);
        int count = 0;
        while (count < most && consumer.tryCount()) {
            Frame frame = frames.get(count++);
            table.addLeased(frame.generation(), frame.bytes(), member, leaseEnd);
        }
        if (count < most) {
            consumer.window().giveBack(most - count, bytes(frames.subList(count, most)));
        }
        if (count == 0) {
            return -1;
        }
        keyframes.end();
        sticky.got(member);
        List<Frame> given = count == frames.size() ? frames : frames.subList(0, count);
        range.gone(clock.nanos());
        noteFirst(given.get(0).ordinal(), given.get(count - 1).ordinal());
        handOver(member, given, 1, 0);
        return count;
    }

    /** Has the store note the first delivery of frames, once it has them. */
    private void noteFirst(long first, long last) {
        if (early.mustWait(last)) {
            early.add(first, last, this::tellFirst);
        } else {
            tellFirst(first, last);
        }
    }

    private void tellFirst(long first, long last) {
        early.asked(last);
        store.delivered(name, first, last, 1);
    }

    private void takeUpAll() {
        while (table.next() <= maybeDelivered) {
            if (!takeUp()) {
                return;
            }
        }
    }

    /**
     * Takes up some of the frames that another broker may have delivered, as if it had: they are due again, and whoever
     * comes back with them has them. Returns whether there were any, lost ones among them.
     */
    private boolean takeUp() {
        long through = Math.min(maybeDelivered, store.deliverableThrough(name));
        List<Frame> frames = store.read(table.next(), through, GIVE_FRAMES, GIVE_BYTES);
        if (frames.isEmpty()) {
            return skipLost();
        }
        long first = frames.get(0).ordinal();
        skipWaiting(first - 1, STORE_LOST);
        for (Frame frame : frames) {
            redeliveries.addMaybeDelivered(frame, clock.nanos());
        }
        keyframes.end();
        noteFirst(first, table.next() - 1);
        return true;
    }

    private void addAges(List<Frame> frames) {
        long now = clock.wallMicros();
        for (Frame frame : frames) {
            ages.add(now - frame.receivedMicros());
        }
    }

    private static long bytes(List<Frame> frames) {
        long bytes = 0;
        for (Frame frame : frames) {
            bytes += frame.bytes();
        }
        return bytes;
    }

    /** How old frames were when they were delivered. */
    Durations ages() {
        return ages;
    }

    /** How long consumers had frames until they said what becomes of them. */
    Durations settles() {
        return settles;
    }

    /** @param deliveredMicros of a frame that its consumer has had its say on; 0 when that is not known */
    private void addSettle(long deliveredMicros, long nowMicros) {
        if (deliveredMicros != 0) {
            settles.add(nowMicros - deliveredMicros);
        }
    }

    StreamFlow.OfGroup flow() {
        long windowFrames = 0;
        long windowBytes = 0;
        int blocked = 0;
        int nextBytes = nextBytes();
        for (Member member : members) {
            Consumer consumer = member.consumer();
            windowFrames += consumer.window().maxFrames();
            windowBytes += consumer.window().maxBytes();
            blocked += nextBytes >= 0 && consumer.isBlocked(nextBytes) ? 1 : 0;
        }
        return new StreamFlow.OfGroup(
                table.leased() + replays.heldFrames(),
                table.leasedBytes() + replays.heldBytes(),
                windowFrames,
                windowBytes,
                blocked);
    }

    /** Size of the frame that whoever takes one is given next; below 0 when there is none. */
    private int nextBytes() {
        long due = redeliveries.due(clock.nanos());
        if (due != 0) {
            return paused ? -1 : table.bytes(due);
        }
        return paused || table.next() > stream.storedThrough() ? -1 : store.bytes(table.next());
    }

    /** @param dueMicros since when they could have gone, of frames that are tried again; else 0 */
    private void handOver(Member member, List<Frame> frames, int attempt, long dueMicros) {
        Consumer consumer = member.consumer();
        Frame first = frames.get(0);
        long last = frames.get(frames.size() - 1).ordinal();
        boolean autoAck = consumer.options().autoAck();
        takenThrough = Math.max(takenThrough, last);
        diary.delivered(first.ordinal(), last, consumer.id());
        addAges(frames);
        stream.handsOut(first.ordinal(), last);
        stream.traces().delivered(consumer, frames, attempt, dueMicros);
        consumer.port().deliver(stream.name(), frames, attempt, autoAck ? 0 : settings.leaseMillis());
        if (consumer.hasSeveralSeats() && consumer.hasAll()) {
            // What was for it alone in other streams is not any more.
            turn.touch(consumer.othersMayTake());
        }
        consumer.got(member, bytes(frames));
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
        if (latest != null) {
            latest.settle(member, token, count);
            return;
        }
        tokens.eachRun(member, token, count, true, (outcome, first, run) -> {
            SettleResult result = tokens.result(token, first, run, outcome);
            if (outcome == SettleOutcome.OK) {
                member.heard();
            }
            if (outcome == SettleOutcome.OK && replays.isOut(first)) {
                replays.settle(
                        first,
                        verdict instanceof Verdict.Skip skip
                                ? new Verdict.Skip(skipReasons.name(skip.reason()))
                                : verdict,
                        result);
            } else if (outcome == SettleOutcome.OK && givesUp(token, verdict)) {
                giveUp(member, token, first, run, verdict);
            } else if (outcome == SettleOutcome.OK) {
                carryOut(member, first, first + run - 1, verdict, result);
            } else {
                settlements.tell(member, result);
            }
        });
    }

    private boolean givesUp(Token token, Verdict verdict) {
        return verdict instanceof Verdict.GiveUp
                || verdict instanceof Verdict.Retry && deadLetters.endsWith(token.attempt());
    }

    /** Makes dead letters of frames, as a consumer says; those that have to be read first are asked about again then. */
    private void giveUp(Member member, Token token, long first, int count, Verdict verdict) {
        for (long ordinal = first; ordinal < first + count; ordinal++) {
            boolean leased = table.state(ordinal) == State.LEASED;
            int bytes = table.bytes(ordinal);
            long deliveredMicros = table.delivery(ordinal).micros();
            String consumer = member.consumer().id();
            SettleResult result = tokens.result(token, ordinal, 1, SettleOutcome.OK);
            boolean buried = verdict instanceof Verdict.Retry retry
                    ? deadLetters.bury(ordinal, DeadLetter.MAX_ATTEMPTS, retry.error(), consumer, member, result)
                    : deadLetters.bury(
                            ordinal, DeadLetter.NACKED, ((Verdict.GiveUp) verdict).error(), consumer, member, result);
            if (!buried) {
                Token one = new Token(token.generation(), ordinal, token.attempt());
                if (putOff.put(ordinal, new PutOff(member, one, verdict)) == null) {
                    member.consumer().owed();
                }
                continue;
            }
            addSettle(deliveredMicros, clock.wallMicros());
            if (leased) {
                member.consumer().window().giveBack(1, bytes);
                // Not always while the consumer settles, which would ask for more of its other streams.
                turn.touch(member.consumer().roomCameBack());
            }
        }
        member.consumer().checkFinished(turn);
    }

    /** Prolongs leases to the whole length again; only of deliveries whose lease still runs. */
    void extend(Member member, Token token, int count) {
        if (latest != null) {
            latest.extend(member, token, count);
            return;
        }
        tokens.eachRun(member, token, count, false, (outcome, first, run) -> {
            if (outcome == SettleOutcome.OK && replays.isOut(first)) {
                replays.extend(first);
            } else if (outcome == SettleOutcome.OK) {
                long leaseEnd = leaseEnd();
                for (long ordinal = first; ordinal < first + run; ordinal++) {
                    table.lease(ordinal, token.attempt(), member, leaseEnd);
                }
            }
            settlements.tell(member, tokens.result(token, first, run, outcome));
        });
    }

    /** Performs a verdict on frames that are LEASED, or in RETRY or WRITING with a late verdict. */
    private void carryOut(Member member, long first, long last, Verdict verdict, SettleResult result) {
        long now = clock.nanos();
        long nowMicros = clock.wallMicros();
        int frames = 0;
        long bytes = 0;
        for (long ordinal = first; ordinal <= last; ordinal++) {
            boolean leased = table.state(ordinal) == State.LEASED;
            if (result != null) {
                addSettle(table.delivery(ordinal).micros(), nowMicros);
            }
            if (leased) {
                frames++;
                bytes += table.bytes(ordinal);
            }
            if (verdict instanceof Verdict.Ack || verdict instanceof Verdict.Skip) {
                table.settling(ordinal);
            } else if (leased) {
                boolean counted = verdict instanceof Verdict.Retry;
                diary.ended(counted ? What.NACKED : What.RELEASED, ordinal, error(verdict));
                redeliveries.sendBack(ordinal, now + waitNanos(verdict, ordinal), counted, true);
            }
        }
        if (verdict instanceof Verdict.Ack) {
            settlements.ask(first, last, StreamStore.Outcome.ACKED, null, member, result);
        } else if (verdict instanceof Verdict.Skip skip) {
            settlements.ask(first, last, StreamStore.Outcome.SKIPPED, skipReasons.name(skip.reason()), member, result);
        } else {
            settlements.tell(member, result);
        }
        // Only now: a call whose limit is reached ends when nothing is outstanding and no result is owed.
        member.consumer().window().giveBack(frames, bytes);
        member.consumer().checkFinished(turn);
    }

    private static String error(Verdict verdict) {
        return verdict instanceof Verdict.Retry retry ? retry.error() : "";
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
        tellRangeOver();
    }

    /** A call whose range is through in all its streams ends. */
    private void tellRangeOver() {
        for (Member member : members) {
            if (member.consumer().isOpen() && range.isOver(table.low())) {
                member.consumer().rangeOver();
                member.consumer().checkFinished(turn);
            }
        }
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
        if (latest != null) {
            latest.passOver(through);
            return;
        }
        String reason = durable ? EXPIRED : PASSED_OVER;
        long first = table.low();
        if (first > through) {
            return;
        }
        boolean pending = false;
        for (long ordinal = first; ordinal <= Math.min(through, table.next() - 1); ordinal++) {
            State state = table.state(ordinal);
            if (state == State.LEASED) {
                takeBack(ordinal);
            }
            // None at all where settling those before it has made the table forget it.
            if (state != null && state != State.SETTLING && state != State.SETTLED) {
                table.settling(ordinal);
                settlements.ask(ordinal, ordinal, StreamStore.Outcome.SKIPPED, reason, null, null);
                pending = true;
            }
        }
        wakeForNextRetry();
        if (pending) {
            lookAgain();
        }
        skipWaiting(through, reason);
    }

    /**
     * Skips waiting frames up to an ordinal; pending ones stay. What builds on them is skipped as well, when its turn
     * comes. Returns how many.
     */
    long skipWaiting(long through, String reason) {
        long first = table.next();
        if (first > through) {
            return 0;
        }
        while (table.next() <= through) {
            table.addSettling();
        }
        keyframes.begin(reason);
        // Told first: the range of a replay may end with this.
        tellGap(first, through, reason);
        settlements.ask(first, through, StreamStore.Outcome.SKIPPED, reason, null, null);
        return through - first + 1;
    }

    /** Skips the frames behind the cursor that the store has lost. Returns whether there were any. */
    boolean skipLost() {
        long end = table.next();
        while (end <= stream.storedThrough() && store.receivedMicros(end) == 0) {
            end++;
        }
        return skipWaiting(end - 1, STORE_LOST) > 0;
    }

    /** Skips the frames behind the cursor that are too old for a first delivery. */
    private void skipStale() {
        boolean more = mayBeStale();
        while (more) {
            skipWaiting(maxAge.staleThrough(table.next(), stream.storedThrough()), MaxAge.REASON);
            // Behind lost ones there may be more.
            more = skipLost() && mayBeStale();
        }
    }

    /** Skips those of the frames right behind the cursor that cannot be decoded any more. Returns whether there are any. */
    private boolean skipUndecodable(List<Frame> frames) {
        String reason = keyframes.reason();
        return skipWaiting(keyframes.undecodableThrough(frames), reason) > 0;
    }

    /** Skips the oldest waiting frames while there are more than the stream has room for. */
    void skipOverflow(Backlog backlog) {
        if (!protects() || !store.isOwned()) {
            return;
        }
        long through = Math.min(backlog.overflowThrough(table.next()), stream.storedThrough());
        if (through < table.next()) {
            return;
        }
        takeUpAll();
        if (table.next() > maybeDelivered && skipWaiting(through, Overflow.REASON) > 0) {
            skipTail();
        }
    }

    /** Skips what builds on frames that were skipped, as far as it is in memory; the rest when its turn comes. */
    private void skipTail() {
        List<Frame> frames;
        do {
            frames = table.next() > stream.storedThrough()
                    ? List.of()
                    : store.read(table.next(), stream.storedThrough(), GIVE_FRAMES, GIVE_BYTES);
        } while (!frames.isEmpty() && frames.get(0).ordinal() == table.next() && skipUndecodable(frames));
    }

    /** Whether a frame waits whose age matters, and this broker may skip it. */
    private boolean mayBeStale() {
        return maxAge.matters()
                && table.next() > maybeDelivered
                && table.next() <= stream.storedThrough()
                && store.isOwned();
    }

    /** What nobody takes is to be skipped when its time has come, so that it does not hold a publisher. */
    private void wakeWhenStale() {
        if (mayBeStale()) {
            stream.wakeAfter(maxAge.untilStale(table.next()));
        }
    }

    /** Skips the frame that is due, which the store has lost. */
    private void skipPending(long due) {
        redeliveries.taken(due);
        wakeForNextRetry();
        table.settling(due);
        settlements.ask(due, due, StreamStore.Outcome.SKIPPED, STORE_LOST, null, null);
        tellGap(due, due, STORE_LOST);
    }

    private void tellGap(long first, long end, String reason) {
        long last = Math.min(end, range.last());
        for (Member member : members) {
            if (first > last) {
                break;
            }
            FrameId firstId = new FrameId(stream.generation(), first);
            FrameId lastId = new FrameId(stream.generation(), last);
            member.consumer().port().gap(stream.name(), reason, last - first + 1, false, firstId, lastId, "");
            turn.touch(member.consumer().port());
        }
        lookAgain();
    }

    /** Those who got nothing may get something now that another frame comes next, or another member has gone. */
    void lookAgain() {
        for (Member member : members) {
            member.consumer().disturb(member);
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
        replays.endLeases(now);
        long untilLetters = letterRetry.tick();
        long wait = latest == null || members.isEmpty() ? Long.MAX_VALUE : latest.tick(members.get(0), now);
        skipStale();
        dispatch();
        if (mayBeStale()) {
            wait = Math.min(wait, maxAge.untilStale(table.next()));
        }
        if (anyLease) {
            wait = Math.min(wait, leaseCheckNanos - now);
        }
        for (Member member : away.values()) {
            wait = Math.min(wait, member.graceEndNanos() - now);
        }
        if (!putOff.isEmpty() || deadLetters.hasUnburied()) {
            wait = Math.min(wait, DeadLetters.TRY_AGAIN_NANOS);
        }
        // A frame that is due and still waits found no consumer that takes it: the next event hands it out.
        wait = Math.min(wait, Math.min(redeliveries.untilDue(now), replays.untilNext(now)));
        wait = Math.min(wait, untilLetters);
        return durable ? Math.min(wait, protection.tick(now)) : wait;
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
                if (table.holder(ordinal) != null) {
                    table.holder(ordinal).leaseEnded();
                }
                takeBack(ordinal);
                diary.ended(What.LEASE_ENDED, ordinal, "");
                failed(ordinal, now + Backoff.nanos(table.attempt(ordinal), ordinal), "lease ended");
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
