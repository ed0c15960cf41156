package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A consumer's process: it takes frames, settles some well and some badly, dies and comes back. */
final class SimulatedWorker {
    private static final int MOST_REMEMBERED = 40;

    /** A delivery it has had at some time. */
    private record Memory(String stream, Token token) {}

    private final Simulation simulation;
    private final Random random;
    private final String id;
    private final String group;
    private final List<String> streams;
    private final ArrayDeque<Memory> remembered = new ArrayDeque<>();
    private Call call;

    SimulatedWorker(Simulation simulation, Random random, String id, String group, List<String> streams) {
        this.simulation = simulation;
        this.random = random;
        this.id = id;
        this.group = group;
        this.streams = streams;
    }

    String id() {
        return id;
    }

    Call call() {
        return call;
    }

    List<String> streams() {
        return streams;
    }

    // ---- coming and going

    void joins() {
        Window window = new Window(1 + random.nextInt(12), random.nextInt(3) == 0 ? 200 + random.nextInt(8_000) : 0);
        boolean autoAck = random.nextInt(6) == 0;
        // Which of several streams lets a limited call end first is not for the model to say.
        long limit = streams.size() == 1 && random.nextInt(4) == 0 ? 1 + random.nextInt(10) : 0;
        joins(window, autoAck, limit);
    }

    /** Takes what there is and settles it, to the end. */
    void joinsInEarnest() {
        joins(new Window(50, 0), false, 0);
    }

    private void joins(Window window, boolean autoAck, long limit) {
        if (group.isEmpty()) {
            leaves();
        }
        Call before = call;
        Call joining = new Call(window, autoAck, limit);
        // Without grace, what the call before had on the other streams is gone before this one gets there.
        boolean tooLate = simulation.graceNanos() == 0 && streams.size() > 1;
        List<Consumer.Held> held = tooLate || before == null && random.nextBoolean() ? List.of() : stillHeld();
        simulation.note("%s of %s joins %s, holds %s, %s", id, group, streams, held, window);
        simulation.joining(joining, group);
        takeOver(joining, held);
        boolean known = streams.stream()
                .allMatch(stream -> simulation.streamOrNew(stream).groups.containsKey(group));
        GroupSettings settings = known && random.nextBoolean() ? null : simulation.settingsOf(group);
        joining.consumer = simulation
                .broker()
                .openConsumer(
                        new Consumer.Options(
                                streams, group, id, window, settings, simulation.startPosition(), autoAck, limit, held),
                        simulation.fault().port(joining));
        simulation.joined();
        call = joining;
        simulation.require(call.consumer.id().equals(id), "%s is %s", id, call.consumer.id());
        for (String stream : streams) {
            GroupModel model = simulation.stream(stream).groups.get(call.consumer.group());
            call.groups.put(stream, model);
            model.joins(call);
        }
        call.open = true;
        call.consumer.pump();
    }

    /** What it held at the end of its last connection, some of it forgotten, some of it imagined. */
    private List<Consumer.Held> stillHeld() {
        List<Consumer.Held> held = new ArrayList<>();
        for (Memory memory : remembered) {
            if (random.nextInt(3) > 0) {
                held.add(new Consumer.Held(memory.stream, memory.token, 1 + random.nextInt(3)));
            }
        }
        return held;
    }

    /** What happens, stream by stream, to what the call before had. */
    private void takeOver(Call joining, List<Consumer.Held> held) {
        Call connectedBefore = null;
        for (String stream : streams) {
            StreamModel model = simulation.streamOrNew(stream);
            GroupModel known = group.isEmpty() ? null : model.groups.get(group);
            Call before = known == null ? null : known.before(id);
            if (before != null) {
                boolean connected = known.members.contains(before);
                if (connected && connectedBefore == null) {
                    connectedBefore = before;
                    before.expectEnd("CONSUMER_REPLACED");
                    before.over = true;
                }
                if (connected && simulation.graceNanos() == 0 && connectedBefore != null && before.handedOver) {
                    known.loses(before, 0);
                } else {
                    known.takenOver(before, joining, held);
                    before.handedOver = true;
                }
            }
            expectLost(joining, known, stream, held);
        }
        if (connectedBefore != null) {
            Call gone = connectedBefore;
            gone.groups.forEach((stream, known) -> known.loses(gone, simulation.graceNanos()));
        }
    }

