package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One consuming call: a window shared by its seats in the groups of one or several streams. Methods may be called from
 * any thread.
 */
public final class Consumer {
    /** Deliveries a returning consumer still has: {@code count} of them from {@code token} on. */
    public record Held(String stream, Token token, int count) {}

    /**
     * What a consumer asks for.
     *
     * @param streams names, and globs over names
     * @param group durable group; empty for one of this call alone
     * @param consumerId stable name; empty to be given one
     * @param settings what the group must have
     * @param limit frames after which the call ends; 0 for none
     * @param held what a returning consumer still has
     * @param mode what it gets; QUEUE only, where it has a durable group
     */
    public record Options(
            List<String> streams,
            String group,
            String consumerId,
            Window window,
            AskedSettings settings,
            StartPosition start,
            boolean autoAck,
            long limit,
            List<Held> held,
            Mode mode) {
        public Options {
            if (streams.isEmpty() || streams.size() > MOST_STREAMS) {
                throw BrokerException.invalid(
                        "open.streams", streams.size() + " streams; a call takes 1.." + MOST_STREAMS);
            }
            if (!group.isEmpty()) {
                Names.checkGroup(group);
                if (!mode.equals(Mode.QUEUE)) {
                    throw BrokerException.invalid(
                            "open.group",
                            Names.quoted(group) + "; LATEST and REPLAY touch no group: leave it out, or take QUEUE");
                }
            }
            Names.checkId("open.consumer_id", consumerId);
            if (limit < 0) {
                throw BrokerException.invalid("open.limit", Long.toUnsignedString(limit) + " is above 2^63 - 1");
            }
            streams.stream().filter(Globs::isGlob).forEach(Globs::check);
            streams = List.copyOf(streams);
            held = List.copyOf(held);
        }

        /** Streams that are named, each once. */
        public List<String> names() {
            return streams.stream()
                    .filter(name -> !Globs.isGlob(name))
                    .distinct()
                    .toList();
        }

        public Globs globs() {
            return Globs.among(streams);
        }

        /** Whether streams that match are taken when they come into being, too. */
        public boolean takesNewStreams() {
            return !endsByItself() && !globs().isEmpty();
        }

        private boolean endsByItself() {
            return mode instanceof Mode.Replay replay && !replay.follow();
        }
    }

    /** Why a consumer gets nothing. */
    public enum Idle {
        NO_FRAMES,
        WINDOW_FULL,
        PAUSED,
        CLIENT_NOT_READING
    }

    static final int MOST_STREAMS = 1000;

    private final String id;
    private final String group;
    private final boolean durable;
    private final Options options;
    private final ConsumerPort port;
    private final Globs globs;
    private final long openedMicros;
    private final Map<String, Member> byStream = new ConcurrentHashMap<>();
    /** Streams that match and are not taken, and why. */
    private final Map<String, String> leftOut = new ConcurrentHashMap<>();

    private final FairTurns turns = new FairTurns();
    /** Where something happened since the last pump of which this call or others of the group may get frames; guarded by itself. */
    private final Set<Member> disturbed = new LinkedHashSet<>();
    /** Streams with a frame that goes to whoever has nothing in hand, which was not so here; guarded by itself. */
    private final Set<Member> untilEmpty = new LinkedHashSet<>();

    /** Replaced under the monitor, in which nothing else is locked but the window and the turns. */
    private volatile List<Member> members = List.of();

    private volatile Runnable onLeaving = () -> {};
    private final AtomicLong left;
    /** Streams whose range has not ended; never 0 where they go on for ever. */
    private final AtomicInteger rangesLeft;

    /** Pumps at the end of a turn: for room that came back without the consumer's doing. */
    private final Outlet roomCameBack = this::pumpIfOpen;

    /** Asks the others at the end of a turn: for what this consumer may take no more. */
    private final Outlet othersMayTake = this::freeWhatWasForIt;

    private final AtomicInteger owed = new AtomicInteger();
    private final AtomicBoolean finishedTold = new AtomicBoolean();
    private volatile boolean open;
    private volatile boolean replaced;
    private volatile boolean ended;
    private volatile boolean paused;
    private volatile boolean saysNothingMore;
    /** The call is to end soon, in order. */
    private volatile boolean draining;
    /** The call leaves its streams, one after the other. */
    private volatile boolean leaving;

