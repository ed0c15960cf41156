package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One stream: the publisher that feeds it, the frames it keeps, the groups that take them. Every public step is a turn
 * under the stream's lock.
 *
 * <p>A frame goes through in one turn where the store answers at once: taken, appended, stored, acknowledged, handed to
 * the groups. Where the store answers later, the second half is a turn of its own.
 */
final class FrameStream implements StreamStore.Listener {
    private static final int MOST_GROUPS = 256;
    private static final long LOOK_AGAIN_NANOS = 20_000_000L;
    /** An idle stream looks now and then whether memory has become short, and gives up its history then. */
    private static final long MOST_SLEEP_NANOS = 10_000_000_000L;

    private final String name;
    private final Broker broker;
    private final BrokerClock clock;
    private final StreamStore store;
    private final long createdMicros;

    private final Turn turn = new Turn();
    private final StreamLedger ledger = new StreamLedger();
    private final Backlog backlog;
    private final Intake intake;
    private final Map<String, Group> groups = new TreeMap<>();
    private long storedThrough;
    private boolean lettingGo;
    private boolean deleted;
    /** When {@link #tick} has something to do; read without the lock. */
    private volatile long wakeNanos;

    FrameStream(String name, StreamSettings settings, Broker broker) {
        this.name = name;
        this.broker = broker;
        this.clock = broker.clock();
        this.createdMicros = clock.wallMicros();
        this.wakeNanos = clock.nanos();
        this.store = broker.store().open(name, this);
        this.storedThrough = store.lastOrdinal();
        this.backlog = new Backlog(broker, settings, storedThrough + 1);
        this.intake = new Intake(this, backlog, ledger);
    }

    String name() {
        return name;
    }

    StreamStore store() {
        return store;
    }

    Turn turn() {
        return turn;
    }

    BrokerClock clock() {
        return clock;
    }

    long storedThrough() {
        return storedThrough;
    }

    /** One broker, one ownership: it grows with the stores that survive a broker. */
    long generation() {
        return 1;
    }

    // ---- the publisher

    Publisher open(String publisherId, long epoch, PublisherPort port) {
        return turn.call(() -> {
            checkThere();
            boolean numbersItself = !publisherId.isEmpty();
            PublisherKey key = numbersItself ? new PublisherKey(publisherId, epoch) : broker.anonymousPublisher();
            return intake.open(key, numbersItself, port);
        });
    }

    boolean publish(Publisher from, List<FrameContent> contents) {
        turn.begin();
        try {
            if (!intake.isLive(from)) {
                return false;
            }
            List<Frame> frames = intake.take(contents);
            if (!frames.isEmpty()) {
                store.append(frames);
            }
            return hasRoomOrParks();
        } finally {
            turn.end();
        }
    }

    void report(Publisher from, long reportId, List<Publisher.Lost> lost) {
        turn.run(() -> {
            if (intake.isLive(from) && intake.report(reportId, lost)) {
                groups.values().forEach(group -> group.tellReported(lost));
            }
        });
    }

    void finish(Publisher from) {
        turn.run(() -> {
            if (intake.isLive(from)) {
                intake.finish();
            }
        });
    }

    void leave(Publisher from) {
        turn.run(() -> {
            if (intake.isLive(from)) {
                intake.forget();
            }
        });
    }

    /** Whether the publisher may send another message; if not, it is parked until it may. */
    boolean hasRoomOrParks() {
        if (fullBecause() == null) {
            return true;
        }
        wakeAfter(intake.park());
        return false;
    }

    /** What a publisher waits for that was told to wait and has room again. */
    private String easing() {
        return intake.waitTold() ? "an eighth of the backlog limit to be free" : "";
    }

    private String fullBecause() {
        Group slowest = slowestProtected();
        boolean unsettled = slowest != null && slowest.low() <= storedThrough;
        return backlog.fullBecause(low(slowest), unsettled ? "group " + slowest.name() : "the store");
    }

    /** Oldest frame that a protected group has yet to settle, or the store to confirm. */
    private long low(Group slowest) {
        return slowest == null ? storedThrough + 1 : Math.min(slowest.low(), storedThrough + 1);
    }

    private Group slowestProtected() {
        Group slowest = null;
        for (Group group : groups.values()) {
            if (group.durable() && (slowest == null || group.low() < slowest.low())) {
                slowest = group;
            }
        }
        return slowest;
    }

    // ---- the store's answers

    @Override
    public void stored(long throughOrdinal) {
        turn.begin();
        try {
            storedThrough = throughOrdinal;
            intake.stored(throughOrdinal);
            for (Group group : groups.values()) {
                group.dispatch();
            }
            trim();
        } finally {
            turn.end();
        }
    }

    @Override
    public void settled(String group, long throughSettlement) {
        turn.begin();
        try {
            Group settled = groups.get(group);
            if (settled != null) {
                settled.settled(throughSettlement);
                trim();
            }
        } finally {
            turn.end();
        }
    }

    @Override
    public void readable() {
        turn.begin();
        try {
            for (Group group : groups.values()) {
                group.dispatch();
            }
        } finally {
            turn.end();
        }
    }