    private void expectLost(Call joining, GroupModel known, String stream, List<Consumer.Held> held) {
        for (Consumer.Held run : held) {
            for (int i = 0; run.stream().equals(stream) && i < run.count(); i++) {
                long ordinal = run.token().ordinal() + i;
                SettleOutcome outcome = known == null
                        ? SettleOutcome.UNKNOWN_TOKEN
                        : known.outcome(joining, run.token(), ordinal, false);
                if (outcome != SettleOutcome.OK) {
                    joining.expect(stream, ordinal, outcome, known);
                }
            }
        }
    }

    void leaves() {
        if (call != null) {
            simulation.note("%s leaves", call);
            call.close();
        }
    }

    void losesItsConnection() {
        if (call == null) {
            return;
        }
        simulation.note("%s is lost", call);
        Call lost = call;
        call = null;
        lost.over = true;
        lost.closed = true;
        lost.groups.values().forEach(known -> known.loses(lost, simulation.graceNanos()));
        lost.consumer.lost();
        lost.consumer.lost();
    }

    // ---- what it says

    void settles() {
        if (call == null) {
            return;
        }
        List<GroupModel.Delivery> held = List.copyOf(call.held.values());
        if (held.isEmpty() || random.nextInt(8) == 0) {
            settlesSomethingOdd();
            return;
        }
        GroupModel.Delivery one = held.get(random.nextInt(held.size()));
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1;
        call.settle(one.stream, new Token(1, one.frame.ordinal(), one.attempt), count, verdict(random.nextInt(10)));
    }

    private Verdict verdict(int dice) {
        return switch (dice) {
            case 0 -> new Verdict.Skip(random.nextBoolean() ? "NOT_WANTED" : "BLURRED");
            case 1 -> new Verdict.Release();
            case 2 -> new Verdict.Retry(-1);
            case 3 -> new Verdict.Retry(random.nextInt(3_000));
            default -> Verdict.ACK;
        };
    }

    /** Late, doubled and forged settlements. */
    private void settlesSomethingOdd() {
        Memory memory = remembered.isEmpty() || random.nextInt(4) == 0 ? forged() : pick();
        call.settle(memory.stream, memory.token, 1 + random.nextInt(4), verdict(random.nextInt(10)));
    }

    private Memory pick() {
        return List.copyOf(remembered).get(random.nextInt(remembered.size()));
    }