    private volatile boolean finishing;

    /** @param openedMicros wall-clock time in microseconds since 1970 */
    Consumer(String id, String group, Options options, ConsumerPort port, long openedMicros) {
        this.id = id;
        this.group = group;
        this.durable = !options.group().isEmpty();
        this.options = options;
        this.port = port;
        this.globs = options.globs();
        this.openedMicros = openedMicros;
        this.left = new AtomicLong(options.limit() == 0 ? Long.MAX_VALUE : options.limit());
        this.rangesLeft = new AtomicInteger(options.endsByItself() ? 0 : Integer.MAX_VALUE);
    }

    public String id() {
        return id;
    }

    public String group() {
        return group;
    }

    public Window window() {
        return options.window();
    }

    /** Settings the group has. */
    public GroupSettings groupSettings() {
        List<Member> now = members;
        return now.isEmpty()
                ? options.settings().over(GroupSettings.DEFAULT)
                : now.get(0).group().settings();
    }

    Options options() {
        return options;
    }

    ConsumerPort port() {
        return port;
    }

    boolean durable() {
        return durable;
    }

    /** What is done once the call leaves its streams; maybe more than once. */
    void whenLeaving(Runnable action) {
        onLeaving = action;
    }

    /** Takes a seat in a stream's group. False when the call leaves its streams: the seat is to be given up. */
    synchronized boolean seat(Member member) {
        if (leaving) {
            return false;
        }
        List<Member> more = new ArrayList<>(members);
        more.add(member);
        members = List.copyOf(more);
        byStream.put(member.group().stream().name(), member);
        leftOut.remove(member.group().stream().name());
        if (options.endsByItself()) {
            rangesLeft.incrementAndGet();
        }
        disturb(member);
        window().streams(more.size());
        return true;
    }

    private synchronized void unseat(Member member) {
        members = members.stream().filter(other -> other != member).toList();
        byStream.remove(member.group().stream().name(), member);
        turns.waitsNoMore(member);
        window().streams(members.size());
    }

    /** A stream is deleted. Returns whether the call goes on without it, because it has it by a glob; it holds nothing more. */
    boolean goesOnWithout(Member member, Turn turn) {
        String stream = member.group().stream().name();
        if (!takesByGlob(stream)) {
            return false;
        }
        unseat(member);
        port.removed(stream);
        turn.touch(port);
        // The others may have its room.
        turn.touch(roomCameBack);
        return true;
    }

    /** Whether it wants a stream only because a glob matches it. */
    boolean takesByGlob(String stream) {
        return globs.match(stream) && !options.streams().contains(stream);
    }

    boolean has(String stream) {
        return byStream.containsKey(stream);
    }

    boolean isFull() {
        return members.size() >= MOST_STREAMS;
    }

    /** A stream that matches cannot be taken now. Returns whether that is new. */
    boolean leaveOut(String stream, String why, Turn turn) {
        boolean isNew = leftOut.put(stream, why) == null;
        if (isNew) {
            port.leftOut(leftOut.size(), why);
            turn.touch(port);
        }
        return isNew;
    }

    /** A stream that was left out is taken, or there no more. */
    void leftOutNoMore(String stream, Turn turn) {
        leftOut.remove(stream);
        port.leftOut(
                leftOut.size(),
                leftOut.isEmpty() ? "" : leftOut.values().iterator().next());
        turn.touch(port);
    }

    List<String> leftOut() {
        return List.copyOf(leftOut.keySet());
    }

    /** Whether a stream came into being while the call was open: then all of it is wanted where what is new is. */
    boolean isOlderThan(long createdMicros) {
        return !globs.isEmpty() && createdMicros >= openedMicros;
    }

    /**
     * Hands out what is there. To be called once open, and whenever the transport is ready again. Any thread.
     *
     * <p>Asks those streams that found no room, in their turn.
     */
    public void pump() {
        open = true;
        if (window().outstandingFrames() == 0) {
            takeAll(untilEmpty).forEach(Consumer::dispatch);
        }
        takeAll(disturbed).forEach(Consumer::dispatch);
        if (members.isEmpty()) {
            checkFinished();
        } else if (options.mode() instanceof Mode.Latest) {
            // Each has a share of its own, so nobody waits for another one's turn.
            if (takes()) {
                turns.all().forEach(Consumer::dispatch);
            }
        } else {
            giveInTurn();
        }
    }

