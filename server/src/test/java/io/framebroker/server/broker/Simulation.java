package io.framebroker.server.broker;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * One run of a broker with cameras and workers that misbehave at random, all on one thread and a fake clock: the same
 * seed gives the same run. After every step the broker is compared with a model of it.
 */
final class Simulation {
    private static final int NOTES = 60;
    private static final List<String> STREAMS = List.of("cam", "dock", "gate");
    private static final List<String> GROUPS = List.of("archive", "detectors", "trackers");
    private static final int MOST_ROUNDS_TO_SETTLE = 2_000;

    private final long seed;
    private final int steps;
    private final Fault fault;
    private final Coverage coverage;
    private final Random random;
    private final StoreBookkeeper bookkeeper = new StoreBookkeeper(this);
    private final FakeClock clock = new FakeClock();
    private final DeferredStore store;
    private final Runnable readBack;
    private final FrameMemory memory;
    private final Broker broker;
    private final boolean memoryIsShort;
    private final boolean storeAnswersAtOnce;
    private final long graceMillis;
    private final StreamSettings defaults;
    private final Map<String, GroupSettings> groupSettings = new TreeMap<>();
    private final Map<String, StreamModel> streams = new TreeMap<>();
    private final List<SimulatedCamera> cameras = new ArrayList<>();
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final ArrayDeque<String> notes = new ArrayDeque<>();
    private long digest;
    private long origins;
    private int step;
    private boolean clockIsHeeded = true;

    Simulation(long seed, int steps, FaultKind faultKind, Coverage coverage) {
        this(seed, steps, faultKind, coverage, new MemoryFrameStore(), () -> {});
    }

    /**
     * @param behind where frames are kept; it answers inside the call, but for what it reads back
     * @param readBack has it read back what it was asked for
     */
    Simulation(long seed, int steps, FaultKind faultKind, Coverage coverage, FrameStore behind, Runnable readBack) {
        this.readBack = readBack;
        this.seed = seed;
        this.steps = steps;
        this.coverage = coverage;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.fault = new Fault(faultKind, random);
        this.defaults = randomSettings();
        this.graceMillis = random.nextInt(4) == 0 ? 0 : 5_000;
        this.memoryIsShort = random.nextInt(5) == 0;
        this.storeAnswersAtOnce = random.nextInt(5) == 0;
        this.memory = new FrameMemory(memoryIsShort ? 10_000 + random.nextInt(50_000) : 1L << 40, 1L << 40);
        this.store = new DeferredStore(behind, bookkeeper);
        if (!storeAnswersAtOnce) {
            store.defer();
        }
        BrokerSettings settings = new BrokerSettings(true, 100, graceMillis, defaults);
        this.broker = new Broker(settings, fault.store(store), memory, fault.clock(clock));
        for (String group : GROUPS) {
            GroupSettings.Order order =
                    random.nextInt(4) == 0 ? GroupSettings.Order.STRICT : GroupSettings.Order.FIRST_DELIVERIES;
            long leaseMillis = List.of(1_000L, 5_000L, 30_000L).get(random.nextInt(3));
            groupSettings.put(group, new GroupSettings(leaseMillis, 0, 0, order, random.nextInt(3) == 0));
        }
        castRoles();
    }

    private void castRoles() {
        int streamCount = 1 + random.nextInt(STREAMS.size());
        for (String stream : STREAMS.subList(0, streamCount)) {
            cameras.add(new SimulatedCamera(this, random, stream, "camera-of-" + stream));
            if (random.nextInt(3) == 0) {
                cameras.add(new SimulatedCamera(this, random, stream, random.nextBoolean() ? "" : "spare"));
            }
        }
        int groupCount = 1 + random.nextInt(GROUPS.size());
        for (String group : GROUPS.subList(0, groupCount)) {
            int members = 1 + random.nextInt(3);
            for (int i = 0; i < members; i++) {
                workers.add(new SimulatedWorker(this, random, group + "-" + i, group, someOf(streamCount)));
            }
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            workers.add(new SimulatedWorker(this, random, "viewer-" + i, "", someOf(streamCount)));
        }
    }