    /** Lets go what is settled and beyond retention, then lets the publisher go on if that made room. */
    private void trim() {
        letGo(backlog.trimThrough(low(slowestProtected()), storedThrough));
        resumeIfRoom();
    }

    private void resumeIfRoom() {
        if (intake.parked()
                && fullBecause() == null
                && (!intake.waitTold() || backlog.hasEased(low(slowestProtected())))) {
            intake.resume();
        }
    }

    private void letGo(long through) {
        if (through < backlog.first() || lettingGo) {
            return;
        }
        // A store that confirms the skips at once gets back here by way of settled: those frames are being let go.
        lettingGo = true;
        for (Group group : groups.values()) {
            if (!group.durable()) {
                group.passOver(through);
            }
        }
        lettingGo = false;
        store.trim(through);
        backlog.dropThrough(through);
    }

    // ---- groups and consumers

    Member join(Consumer consumer) {
        return turn.call(() -> {
            checkThere();
            Consumer.Options options = consumer.options();
            Group group = groups.get(consumer.group());
            if (group == null) {
                group = createGroup(consumer);
            } else if (options.settings() != null && !options.settings().equals(group.settings())) {
                throw new BrokerException(
                        BrokerException.Kind.FAILED_PRECONDITION,
                        "GROUP_SETTINGS_DIFFER",
                        "group " + group.name() + " on stream " + name + " has " + group.settings()
                                + ", the call asks for " + options.settings()
                                + "; ask for the same or for none, or take another group");
            }
            Member member = group.join(consumer);
            intake.tellDemand();
            return member;
        });
    }

