package io.framebroker.server.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One connection of a worker: what it holds, what it is owed, and whether what it hears is right. */
final class SimulatedConsumer implements ConsumerPort {
    /** A result that is to be told. */
    private record Expected(
            long ordinal, SettleOutcome outcome, GroupModel group, boolean settles, boolean othersMayCome) {}

    private record Key(String stream, long ordinal) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byStream = stream.compareTo(other.stream);
            return byStream != 0 ? byStream : Long.compare(ordinal, other.ordinal);
        }
    }

    private final Simulation simulation;
    private final SimulatedWorker worker;
    private final Window window;
    private final boolean autoAck;
    private final long limit;
    private final Map<String, GroupModel> groups = new TreeMap<>();
    private final Map<Key, GroupModel.Delivery> held = new TreeMap<>();
    private final Map<String, ArrayDeque<Expected>> expected = new TreeMap<>();
    private final List<String> gapsExpected = new ArrayList<>();
    private final List<String> gapsTold = new ArrayList<>();
    private Consumer consumer;
    private long heldBytes;
    private long taken;
    private boolean open;
    private boolean ready = true;
    private boolean paused;
    private boolean nothingMore;
    private boolean speaking;
    private boolean finishedTold;
    private boolean over;
    private boolean closed;
    private boolean handedOver;
    private String endExpected = "";

    SimulatedConsumer(Simulation simulation, SimulatedWorker worker, Window window, boolean autoAck, long limit) {
        this.simulation = simulation;
        this.worker = worker;
        this.window = window;
        this.autoAck = autoAck;
        this.limit = limit;
    }

    SimulatedWorker worker() {
        return worker;
    }

    boolean autoAck() {
        return autoAck;
    }

    Window window() {
        return window;
    }

    Map<String, GroupModel> groups() {
        return groups;
    }

    List<GroupModel.Delivery> held() {
        return List.copyOf(held.values());
    }

    void sitsIn(String stream, GroupModel model) {
        groups.put(stream, model);
        model.joins(this);
    }

    void isOpenedAs(Consumer opened) {
        consumer = opened;
        open = true;
        consumer.pump();
    }

    void expectReplacement() {
        endExpected = "CONSUMER_REPLACED";
        over = true;
    }

    /** On its first stream it has been succeeded. */
    void handsOver() {
        handedOver = true;
    }

    boolean isHandedOver() {
        return handedOver;
    }

    /** The stream is gone, and the call will be. */
    void expectDeletionOf(String stream) {
        endExpected = "STREAM_DELETED";
        over = true;
        groups.remove(stream);
        groups.values().forEach(known -> known.leaves(this));
    }

    void got(GroupModel.Delivery delivery) {
        held.put(new Key(delivery.stream, delivery.frame.ordinal()), delivery);
        heldBytes += delivery.frame.bytes();
    }

    void gaveUp(GroupModel.Delivery delivery) {
        held.remove(new Key(delivery.stream, delivery.frame.ordinal()));
        heldBytes -= delivery.frame.bytes();
    }

    // ---- what is said

    void settle(String stream, Token token, int count, Verdict verdict) {
        simulation.note("%s says %s to %s %s x%d", this, verdict, stream, token, count);
        expect(stream, token, count, true, verdict);
        speaking = true;
        consumer.settle(stream, token, count, verdict);
        speaking = false;
        consumer.pump();
    }

    void extend(String stream, Token token, int count) {
        simulation.note("%s extends %s %s x%d", this, stream, token, count);
        expect(stream, token, count, false, null);
        speaking = true;
        consumer.extend(stream, token, count);
        speaking = false;
    }

    private void expect(String stream, Token token, int count, boolean settles, Verdict verdict) {
        GroupModel known = groups.get(stream);
        for (int i = 0; i < count; i++) {
            long ordinal = token.ordinal() + i;
            SettleOutcome outcome =
                    known == null ? SettleOutcome.UNKNOWN_TOKEN : known.outcome(this, token, ordinal, settles);
            boolean forGood = verdict instanceof Verdict.Ack || verdict instanceof Verdict.Skip;
            expected.computeIfAbsent(stream, absent -> new ArrayDeque<>())
                    .add(new Expected(ordinal, outcome, known, forGood, false));
            if (outcome == SettleOutcome.OK && settles) {
                simulation.coverage().reached("verdict " + verdict.getClass().getSimpleName());
                known.judged(ordinal, verdict);
            } else if (outcome == SettleOutcome.OK) {
                known.extended(ordinal);
            }
        }
    }

    void expect(String stream, long ordinal, SettleOutcome outcome, GroupModel known) {
        expected.computeIfAbsent(stream, absent -> new ArrayDeque<>())
                .add(new Expected(ordinal, outcome, known, false, true));
    }

    void expectGap(String stream, String reason, long count, long first, long last) {
        gapsExpected.add(stream + " " + reason + " " + count + " " + first + ".." + last);
    }

    void ready(boolean now) {
        simulation.note("%s is ready: %s", this, now);
        ready = now;
        if (now) {
            consumer.pump();
        }
    }

    void pause() {
        simulation.note("%s pauses", this);
        paused = true;
        consumer.pause();
    }

    void resume() {
        simulation.note("%s resumes", this);
        paused = false;
        consumer.resume();
    }

    void resize(int frames, long bytes) {
        simulation.note("%s has a window of %d, %d", this, frames, bytes);
        consumer.resize(frames, bytes);
    }

    void saysNothingMore() {
        if (limit > 0) {
            simulation.note("%s says nothing more", this);
            nothingMore = true;
            consumer.saysNothingMore();
        }
    }

    void close() {
        if (!closed) {
            closed = true;
            over = true;
            worker.hasLeft(this);
            groups.values().forEach(known -> known.leaves(this));
            consumer.close();
            consumer.close();
        }
    }

    void losesItsConnection() {
        over = true;
        closed = true;
        groups.values().forEach(known -> known.loses(this, simulation.graceNanos()));
        consumer.lost();
        consumer.lost();
    }

    // ---- what is heard

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
        simulation.require(
                open && ready && !paused && !over,
                "%s gets frames: open %s, ready %s, paused %s, over %s",
                this,
                open,
                ready,
                paused,
                over);
        GroupModel known = groups.get(stream);
        simulation.require(known != null, "%s gets frames of %s", this, stream);
        simulation.bookkeeper().deliveryArrives(stream, known.name, frames);
        simulation.require(leaseMillis == (autoAck ? 0 : known.leaseNanos / 1_000_000), "lease of %d ms", leaseMillis);
        for (Frame frame : frames) {
            simulation.stream(stream).checkIdentity(frame, known.deliverableThrough());
            simulation.require(held.size() < window.maxFrames(), "%s gets more frames than %s", this, window);
            simulation.require(
                    held.isEmpty() || heldBytes + frame.bytes() <= window.maxBytes(),
                    "%s gets %d bytes, holds %d of %s",
                    this,
                    frame.bytes(),
                    heldBytes,
                    window);
            simulation.require(limit == 0 || taken < limit, "%s gets more than %d frames", this, limit);
            simulation.require(
                    frame.publisher().equals(frames.get(0).publisher()), "frames of two publishers in one delivery");
            taken++;
            simulation.stream(stream).generation(frame.generation());
            known.delivered(this, frame.ordinal(), attempt);
            worker.remember(stream, new Token(frame.generation(), frame.ordinal(), attempt));
        }
    }

    @Override
    public void settled(SettleResult result) {
        for (int i = 0; i < result.count(); i++) {
            ArrayDeque<Expected> queue = expected.get(result.stream());
            Expected next = queue == null ? null : queue.poll();
            long ordinal = result.token().ordinal() + i;
            simulation.require(
                    next != null && next.ordinal == ordinal, "%s is told %s, expected %s", this, result, next);
            boolean confirmed = next.group != null && next.group.isSettled(ordinal);
            boolean letGoMeanwhile = next.outcome == SettleOutcome.OK
                    && result.outcome() == SettleOutcome.ALREADY_SETTLED
                    && !next.group.durable
                    && simulation.storeAnswersAtOnce();
            // While a call takes over one stream, its predecessor's others may go to somebody else.
            boolean takenMeanwhile = next.othersMayCome && result.outcome() != SettleOutcome.OK;
            // Below the oldest open frame all is settled, whatever the token says.
            boolean sunkMeanwhile = next.outcome == SettleOutcome.UNKNOWN_TOKEN
                    && result.outcome() == SettleOutcome.ALREADY_SETTLED
                    && confirmed
                    && simulation.storeAnswersAtOnce();
            simulation.require(
                    next.outcome == result.outcome() || letGoMeanwhile || sunkMeanwhile || takenMeanwhile,
                    "%s is told %s, expected %s",
                    this,
                    result,
                    next);
            boolean saysSettled = result.outcome() == SettleOutcome.ALREADY_SETTLED
                    || next.outcome == SettleOutcome.OK && next.settles;
            simulation.require(!saysSettled || confirmed, "%s is told %s, which is not confirmed", this, result);
            simulation.coverage().reached("outcome " + result.outcome());
        }
    }

    @Override
    public void gap(
            String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail) {
        gapsTold.add(stream + " " + reason + " " + count + " " + (first == null ? 0 : first.ordinal()) + ".."
                + (last == null ? 0 : last.ordinal()));
        GroupModel known = groups.get(stream);
        if (known != null && first != null && first.ordinal() == known.cursor + 1 && known.isEarly(last.ordinal())) {
            known.passesEarly(first.ordinal(), last.ordinal(), reason);
            simulation.coverage().reached("passed over early");
        }
        simulation.coverage().reached("gap " + reason);
    }

    private boolean owesAnswers() {
        return expected.values().stream().anyMatch(queue -> !queue.isEmpty());
    }

    @Override
    public void finished() {
        simulation.require(
                !finishedTold && limit > 0 && taken == limit, "%s finished after %d of %d", this, taken, limit);
        // A frame that is let go is out of the window a moment before the store is asked to skip it.
        boolean quiet = worker.isAlone() || held.isEmpty() && (speaking || !owesAnswers());
        simulation.require(nothingMore || quiet, "%s finished too soon", this);
        finishedTold = true;
        over = true;
        simulation.coverage().reached("consumer finished");
    }

    @Override
    public void ended(BrokerException why) {
        simulation.require(why.reason().equals(endExpected), "%s ended: %s", this, why.reason());
        over = true;
        simulation.coverage().reached("ended " + why.reason());
    }

    @Override
    public void flush() {
        if (over && !closed) {
            close();
        }
    }

    /** Room it keeps for attempts that the store has yet to write, in frames. */
    int framesKept() {
        return window.outstandingFrames() - held.size();
    }

    long bytesKept() {
        return window.outstandingBytes() - heldBytes;
    }

    /** What must hold between two steps. */
    void check() {
        simulation.require(
                held.size() <= 1 || held.values().stream().noneMatch(each -> each.suspect),
                "%s has a frame beside one that is to be alone: %s",
                this,
                held.keySet());
        simulation.require(
                framesKept() >= 0 && bytesKept() >= 0,
                "%s holds %d frames, %d bytes, window %s",
                this,
                held.size(),
                heldBytes,
                window);
        boolean quiet = held.isEmpty() && framesKept() == 0 && !owesAnswers();
        boolean done = limit > 0 && taken == limit && (nothingMore || quiet);
        simulation.require(!done || finishedTold, "%s has all it asked for and is not told", this);
    }

    /** Gaps are told to whoever is a member at that time, also to a call that ends in the same step. */
    void checkGaps() {
        gapsExpected.sort(null);
        gapsTold.sort(null);
        simulation.require(
                gapsTold.equals(gapsExpected), "%s is told of %s, expected %s", this, gapsTold, gapsExpected);
        gapsExpected.clear();
        gapsTold.clear();
    }

    /** Whether it would take this frame now. */
    boolean wouldTake(StreamModel.Stored frame) {
        return ready
                && isThere()
                && held.values().stream().noneMatch(each -> each.suspect)
                && (framesKept() == 0 || groups.values().stream().noneMatch(GroupModel::hasSuspectOnItsWay))
                && window.outstandingFrames() < window.maxFrames()
                && (window.outstandingFrames() == 0 || window.outstandingBytes() + frame.bytes() <= window.maxBytes());
    }

    /** Whether it would take a frame that is to go alone. */
    boolean wouldTakeAlone() {
        return ready && isThere() && window.outstandingFrames() == 0;
    }

    /** Whether it may get frames, as soon as it reads and has room. */
    boolean isThere() {
        return open && !paused && !over && (limit == 0 || taken < limit);
    }

    @Override
    public String toString() {
        return worker.id() + (autoAck ? " (auto)" : "") + (limit > 0 ? " (limit " + limit + ")" : "");
    }
}