    private List<String> someOf(int streamCount) {
        List<String> some = new ArrayList<>();
        for (String stream : STREAMS.subList(0, streamCount)) {
            if (random.nextInt(3) > 0) {
                some.add(random.nextInt(some.size() + 1), stream);
            }
        }
        return some.isEmpty() ? List.of(STREAMS.get(random.nextInt(streamCount))) : some;
    }

    private StreamSettings randomSettings() {
        return new StreamSettings(
                3 + random.nextInt(40),
                2_000 + random.nextInt(30_000),
                randomPolicy(),
                random.nextInt(3) == 0 ? 0 : random.nextInt(20),
                random.nextInt(3) == 0 ? random.nextInt(5_000) : 1 << 20,
                random.nextInt(3) == 0 ? 1_000 + random.nextInt(20_000) : 0);
    }

    /** Half of them block. */
    private OverflowPolicy randomPolicy() {
        OverflowPolicy[] policies = OverflowPolicy.values();
        return random.nextBoolean() ? OverflowPolicy.BLOCK : policies[random.nextInt(policies.length)];
    }

    // ---- the run

    /** Runs to the end. Returns a number that two equal runs share. */
    long run() {
        try {
            for (step = 1; step <= steps; step++) {
                act();
                check();
            }
            settleDown();
        } catch (AssertionError | RuntimeException e) {
            throw new SimulationFailure(seed, step, notes, e);
        }
        return digest;
    }

    private void act() {
        int dice = random.nextInt(1_000);
        if (dice < 300) {
            aCamera().publishes();
        } else if (dice < 330) {
            aCamera().connects();
        } else if (dice < 345) {
            aCamera().losesItsConnection();
        } else if (dice < 350) {
            aCamera().finishes();
        } else if (dice < 365) {
            aCamera().reports();
        } else if (dice < 370) {
            aCamera().opensWithAnOldEpoch();
        } else if (dice < 560) {
            aWorker().settles();
        } else if (dice < 580) {
            aWorker().extendsLeases();
        } else if (dice < 610) {
            aWorker().acksEverything();
        } else if (dice < 650) {
            aWorker().joins();
        } else if (dice < 660) {
            aWorker().leaves();
        } else if (dice < 680) {
            aWorker().losesItsConnection();
        } else if (dice < 740) {
            aWorker().changesItsMind();
        } else if (dice < 890) {
            storeAnswers();
        } else if (dice < 980) {
            timePasses();
        } else {
            somebodyAdministers();
        }
    }

    private SimulatedCamera aCamera() {
        return cameras.get(random.nextInt(cameras.size()));
    }

    private SimulatedWorker aWorker() {
        return workers.get(random.nextInt(workers.size()));
    }

    /** Whether the store has yet to confirm something beside frames. */
    boolean notesHeld(String stream) {
        return store.stream(stream).notesHeld();
    }

    private StreamModel aStream() {
        List<StreamModel> known = List.copyOf(streams.values());
        return known.isEmpty() ? null : known.get(random.nextInt(known.size()));
    }

    private void storeAnswers() {
        StreamModel model = aStream();
        if (model == null) {
            return;
        }
        DeferredStore.OfStream of = store.stream(model.name);
        switch (random.nextInt(6)) {
            case 4 -> {
                note("store confirms the notes of %s", model.name);
                of.releaseNotes();
            }
            case 5 -> {
                for (String group : model.groups.keySet()) {
                    int attempts = 1 + random.nextInt(4);
                    note("store confirms %d attempts of %s on %s", attempts, group, model.name);
                    of.releaseAttempts(group, attempts);
                }
            }
            case 0 -> {
                if (random.nextInt(3) == 0 && of.releasesPart(random)) {
                    note("store confirms a part of a message of %s", model.name);
                    return;
                }
                int messages = 1 + random.nextInt(4);
                note("store confirms %d messages of %s", messages, model.name);
                of.releaseStored(messages);
            }
            case 1 -> {
                List<String> held = of.groupsHeld();
                if (!held.isEmpty()) {
                    String group = held.get(random.nextInt(held.size()));
                    int settlements = 1 + random.nextInt(4);
                    note("store confirms %d settlements of %s on %s", settlements, group, model.name);
                    of.releaseSettled(group, settlements);
                }
            }
            case 2 -> {
                note("store has read what was cold on %s", model.name);
                of.releaseReadable();
            }
            default -> {
                note("store confirms everything on %s", model.name);
                of.releaseAll();
            }
        }
    }

