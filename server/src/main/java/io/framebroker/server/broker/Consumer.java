package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;
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
     * @param group durable group; empty for one of this call alone
     * @param consumerId stable name; empty to be given one
     * @param settings what the group must have; null for whatever it has
     * @param limit frames after which the call ends; 0 for none
     * @param held what a returning consumer still has
     */
    public record Options(
            List<String> streams,
            String group,
            String consumerId,
            Window window,
            GroupSettings settings,
            StartPosition start,
            boolean autoAck,
            long limit,
            List<Held> held) {
        public Options {
            if (limit < 0) {
                throw BrokerException.invalid("open.limit", Long.toUnsignedString(limit) + " is above 2^63 - 1");
            }
            streams = List.copyOf(streams);
            held = List.copyOf(held);
        }
    }

    /** Why a consumer gets nothing. */
    public enum Idle {
        NO_FRAMES,
        WINDOW_FULL,
        PAUSED,
        CLIENT_NOT_READING
    }

    private final String id;
    private final String group;
    private final boolean durable;
    private final Options options;
    private final ConsumerPort port;
    private final List<Member> members = new ArrayList<>();
    private final AtomicLong left;
    private final AtomicInteger firstPumped = new AtomicInteger();
    /** Pumps at the end of a turn: for room that came back without the consumer's doing. */
    private final Outlet roomCameBack = this::pumpIfOpen;

    private final AtomicInteger owed = new AtomicInteger();
    private final AtomicBoolean finishedTold = new AtomicBoolean();
    private volatile boolean open;
    private volatile boolean replaced;
    private volatile boolean ended;
    private volatile boolean paused;
    private volatile boolean saysNothingMore;

    Consumer(String id, String group, Options options, ConsumerPort port) {
        this.id = id;
        this.group = group;
        this.durable = !options.group().isEmpty();
        this.options = options;
        this.port = port;
        this.left = new AtomicLong(options.limit() == 0 ? Long.MAX_VALUE : options.limit());
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
        return members.get(0).group().settings();
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

    /** Called while the consumer is being opened, before anybody else knows it. */
    void seat(Member member) {
        members.add(member);
    }

    /** Hands out what is there. To be called once open, and whenever the transport is ready again. Any thread. */
    public void pump() {
        open = true;
        int count = members.size();
        int start = count == 1 ? 0 : Math.floorMod(firstPumped.getAndIncrement(), count);
        for (int i = 0; i < count; i++) {
            Member member = members.get((start + i) % count);
            member.group().stream().dispatch(member);
        }
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

    private void refuse(String stream, Token token, int count) {
        String message = "this call does not consume stream " + Names.quoted(stream);
        port.settled(
                new ConsumerPort.SettleResult(stream, token, count, ConsumerPort.SettleOutcome.UNKNOWN_TOKEN, message));
        port.flush();
    }

    private Member member(String stream) {
        for (Member member : members) {
            if (member.group().stream().name().equals(stream)) {
                return member;
            }
        }
        return null;
    }

    public void resize(int maxFrames, long maxBytes) {
        window().resize(maxFrames, maxBytes);
        pump();
    }

    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
        pump();
    }

    /** The client has said all it will say: with a limit, the call then ends without waiting for settlements. */
    public void saysNothingMore() {
        saysNothingMore = true;
        members.get(0).group().stream().checkFinished(this);
    }

    /**
     * The call ends in order: what is open goes to others at once, uncounted. Where the same consumer has opened
     * another call, what is open waits for that to take it over. Idempotent.
     */
    public void close() {
        members.forEach(member -> member.group().stream().leave(member, !replaced));
    }

    /** Told by the first stream that the same consumer joins again; it is still to join the others. */
    void replaced(BrokerException why, Turn turn) {
        replaced = true;
        end(why, turn);
    }

    /** One of the streams is done with the call; the others give it nothing more until it is closed. */
    void end(BrokerException why, Turn turn) {
        ended = true;
        port.ended(why);
        turn.touch(port);
    }

    /** The connection is gone: what is open waits for this consumer's return. Idempotent. */
    public void lost() {
        members.forEach(member -> member.group().stream().leave(member, false));
    }

    public List<ConsumerLag> lags() {
        return members.stream()
                .map(member -> member.group().stream().lag(member))
                .toList();
    }

    public Idle idle() {
        if (paused) {
            return Idle.PAUSED;
        }
        if (window().freeFrames() == 0) {
            return Idle.WINDOW_FULL;
        }
        return port.ready() ? Idle.NO_FRAMES : Idle.CLIENT_NOT_READING;
    }

    /** Whether a frame may be given now, as far as its size is not the question. */
    boolean takes() {
        return open && !ended && !paused && left.get() > 0 && window().freeFrames() > 0 && port.ready();
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

    boolean hasSeveralSeats() {
        return members.size() > 1;
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
        // In this order: once the limit is reached no stream takes another frame, so what is quiet then stays so.
        boolean limitReached = left.get() == 0;
        boolean quiet = window().outstandingFrames() == 0 && owed.get() == 0;
        boolean done = limitReached && (saysNothingMore || quiet);
        if (done && finishedTold.compareAndSet(false, true)) {
            port.finished();
            turn.touch(port);
        }
    }

    @Override
    public String toString() {
        return id + " of group " + group;
    }
}
