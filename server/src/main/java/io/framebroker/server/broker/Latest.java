package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the group of one LATEST call takes its stream's frames: the newest one whenever the call has room, none twice. What
 * was passed over meanwhile is counted and told right before the next delivery.
 *
 * <p>It comes from memory, and need not be stored yet. A frame is done as it is handed over, like with auto_ack, so that
 * nothing is held back in stream or store and nothing comes again. It only takes room: until it is settled, in whatever
 * way, or its lease ends. Guarded by the stream's lock.
 */
final class Latest {
    /** A newer frame took its place. */
    static final String CONFLATED = "CONFLATED";
    /** It needs frames that were passed over. */
    static final String AWAITING_KEYFRAME = "AWAITING_KEYFRAME";

    /** Most frames looked at for a keyframe: some minutes of video. */
    private static final int MOST_LOOK_BACK = 4096;

    /** A frame that takes room. */
    private record Held(long generation, int bytes, long leaseEndNanos) {}

    /** Frames passed over for one reason, not told yet. */
    private record Passed(long count, long first, long last) {}

    private final long base;
    private final long leaseNanos;
    private final FrameStream stream;
    private final BrokerClock clock;
    private final Turn turn;
    private final DeliveryTable table;
    private final Settlements settlements;
    private final TokenCheck tokens;
    private final Pace pace;
    private final GroupDiary diary;

    private final TreeMap<Long, Held> held = new TreeMap<>();
    private final Map<String, Passed> passed = new LinkedHashMap<>();
    /** The frame given last; null before the first. */
    private FrameId given;

    private PublisherKey givenOf;
    private boolean giving;
    /** The stream let go up to here while a frame was being given. */
    private long passOverThrough;

    Latest(
            Mode.Latest mode,
            Group group,
            FrameStream stream,
            DeliveryTable table,
            Settlements settlements,
            TokenCheck tokens) {
        this.base = group.base();
        this.leaseNanos = group.settings().leaseMillis() * 1_000_000;
        this.stream = stream;
        this.clock = stream.clock();
        this.turn = stream.turn();
        this.table = table;
        this.settlements = settlements;
        this.tokens = tokens;
        this.pace = new Pace(mode.maxFps());
        this.diary = group.diary();
    }

    /** Gives the newest frame. Returns above 0 when that changed something, 0 when there is none, -1 when it has no room. */
    int give(Member member) {
        Consumer consumer = member.consumer();
        int room = room(consumer);
        if (room <= 0) {
            return -1;
        }
        long newest = newestThere();
        if (newest < table.next()) {
            return 0;
        }
        long wait = pace.untilNext(clock.nanos());
        if (wait > 0) {
            stream.wakeAfter(wait);
            return 0;
        }
        Frame frame = choose(newest, room);
        if (frame == null) {
            return 0;
        }
        if (!consumer.window().tryTake(frame.bytes())) {
            return -1;
        }
        if (!consumer.tryCount()) {
            consumer.window().giveBack(1, frame.bytes());
            return -1;
        }
        hand(member, frame);
        return 1;
    }

    /** Frames of this stream that may go out now: each stream of a call has the same share of its window. */
    private int room(Consumer consumer) {
        int share = Math.max(1, consumer.window().maxFrames() / consumer.seats());
        return Math.min(share - held.size(), consumer.window().freeFrames());
    }

    /** Ordinal of the newest frame that has come in and that the store has not lost. It need not be stored. */
    private long newestThere() {
        long ordinal = stream.lastTaken();
        while (ordinal >= table.next() && !stream.isThere(ordinal)) {
            ordinal--;
        }
        return ordinal;
    }

    /**
     * The newest frame that can be decoded; null when there is none, or the store has to read it first. Video whose frames
     * build on each other is given whole while the consumer keeps up; once something was passed over it goes on with a
     * keyframe.
     */
    private Frame choose(long newest, int room) {
        Frame frame = read(newest);
        if (frame == null || frame.content().keyframe()) {
            return frame;
        }
        long next = table.next();
        if (newest - next < room && stream.isThere(next)) {
            Frame following = read(next);
            if (following == null || followsGiven(following)) {
                return following;
            }
        }
        long end = Math.max(next, newest - MOST_LOOK_BACK);
        for (long ordinal = newest - 1; ordinal >= end; ordinal--) {
            Frame before = read(ordinal);
            if (before == null) {
                // Lost, or not in memory: the next keyframe is sooner here than that.
                break;
            }
            if (before.content().keyframe()) {
                return before;
            }
        }
        pass(newest, AWAITING_KEYFRAME);
        skipPassed(next, newest, AWAITING_KEYFRAME);
        return null;
    }

    private boolean followsGiven(Frame frame) {
        return given != null
                && frame.ordinal() == given.ordinal() + 1
                && frame.publisher().equals(givenOf);
    }

    private Frame read(long ordinal) {
        List<Frame> one = stream.read(ordinal, ordinal, 1, Long.MAX_VALUE);
        return one.isEmpty() ? null : one.get(0);
    }