    private void timePasses() {
        long nanos = switch (random.nextInt(5)) {
            case 0 -> random.nextInt(30_000_000);
            case 1 -> random.nextInt(1_000_000_000);
            case 2 -> random.nextInt(1_000) * 10_000_000L;
            case 3 -> Math.min(tick(), 40_000_000_000L);
            default -> 600_000_000L;
        };
        clock.advance(nanos);
        clockIsHeeded = random.nextInt(6) > 0;
        note("%d ms pass, heeded %s", nanos / 1_000_000, clockIsHeeded);
        if (clockIsHeeded) {
            tick();
        }
    }

    private long tick() {
        streams.values().forEach(stream -> stream.groups.values().forEach(GroupModel::tick));
        return broker.tick();
    }

    private void somebodyAdministers() {
        StreamModel model = aStream();
        if (model == null) {
            return;
        }
        int dice = random.nextInt(20);
        if (dice < 8) {
            model.settings = randomSettings();
            note("settings of %s become %s", model.name, model.settings);
            broker.updateStream(model.name, model.settings);
        } else if (dice < 11) {
            note("%s is purged", model.name);
            model.purgedThrough = model.confirmed();
            broker.purgeStream(model.name);
        } else if (dice < 13) {
            deletes(model);
        } else if (!storeAnswersAtOnce) {
            long ordinal = model.confirmed() + 1 + random.nextInt(3);
            note("frame %d of %s will be cold", ordinal, model.name);
            store.stream(model.name).makeCold(ordinal);
        }
    }

    private void deletes(StreamModel model) {
        note("%s is deleted", model.name);
        streams.remove(model.name);
        for (SimulatedCamera camera : cameras) {
            if (camera.stream().equals(model.name)) {
                if (camera.call() != null) {
                    camera.call().expectEnd("STREAM_DELETED");
                }
                camera.startsAnew();
            }
        }
        for (SimulatedWorker worker : workers) {
            if (worker.call() != null && worker.call().groups().containsKey(model.name)) {
                worker.call().expectDeletionOf(model.name);
            }
        }
        broker.deleteStream(model.name, true, new Deleted());
    }

    /** Faults stop: everything that was published comes to its end. */
    private void settleDown() {
        store.answerAtOnce();
        for (SimulatedWorker worker : workers) {
            worker.joinsInEarnest();
            check();
        }
        for (String stream : List.copyOf(streams.keySet())) {
            for (String group : streams.get(stream).groups.keySet()) {
                if (!group.startsWith("~")) {
                    SimulatedWorker last = new SimulatedWorker(this, random, "last-" + stream, group, List.of(stream));
                    workers.add(last);
                    last.joinsInEarnest();
                }
            }
        }
        for (int round = 0; !isSettled(); round++) {
            require(round < MOST_ROUNDS_TO_SETTLE, "it does not settle: %s", streams.values());
            step++;
            for (SimulatedCamera camera : cameras) {
                SimulatedCamera.Call live = liveCall(camera.stream());
                if (camera.hasPending() && live == null) {
                    camera.connects();
                } else if (camera.hasPending() && live != camera.call()) {
                    live.camera().stepsAside();
                }
                camera.publishesWhatItOwes();
            }
            workers.forEach(SimulatedWorker::acksEverything);
            clock.advance(Math.min(Math.max(1, tick()), 1_000_000_000L));
            clockIsHeeded = true;
            tick();
            check();
        }
        everybodyLeaves();
    }

    private boolean isSettled() {
        return cameras.stream().noneMatch(SimulatedCamera::hasPending)
                && streams.values().stream().allMatch(StreamModel::isSettled);
    }

    private void everybodyLeaves() {
        step++;
        for (SimulatedCamera camera : cameras) {
            camera.finishes();
            require(camera.call() == null, "camera of %s has not ended", camera.stream());
        }
        for (SimulatedWorker worker : workers) {
            worker.leaves();
        }
        check();
        for (StreamModel stream : streams.values()) {
            require(stream.consumers() == 0, "consumers on %s", stream.name);
            long backlog = broker.stream(stream.name).backlogFrames();
            require(backlog == 0, "backlog of %d on %s", backlog, stream.name);
        }
    }