    private Group createGroup(Consumer consumer) {
        if (groups.size() >= MOST_GROUPS) {
            throw new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "TOO_MANY_GROUPS",
                    "stream " + name + " has " + groups.size() + " groups, the most it may have; delete one");
        }
        Consumer.Options options = consumer.options();
        GroupSettings wanted = options.settings() == null ? GroupSettings.DEFAULT : options.settings();
        long base = options.start().baseIn(store);
        store.createGroup(consumer.group(), base);
        Group group = new Group(consumer.group(), wanted, consumer.durable(), base, this);
        groups.put(group.name(), group);
        return group;
    }

    void leave(Member member, boolean graceful) {
        turn.run(() -> {
            Group group = member.group();
            if (graceful || !group.durable()) {
                group.release(member);
            } else {
                group.lost(member, broker.settings().resumeGraceMillis() * 1_000_000);
            }
            if (!group.durable() && group.deserted() && groups.remove(group.name(), group)) {
                store.deleteGroup(group.name());
                trim();
            }
            intake.tellDemand();
            wakeAfter(0);
        });
    }

    void settle(Member member, Token token, int count, Verdict verdict) {
        turn.begin();
        try {
            if (isHere(member.group())) {
                member.group().settle(member, token, count, verdict);
                wakeAfter(0);
            }
        } finally {
            turn.end();
        }
    }

    void extend(Member member, Token token, int count) {
        turn.run(() -> {
            if (isHere(member.group())) {
                member.group().extend(member, token, count);
            }
        });
    }

    /** A group goes with its stream, or with its only call, which may still have something to say. */
    private boolean isHere(Group group) {
        return groups.get(group.name()) == group;
    }

    /** A member can take frames again: its window, its transport or its pause has changed. */
    void dispatch(Member member) {
        turn.begin();
        try {
            member.group().dispatch();
        } finally {
            turn.end();
        }
    }

    void checkFinished(Consumer consumer) {
        turn.run(() -> {
            consumer.checkFinished(turn);
        });
    }

    // ---- time

    void wakeAfter(long nanos) {
        long at = clock.nanos() + nanos;
        if (at - wakeNanos < 0) {
            wakeNanos = at;
        }
    }

    /** Does what is due. Returns nanoseconds until it wants to be called again; events may bring that forward. */
    long tick() {
        long now = clock.nanos();
        if (wakeNanos - now > 0 && !broker.memory().isShort()) {
            return wakeNanos - now;
        }
        turn.begin();
        try {
            wakeNanos = now + MOST_SLEEP_NANOS;
            long wait = MOST_SLEEP_NANOS;
            for (Group group : groups.values()) {
                wait = Math.min(wait, group.tick(now));
            }
            if (backlog.settings().retentionMillis() > 0) {
                wait = Math.min(wait, dropAged());
            }
            trim();
            if (intake.parked()) {
                // Room may come from other streams, which do not call here.
                wait = Math.min(wait, LOOK_AGAIN_NANOS);
                intake.tellWait(now, fullBecause());
            }
            wakeAfter(wait);
            return Math.max(0, wakeNanos - now);
        } finally {
            turn.end();
        }
    }

    private long dropAged() {
        long retentionMillis = backlog.settings().retentionMillis();
        long limitMicros = clock.wallMicros() - retentionMillis * 1_000;
        long end = Math.min(low(slowestProtected()), storedThrough);
        long through = backlog.first() - 1;
        while (through + 1 < end) {
            List<Frame> frame = store.read(through + 1, through + 1, 1, Long.MAX_VALUE);
            if (frame.isEmpty() || frame.get(0).receivedMicros() > limitMicros) {
                break;
            }
            through++;
        }
        letGo(through);
        return Math.max(LOOK_AGAIN_NANOS, retentionMillis * 1_000_000 / 10);
    }

    // ---- looking and administration

    int groupCount() {
        return groups.size();
    }

    int consumers() {
        int consumers = 0;
        for (Group group : groups.values()) {
            consumers += group.consumers();
        }
        return consumers;
    }

    StreamState state() {
        return turn.call(() -> {
            long low = low(slowestProtected());
            return new StreamState(
                    name,
                    backlog.settings(),
                    createdMicros,
                    generation(),
                    backlog.first(),
                    storedThrough,
                    backlog.bytesFrom(backlog.first()),
                    backlog.next() - low,
                    backlog.bytesFrom(low),
                    intake.publisherId(),
                    intake.parked() ? Objects.requireNonNullElse(fullBecause(), easing()) : "",
                    groups.size(),
                    consumers());
        });
    }

    Ledger ledger() {
        return turn.call(() -> {
            long appending = backlog.next() - 1 - storedThrough;
            List<Ledger.OfGroup> ofGroups = new ArrayList<>();
            for (Group group : groups.values()) {
                GroupRecord record = store.group(group.name());
                ofGroups.add(new Ledger.OfGroup(
                        group.name(),
                        record.base(),
                        store.lastOrdinal() - record.base(),
                        store.count(record.cursor() + 1, store.lastOrdinal()),
                        record.pending(),
                        record.acked(),
                        record.deadLettered(),
                        record.skipped()));
            }
            return new Ledger(ledger.view(name, store.lastOrdinal(), appending), List.copyOf(ofGroups));
        });
    }

    /** How far the group of a member is behind. */
    ConsumerLag lag(Member member) {
        return turn.call(() -> {
            return isHere(member.group()) ? lag(member.group()) : new ConsumerLag(name, 0, 0, 0);
        });
    }

    private ConsumerLag lag(Group group) {
        GroupRecord record = store.group(group.name());
        long waiting = store.count(record.cursor() + 1, store.lastOrdinal());
        long low = group.low();
        List<Frame> oldest = low > storedThrough ? List.of() : store.read(low, low, 1, Long.MAX_VALUE);
        long ageMicros =
                oldest.isEmpty() ? 0 : clock.wallMicros() - oldest.get(0).receivedMicros();
        return new ConsumerLag(name, waiting, record.pending(), Math.max(0, ageMicros));
    }

    /** All groups, by name. */
    List<GroupState> groups() {
        return turn.call(() -> groups.values().stream()
                .map(group -> new GroupState(group.name(), group.settings(), lag(group), group.consumers()))
                .toList());
    }

    Optional<Frame> latest() {
        return turn.call(() -> {
            return store.read(storedThrough, storedThrough, 1, Long.MAX_VALUE).stream()
                    .findFirst();
        });
    }

    void update(StreamSettings changed) {
        turn.run(() -> {
            checkThere();
            backlog.settings(changed);
            trim();
            wakeAfter(0);
        });
    }

    /** Skips all that is waiting in every group and lets go what can be. Returns how many frames went. */
    long purge() {
        return turn.call(() -> {
            checkThere();
            long before = backlog.first();
            for (Group group : groups.values()) {
                group.skipWaiting(storedThrough, "PURGED");
            }
            long edge = storedThrough + 1;
            for (Group group : groups.values()) {
                edge = Math.min(edge, group.low());
            }
            letGo(edge - 1);
            resumeIfRoom();
            return backlog.first() - before;
        });
    }

    /** Ends the stream and everybody on it. Returns how many frames went. */
    long delete(boolean force) {
        return turn.call(() -> {
            checkThere();
            Group slowest = slowestProtected();
            boolean unsettled = slowest != null && slowest.low() <= storedThrough;
            if (!force && (intake.hasPublisher() || consumers() > 0 || unsettled)) {
                throw new BrokerException(
                        BrokerException.Kind.FAILED_PRECONDITION,
                        "STREAM_IN_USE",
                        "stream " + name + " has "
                                + (intake.hasPublisher() ? "publisher " + intake.publisherId() : "no publisher")
                                + ", "
                                + consumers() + " consumers and "
                                + (unsettled ? "unsettled frames" : "nothing unsettled")
                                + "; end them first, or delete with force");
            }
            deleted = true;
            BrokerException why = new BrokerException(
                    BrokerException.Kind.NOT_FOUND, "STREAM_DELETED", "stream " + name + " has been deleted");
            intake.end(why);
            groups.values().forEach(group -> group.end(why));
            groups.clear();
            long frames = backlog.next() - backlog.first();
            backlog.dropThrough(backlog.next() - 1);
            return frames;
        });
    }

    private void checkThere() {
        if (deleted) {
            throw Broker.streamNotFound(name);
        }
    }
}
