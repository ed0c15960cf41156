package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

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
    private SimulatedConsumer call;

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

    SimulatedConsumer call() {
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
        SimulatedConsumer before = call;
        SimulatedConsumer joining = new SimulatedConsumer(simulation, this, window, autoAck, limit);
        // Without grace, what the call before had on the other streams is gone before this one gets there.
        boolean tooLate = simulation.graceNanos() == 0 && streams.size() > 1;
        List<Consumer.Held> held = tooLate || before == null && random.nextBoolean() ? List.of() : stillHeld();
        simulation.note("%s of %s joins %s, holds %s, %s", id, group, streams, held, window);
        simulation.bookkeeper().joining(group);
        takeOver(joining, held);
        boolean known = streams.stream()
                .allMatch(stream -> simulation.streamOrNew(stream).groups.containsKey(group));
        AskedSettings settings =
                known && random.nextBoolean() ? AskedSettings.ANY : asked(simulation.settingsOf(group));
        Consumer opened = simulation
                .broker()
                .openConsumer(
                        new Consumer.Options(
                                streams,
                                group,
                                id,
                                window,
                                settings,
                                simulation.startPosition(),
                                autoAck,
                                limit,
                                held,
                                Mode.QUEUE),
                        simulation.fault().port(joining));
        simulation.bookkeeper().joined();
        call = joining;
        simulation.require(opened.id().equals(id), "%s is %s", id, opened.id());
        for (String stream : streams) {
            call.sitsIn(stream, simulation.stream(stream).groups.get(opened.group()));
        }
        call.isOpenedAs(opened);
    }

    private static AskedSettings asked(GroupSettings settings) {
        return new AskedSettings(
                settings.leaseMillis(), null, settings.maxAttempts(), settings.order(), settings.early());
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
    private void takeOver(SimulatedConsumer joining, List<Consumer.Held> held) {
        SimulatedConsumer connectedBefore = null;
        for (String stream : streams) {
            StreamModel model = simulation.streamOrNew(stream);
            GroupModel known = group.isEmpty() ? null : model.groups.get(group);
            SimulatedConsumer before = known == null ? null : known.before(id);
            if (before != null) {
                boolean connected = known.members.contains(before);
                if (connected && connectedBefore == null) {
                    connectedBefore = before;
                    before.expectReplacement();
                }
                if (connected && simulation.graceNanos() == 0 && connectedBefore != null && before.isHandedOver()) {
                    known.loses(before, 0);
                } else {
                    known.takenOver(before, joining, held);
                    before.handsOver();
                }
            }
            expectAnswers(joining, known, stream, held);
        }
        if (connectedBefore != null) {
            SimulatedConsumer gone = connectedBefore;
            gone.groups().forEach((stream, known) -> known.loses(gone, simulation.graceNanos()));
        }
    }

    private void expectAnswers(SimulatedConsumer joining, GroupModel known, String stream, List<Consumer.Held> held) {
        for (Consumer.Held run : held) {
            for (int i = 0; run.stream().equals(stream) && i < run.count(); i++) {
                long ordinal = run.token().ordinal() + i;
                SettleOutcome outcome = known == null
                        ? SettleOutcome.UNKNOWN_TOKEN
                        : known.outcome(joining, run.token(), ordinal, false);
                joining.expect(stream, ordinal, outcome, known);
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
        SimulatedConsumer lost = call;
        call = null;
        lost.losesItsConnection();
    }

    // ---- what it says

    void settles() {
        if (call == null) {
            return;
        }
        List<GroupModel.Delivery> held = call.held();
        if (held.isEmpty() || random.nextInt(8) == 0) {
            settlesSomethingOdd();
            return;
        }
        GroupModel.Delivery one = held.get(random.nextInt(held.size()));
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1;
        call.settle(
                one.stream,
                new Token(simulation.stream(one.stream).generation(), one.frame.ordinal(), one.attempt),
                count,
                verdict(random.nextInt(10)));
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
        for (GroupModel.Delivery each : call.held()) {
            if (random.nextInt(3) == 0) {
                call.extend(
                        each.stream,
                        new Token(simulation.stream(each.stream).generation(), each.frame.ordinal(), each.attempt),
                        1);
            }
        }
        if (random.nextInt(4) == 0) {
            Memory memory = remembered.isEmpty() ? forged() : pick();
            call.extend(memory.stream, memory.token, 2);
        }
    }

    void acksEverything() {
        if (call != null) {
            for (GroupModel.Delivery each : call.held()) {
                call.settle(
                        each.stream,
                        new Token(simulation.stream(each.stream).generation(), each.frame.ordinal(), each.attempt),
                        1,
                        Verdict.ACK);
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

    /** Whether its group is its own. */
    boolean isAlone() {
        return group.isEmpty();
    }

    void hasLeft(SimulatedConsumer closed) {
        if (call == closed) {
            call = null;
        }
    }

    void remember(String stream, Token token) {
        remembered.add(new Memory(stream, token));
        if (remembered.size() > MOST_REMEMBERED) {
            remembered.poll();
        }
    }
}