    // ---- what holds between two steps

    private void check() {
        readBack.run();
        bookkeeper.check();
        require(LostFailures.taken() == null, "a failure was swallowed: %s", LostFailures.last());
        long kept = 0;
        for (StreamModel stream : streams.values()) {
            stream.check(broker.ledger(stream.name));
            kept += stream.keptBytes();
        }
        require(memory.keptBytes() == kept, "memory keeps %d, expected %d", memory.keptBytes(), kept);
        for (SimulatedCamera camera : cameras) {
            if (camera.call() != null) {
                camera.call().check();
            }
        }
        int framesKept = 0;
        long bytesKept = 0;
        for (SimulatedWorker worker : workers) {
            if (worker.call() != null) {
                worker.call().check();
                worker.call().checkGaps();
                framesKept += worker.call().framesKept();
                bytesKept += worker.call().bytesKept();
            }
        }
        checkRoomKept(framesKept, bytesKept);
        for (StreamModel stream : streams.values()) {
            if (!store.stream(stream.name).isCold()) {
                stream.groups.values().forEach(group -> group.checkNobodyIsIdleForNothing(clockIsHeeded));
            }
        }
    }

    /** Whoever has left meanwhile keeps no room any more. */
    private void checkRoomKept(int frames, long bytes) {
        int attempts = 0;
        long attemptBytes = 0;
        for (StreamModel stream : streams.values()) {
            for (GroupModel group : stream.groups.values()) {
                attempts += group.attemptsOnTheirWay;
                attemptBytes += group.bytesOnTheirWay;
            }
        }
        require(
                frames <= attempts && bytes <= attemptBytes,
                "room for %d frames, %d bytes is kept; %d attempts, %d bytes are on their way",
                frames,
                bytes,
                attempts,
                attemptBytes);
    }

    // ---- what the actors ask

    /** Whether so much time has yet to pass since then, or the broker was not called when it had. */
    boolean mayWait(long sinceNanos, long nanos) {
        return !clockIsHeeded || now() - sinceNanos < nanos;
    }

    long now() {
        return clock.nanos();
    }

    Broker broker() {
        return broker;
    }

    StoreBookkeeper bookkeeper() {
        return bookkeeper;
    }

    Coverage coverage() {
        return coverage;
    }

    Fault fault() {
        return fault;
    }

    long graceNanos() {
        return graceMillis * 1_000_000;
    }

    boolean memoryIsShort() {
        return memoryIsShort;
    }

    /** Whether the broker has memory for another message on a stream. */
    boolean hasMemoryFor(StreamModel stream) {
        return memory.admits(stream.keptBytes(), broker.streamCount());
    }

    boolean storeAnswersAtOnce() {
        return storeAnswersAtOnce;
    }

    long newOrigin() {
        return ++origins;
    }

    /** On how many streams a group has a frame that is due and is to go alone. */
    long suspectsDue(String group) {
        return streams.values().stream()
                .map(each -> each.groups.get(group))
                .filter(each -> each != null && each.hasSuspectDue())
                .count();
    }

    StreamModel stream(String name) {
        return streams.get(name);
    }

    StreamModel streamOrNew(String name) {
        return streams.computeIfAbsent(name, absent -> new StreamModel(absent, defaults, this));
    }

    SimulatedCamera.Call liveCall(String stream) {
        return cameras.stream()
                .map(SimulatedCamera::call)
                .filter(call -> call != null && call.camera().stream().equals(stream))
                .findFirst()
                .orElse(null);
    }

    GroupSettings settingsOf(String group) {
        return groupSettings.getOrDefault(group, GroupSettings.DEFAULT);
    }

    StartPosition startPosition() {
        return switch (random.nextInt(4)) {
            case 0 -> new StartPosition.New();
            case 1 -> new StartPosition.Id(new FrameId(1, random.nextInt(50)));
            default -> new StartPosition.Earliest();
        };
    }

    void note(String format, Object... args) {
        String note = step + ": " + String.format(format, args);
        digest = digest * 31 + note.hashCode();
        notes.add(note);
        if (notes.size() > NOTES) {
            notes.poll();
        }
    }

    void require(boolean holds, String format, Object... args) {
        if (!holds) {
            throw new AssertionError(String.format(format, args));
        }
    }
}