    /** A stream may have something to give that it had not, or it was in the way and is no more. */
    void disturb(Member member) {
        synchronized (disturbed) {
            disturbed.add(member);
        }
    }

    private static List<Member> takeAll(Set<Member> some) {
        synchronized (some) {
            if (some.isEmpty()) {
                return List.of();
            }
            List<Member> taken = List.copyOf(some);
            some.clear();
            return taken;
        }
    }

    private void giveInTurn() {
        Member stuck = null;
        while (takes()) {
            Member next = turns.next(stuck);
            if (next == null) {
                return;
            }
            long before = turns.given(next);
            dispatch(next);
            if (turns.isWaiting(next) && turns.given(next) == before) {
                stuck = next;
            }
        }
    }

    private static void dispatch(Member member) {
        member.group().stream().dispatch(member);
    }

    /** Outside of every stream's turn. */
    private void checkFinished() {
        Turn turn = new Turn();
        turn.run(() -> checkFinished(turn));
    }

    private void pumpIfOpen() {
        if (open) {
            pump();
        }
    }

    /**
     * Ends deliveries {@code token .. token + count - 1} of one stream; {@link ConsumerPort#settled} tells how it went.
     * Follow a number of these by {@link #pump}.
     */
    public void settle(String stream, Token token, int count, Verdict verdict) {
        Member member = member(stream);
        if (member == null) {
            refuse(stream, token, count);
        } else {
            member.group().stream().settle(member, token, count, verdict);
            disturb(member);
        }
    }

    /** Prolongs leases to their whole length again; told like {@link #settle}. */
    public void extend(String stream, Token token, int count) {
        Member member = member(stream);
        if (member == null) {
            refuse(stream, token, count);
        } else {
            member.group().stream().extend(member, token, count);
        }
    }

    /** Answers what the consumer says to hold of streams that it does not consume; the others answer for theirs. */
    void refuseHeldElsewhere() {
        for (Held run : options.held()) {
            if (member(run.stream()) == null) {
                refuse(run.stream(), run.token(), run.count());
            }
        }
    }

    private void refuse(String stream, Token token, int count) {
        String message = "this call does not consume stream " + Names.quoted(stream);
        port.settled(
                new ConsumerPort.SettleResult(stream, token, count, ConsumerPort.SettleOutcome.UNKNOWN_TOKEN, message));
        port.flush();
    }

    private Member member(String stream) {
        return byStream.get(stream);
    }

    public void resize(int maxFrames, long maxBytes) {
        window().resize(maxFrames, maxBytes);
        pump();
    }

    public void pause() {
        paused = true;
        freeWhatWasForIt();
    }

    /** What was for this consumer alone is for the others now. */
    private void freeWhatWasForIt() {
        members.forEach(Consumer::dispatch);
    }

    public void resume() {
        paused = false;
        pump();
    }

    /** It gets nothing more, so that it can settle what it has and leave; what it does not get goes to others. */
    public void drain() {
        draining = true;
        freeWhatWasForIt();
    }

    /** The client has said all it will say: with a limit, the call then ends without waiting for settlements. */
    public void saysNothingMore() {
        saysNothingMore = true;
        checkFinished();
    }

    /**
     * The call ends in order: what is open goes to others at once, uncounted. Where the same consumer has opened
     * another call, what is open waits for that to take it over. Idempotent.
     */
    public void close() {
        leaveStreams(!replaced);
    }

    private void leaveStreams(boolean graceful) {
        List<Member> last;
        synchronized (this) {
            leaving = true;
            last = members;
        }
        onLeaving.run();
        last.forEach(member -> member.group().stream().leave(member, graceful));
    }

    /**
     * The client has said all it will say and takes nothing more: what is open goes to others, and the call ends when
     * every result it is owed is told.
     */
    public void finish() {
        finishing = true;
        close();
        checkFinished();
    }

    boolean isFinishing() {
        return finishing && !ended;
    }

    /** Told by the first stream that the same consumer joins again; it is still to join the others. */
    void replaced(BrokerException why, Turn turn) {
        replaced = true;
        end(why, turn);
    }

    boolean isReplaced() {
        return replaced;
    }

    /** One of the streams is done with the call; the others give it nothing more until it is closed. */
    void end(BrokerException why, Turn turn) {
        ended = true;
        port.ended(why);
        turn.touch(port);
    }