    private Memory forged() {
        long ordinal = switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> -5;
            case 2 -> Long.MAX_VALUE - 1;
            default -> 1 + random.nextInt(200);
        };
        String stream = random.nextInt(10) == 0 ? "elsewhere" : streams.get(random.nextInt(streams.size()));
        return new Memory(stream, new Token(random.nextInt(3), ordinal, random.nextInt(4)));
    }

    void extendsLeases() {
        if (call == null) {
            return;
        }
        for (GroupModel.Delivery each : List.copyOf(call.held.values())) {
            if (random.nextInt(3) == 0) {
                call.extend(each.stream, new Token(1, each.frame.ordinal(), each.attempt), 1);
            }
        }
        if (random.nextInt(4) == 0) {
            Memory memory = remembered.isEmpty() ? forged() : pick();
            call.extend(memory.stream, memory.token, 2);
        }
    }

    void acksEverything() {
        if (call != null) {
            for (GroupModel.Delivery each : List.copyOf(call.held.values())) {
                call.settle(each.stream, new Token(1, each.frame.ordinal(), each.attempt), 1, Verdict.ACK);
                if (call == null) {
                    return;
                }
            }
        }
    }

    void changesItsMind() {
        if (call == null) {
            return;
        }
        switch (random.nextInt(6)) {
            case 0 -> call.ready(false);
            case 1 -> call.ready(true);
            case 2 -> call.pause();
            case 3 -> call.resume();
            case 4 -> call.resize(1 + random.nextInt(20), random.nextInt(3) == 0 ? 200 + random.nextInt(8_000) : 0);
            default -> call.saysNothingMore();
        }
    }

    void behaves() {
        if (call != null) {
            call.ready(true);
            call.resume();
        }
    }

    private void remember(String stream, Token token) {
        remembered.add(new Memory(stream, token));
        if (remembered.size() > MOST_REMEMBERED) {
            remembered.poll();
        }
    }

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

    /** One connection. */
    final class Call implements ConsumerPort {
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

        Call(Window window, boolean autoAck, long limit) {
            this.window = window;
            this.autoAck = autoAck;
            this.limit = limit;
        }

        SimulatedWorker worker() {
            return SimulatedWorker.this;
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

        boolean isOver() {
            return over;
        }

        Map<?, GroupModel.Delivery> held() {
            return held;
        }

        void expectEnd(String reason) {
            endExpected = reason;
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

        private void settle(String stream, Token token, int count, Verdict verdict) {
            simulation.note("%s says %s to %s %s x%d", this, verdict, stream, token, count);
            expect(stream, token, count, true, verdict);
            speaking = true;
            consumer.settle(stream, token, count, verdict);
            speaking = false;
            consumer.pump();
        }

        private void extend(String stream, Token token, int count) {
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
                    simulation
                            .coverage()
                            .reached("verdict " + verdict.getClass().getSimpleName());
                    known.judged(ordinal, verdict);
                } else if (outcome == SettleOutcome.OK) {
                    known.extended(ordinal);
                }
            }
        }

        private void expect(String stream, long ordinal, SettleOutcome outcome, GroupModel known) {
            expected.computeIfAbsent(stream, absent -> new ArrayDeque<>())
                    .add(new Expected(ordinal, outcome, known, false, true));
        }

        void expectGap(String stream, String reason, long count, long first, long last) {
            gapsExpected.add(stream + " " + reason + " " + count + " " + first + ".." + last);
        }

        private void ready(boolean now) {
            simulation.note("%s is ready: %s", this, now);
            ready = now;
            if (now) {
                consumer.pump();
            }
        }

        private void pause() {
            simulation.note("%s pauses", this);
            paused = true;
            consumer.pause();
        }

        private void resume() {
            simulation.note("%s resumes", this);
            paused = false;
            consumer.resume();
        }

        private void resize(int frames, long bytes) {
            simulation.note("%s has a window of %d, %d", this, frames, bytes);
            consumer.resize(frames, bytes);
        }

        private void saysNothingMore() {
            if (limit > 0) {
                simulation.note("%s says nothing more", this);
                nothingMore = true;
                consumer.saysNothingMore();
            }
        }

        private void close() {
            if (!closed) {
                closed = true;
                over = true;
                if (call == this) {
                    call = null;
                }
                groups.values().forEach(known -> known.leaves(this));
                consumer.close();
                consumer.close();
            }
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
            simulation.deliveryArrives(stream, known.name, frames, attempt);
            simulation.require(
                    leaseMillis == (autoAck ? 0 : known.leaseNanos / 1_000_000), "lease of %d ms", leaseMillis);
            for (Frame frame : frames) {
                simulation.stream(stream).checkIdentity(frame);
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
                        frame.publisher().equals(frames.get(0).publisher()),
                        "frames of two publishers in one delivery");
                taken++;
                known.delivered(this, frame.ordinal(), attempt);
                remember(stream, new Token(frame.generation(), frame.ordinal(), attempt));
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
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {
            gapsTold.add(stream + " " + reason + " " + count + " " + (first == null ? 0 : first.ordinal()) + ".."
                    + (last == null ? 0 : last.ordinal()));
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
            boolean quiet = group.isEmpty() || held.isEmpty() && (speaking || !owesAnswers());
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

        /** What must hold between two steps. */
        void check() {
            simulation.require(
                    window.outstandingFrames() == held.size() && window.outstandingBytes() == heldBytes,
                    "%s holds %d frames, %d bytes, window %s",
                    this,
                    held.size(),
                    heldBytes,
                    window);
            boolean done = limit > 0 && taken == limit && (nothingMore || held.isEmpty() && !owesAnswers());
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
            return open
                    && ready
                    && !paused
                    && !over
                    && (limit == 0 || taken < limit)
                    && held.size() < window.maxFrames()
                    && (held.isEmpty() || heldBytes + frame.bytes() <= window.maxBytes());
        }

        @Override
        public String toString() {
            return id + (autoAck ? " (auto)" : "") + (limit > 0 ? " (limit " + limit + ")" : "");
        }
    }
}