    private void hand(Member member, Frame frame) {
        Consumer consumer = member.consumer();
        boolean autoAck = consumer.options().autoAck();
        long next = table.next();
        long ordinal = frame.ordinal();
        pass(ordinal - 1, CONFLATED);
        table.addSettling();
        diary.delivered(ordinal, ordinal, consumer.id());
        stream.handsOut(ordinal, ordinal);
        given = frame.id();
        givenOf = frame.publisher();
        pace.gone(clock.nanos());
        tellPassed(consumer.port());
        List<Frame> one = List.of(frame);
        stream.traces().delivered(consumer, one, 1, 0);
        consumer.port().deliver(stream.name(), one, 1, autoAck ? 0 : leaseNanos / 1_000_000);
        turn.touch(consumer.port());
        // A store that confirms at once has the stream let frames go meanwhile, this one too.
        giving = true;
        if (next < ordinal) {
            settlements.ask(next, ordinal - 1, StreamStore.Outcome.SKIPPED, CONFLATED, null, null);
        }
        settlements.ask(ordinal, ordinal, StreamStore.Outcome.ACKED, null, null, null);
        giving = false;
        passOver(passOverThrough);
        if (autoAck) {
            giveBack(member, frame.bytes());
        } else {
            held.put(ordinal, new Held(frame.generation(), frame.bytes(), clock.nanos() + leaseNanos));
            stream.wakeAfter(leaseNanos);
        }
        consumer.checkFinished(turn);
    }

    private void giveBack(Member member, int bytes) {
        Consumer consumer = member.consumer();
        consumer.window().giveBack(1, bytes);
        if (consumer.seats() > 1) {
            // Another stream may have looked while this one had the room.
            turn.touch(consumer.roomCameBack());
        }
    }

    // ---- frames the call does not get

    /** The stream lets frames go. */
    void passOver(long through) {
        if (giving) {
            passOverThrough = Math.max(passOverThrough, through);
            return;
        }
        long next = table.next();
        if (next <= through) {
            pass(through, CONFLATED);
            skipPassed(next, through, CONFLATED);
        }
    }

    private void skipPassed(long first, long last, String reason) {
        settlements.ask(first, last, StreamStore.Outcome.SKIPPED, reason, null, null);
    }

    /** Takes waiting frames out of the table, to be told with the next delivery. */
    private void pass(long through, String reason) {
        long first = table.next();
        if (first > through) {
            return;
        }
        while (table.next() <= through) {
            table.addSettling();
        }
        Passed more = new Passed(through - first + 1, first, through);
        passed.merge(reason, more, (known, added) -> new Passed(known.count + added.count, known.first, added.last));
    }

    private void tellPassed(ConsumerPort port) {
        passed.forEach((reason, frames) -> port.gap(
                stream.name(),
                reason,
                frames.count,
                false,
                new FrameId(stream.generation(), frames.first),
                new FrameId(stream.generation(), frames.last),
                ""));
        passed.clear();
    }

    // ---- room

    /** The consumer is done with deliveries {@code token .. token + count - 1}, in whatever way. */
    void settle(Member member, Token token, int count) {
        eachRun(token, count, (outcome, first, run) -> {
            for (long ordinal = first; outcome == SettleOutcome.OK && ordinal < first + run; ordinal++) {
                giveBack(member, held.remove(ordinal).bytes);
            }
            settlements.tell(member, tokens.result(token, first, run, outcome));
        });
        member.consumer().checkFinished(turn);
    }

    /** The stream is deleted, and its call goes on. */
    void giveBackAll(Consumer consumer) {
        held.values().forEach(frame -> consumer.window().giveBack(1, frame.bytes));
        held.clear();
    }

    /** Prolongs leases to the whole length again. */
    void extend(Member member, Token token, int count) {
        long leaseEnd = clock.nanos() + leaseNanos;
        eachRun(token, count, (outcome, first, run) -> {
            for (long ordinal = first; outcome == SettleOutcome.OK && ordinal < first + run; ordinal++) {
                held.computeIfPresent(ordinal, (each, frame) -> new Held(frame.generation, frame.bytes, leaseEnd));
            }
            settlements.tell(member, tokens.result(token, first, run, outcome));
        });
    }

    /** In steps from one held frame to the next, whatever the count says. */
    private void eachRun(Token token, int count, TokenCheck.RunAction action) {
        long first = token.ordinal();
        if (first <= base || first > Long.MAX_VALUE - count || token.attempt() != 1) {
            action.on(SettleOutcome.UNKNOWN_TOKEN, first, count);
            return;
        }
        long end = first + count;
        while (first < end) {
            boolean here = isHeld(first, token);
            long next = first + 1;
            if (here) {
                while (next < end && isHeld(next, token)) {
                    next++;
                }
            } else {
                Long heldNext = held.higherKey(first);
                next = heldNext == null ? end : Math.min(end, heldNext);
            }
            action.on(here ? SettleOutcome.OK : notHeld(first), first, (int) (next - first));
            first = next;
        }
    }

    private boolean isHeld(long ordinal, Token token) {
        Held frame = held.get(ordinal);
        return frame != null && frame.generation == token.generation();
    }

    private SettleOutcome notHeld(long ordinal) {
        return ordinal < table.next() && !held.containsKey(ordinal)
                ? SettleOutcome.ALREADY_SETTLED
                : SettleOutcome.UNKNOWN_TOKEN;
    }

    /** Ends leases that are over. Returns nanoseconds until the next one is; {@link Long#MAX_VALUE} for none. */
    long tick(Member member, long now) {
        long wait = Long.MAX_VALUE;
        Iterator<Held> all = held.values().iterator();
        while (all.hasNext()) {
            Held frame = all.next();
            long left = frame.leaseEndNanos - now;
            if (left > 0) {
                wait = Math.min(wait, left);
            } else {
                all.remove();
                giveBack(member, frame.bytes);
                member.consumer().checkFinished(turn);
            }
        }
        return wait;
    }

    @Override
    public String toString() {
        return "newest frames of stream " + stream.name() + ", " + held.size() + " held";
    }
}