    /** The connection is gone: what is open waits for this consumer's return. Idempotent. */
    public void lost() {
        leaveStreams(false);
    }

    public List<ConsumerLag> lags() {
        return members.stream()
                .map(member -> member.group().stream().lag(member))
                .toList();
    }

    public Idle idle() {
        // While it is being opened there may be more members in a moment.
        List<Member> now = members;
        if (paused
                || open
                        && !now.isEmpty()
                        && now.stream().allMatch(member -> member.group().paused())) {
            return Idle.PAUSED;
        }
        if (window().freeFrames() == 0) {
            return Idle.WINDOW_FULL;
        }
        return port.ready() ? Idle.NO_FRAMES : Idle.CLIENT_NOT_READING;
    }

    /** Whether a frame may be given now, as far as its size is not the question. */
    boolean takes() {
        return isThere() && window().freeFrames() > 0 && port.ready();
    }

    /** Whether a frame may be given as soon as there is room for it. */
    boolean wants() {
        return isThere() && port.ready();
    }

    /** The same, though its client may not read just now. */
    boolean isThere() {
        return open && !leaving && !draining && !ended && !paused && left.get() > 0;
    }

    /** Whether only its window keeps it from a frame of that size. */
    boolean isBlocked(int bytes) {
        return isThere() && !window().hasRoom(bytes);
    }

    /** The same for one of its streams, whose turn it may not be. */
    boolean takes(Member member) {
        return takes() && (options.mode() instanceof Mode.Latest || turns.isTurnOf(member));
    }

    /**
     * A stream found no room, or not its turn. Returns whether it is to look once more, because it had not waited before
     * and room may have come back meanwhile.
     */
    boolean waits(Member member) {
        return turns.waits(member);
    }

    /**
     * A stream has a frame that is to go alone, and this consumer has others in hand. Returns whether it is to look once
     * more, because it had not waited before and they may be settled meanwhile.
     */
    boolean waitsUntilEmpty(Member member) {
        synchronized (untilEmpty) {
            return untilEmpty.add(member);
        }
    }

    /** A stream has nothing to give. */
    void waitsNoMore(Member member) {
        turns.waitsNoMore(member);
    }

    /** Whether there is room, but for another stream first. */
    boolean isAnothersTurn(Member member) {
        return takes() && !takes(member);
    }

    /** A stream gave it frames. */
    void got(Member member, long bytes) {
        turns.gave(member, bytes);
    }

    /** To be touched when room came back in one stream that the others do not know of. */
    Outlet roomCameBack() {
        return roomCameBack;
    }

    /** Counts one frame against the limit; false when the limit is reached. */
    boolean tryCount() {
        if (options.limit() == 0) {
            return true;
        }
        return left.getAndUpdate(rest -> rest > 0 ? rest - 1 : 0) > 0;
    }

    /** Whether its limit is reached. */
    boolean hasAll() {
        return left.get() == 0;
    }

    /** To be touched when it may take no more, though it is still a member. */
    Outlet othersMayTake() {
        return othersMayTake;
    }

    boolean hasSeveralSeats() {
        return members.size() > 1;
    }

    /** How many streams it takes from. */
    int seats() {
        return members.size();
    }

    boolean isOpen() {
        return open;
    }

    /** Everything that was wanted of one stream is settled. */
    void rangeOver() {
        rangesLeft.decrementAndGet();
    }

    /** A result is owed to the consumer from now on. */
    void owed() {
        owed.incrementAndGet();
    }

    void answered() {
        owed.decrementAndGet();
    }

    /** Under a stream's lock, after something was delivered, settled, answered or taken back. Told once. */
    void checkFinished(Turn turn) {
        // In this order: once the limit or the end of all ranges is reached no stream takes another frame, so what is
        // quiet then stays so.
        boolean nothingMore = left.get() == 0 || rangesLeft.get() == 0;
        boolean quiet = window().outstandingFrames() == 0 && owed.get() == 0;
        boolean done = finishing ? owed.get() == 0 : nothingMore && (saysNothingMore || quiet);
        if (done && !ended && finishedTold.compareAndSet(false, true)) {
            port.finished();
            turn.touch(port);
        }
    }

    @Override
    public String toString() {
        return id + " of group " + group;
    }
}
