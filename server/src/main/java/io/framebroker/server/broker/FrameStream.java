package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameTraces.End;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream: the publisher that feeds it, the frames it keeps, the groups that take them. Every public step is a turn
 * under the stream's lock.
 *
 * <p>A frame goes through in one turn where the store answers at once: taken, appended, stored, acknowledged, handed to
 * the groups. Where the store answers later, the second half is a turn of its own.
 */
final class FrameStream implements StreamStore.Listener {
    private static final Logger log = LoggerFactory.getLogger(FrameStream.class);
    private static final int MOST_GROUPS = 256;
    /** Why a call ends, or goes on without the stream. */
    static final String DELETED = "STREAM_DELETED";

    private static final long LOOK_AGAIN_NANOS = 20_000_000L;
    private static final long LOOK_FOR_TROUBLE_NANOS = 100_000_000L;
    /** An idle stream looks now and then whether memory has become short, and gives up its history then. */
    private static final long MOST_SLEEP_NANOS = 10_000_000_000L;

    private final String name;
    private final Broker broker;
    private final BrokerClock clock;
    private final StreamStore store;
    private final long createdMicros;

    private final Turn turn = new Turn();
    private final StreamLedger ledger;
    private final Diary diary;
    private final StreamTraces traces;
    private final Backlog backlog;
    private final Intake intake;
    private final Map<String, Group> groups = new TreeMap<>();
    private final Durations appends = new Durations();
    private final GroupAdministration administration;
    private final Explanations explanations;
    /** Generation and newest frame as the stream was opened. */
    private final long openedGeneration;

    private final long openedThrough;
    private long storedThrough;
    private long notesAsked;
    private long notedThrough;
    private boolean lettingGo;
    private long purgeThrough;
    /** Deliveries of frames that were in memory. */
    private long fromMemory;
    /** The others. */
    private long fromStore;
    /** Who wants the stream deleted; null while nobody does. */
    private Deletion deletion;
    /** Why nobody can use the stream any more; null while it can be used. Read without the lock. */
    private volatile BrokerException over;
    /** When {@link #tick} has something to do; read without the lock. */
    private volatile long wakeNanos;

    /** @param defaults settings, where the store has none */
    FrameStream(String name, StreamStore store, StreamRecord record, StreamSettings defaults, Broker broker) {
        this.name = name;
        this.broker = broker;
        this.clock = broker.clock();
        this.wakeNanos = clock.nanos();
        this.store = store;
        this.storedThrough = store.lastOrdinal();
        this.openedGeneration = store.generation();
        this.openedThrough = storedThrough;
        StreamNote.Description known = record.description();
        this.createdMicros = known == null ? clock.wallMicros() : known.createdMicros();
        this.ledger = new StreamLedger(storedThrough, missing(), record.counts());
        this.diary = new Diary(store, clock);
        this.backlog = new Backlog(broker, known == null ? defaults : known.settings(), store.firstOrdinal());
        this.traces = new StreamTraces(name, broker.traces(), store, backlog, diary, clock);
        this.intake = new Intake(this, backlog, ledger, record.publishers());
        this.administration = new GroupAdministration(this, broker, groups);
        this.explanations = new Explanations(this, groups, broker.waits());
        turn.run(() -> {
            store.listen(this);
            for (long ordinal = store.firstOrdinal(); ordinal <= storedThrough; ordinal++) {
                backlog.add(store.bytes(ordinal));
            }
            backlog.cooled(store.cool(0));
            for (StreamRecord.OfGroup group : record.groups()) {
                groups.put(group.name(), new Group(group, store.group(group.name()), this));
            }
            administration.recovered(record.paused());
            backlog.goesOnWith(low());
            // Only now: a store that confirms at once looks for the group here.
            groups.values().forEach(Group::skipLost);
            if (known == null) {
                note(describe());
            }
            long lost = broker.takeDegradeLost(name, record.publishers());
            if (lost > 0) {
                ledger.lost(DegradeLoss.REASON, lost);
                traces.lost(End.LOST, DegradeLoss.REASON, lost);
            }
            traces.lost(End.LOST, Group.STORE_LOST, storeLost(counts()) - storeLost(record.counts()));
            // What has been named now is not to be named again.
            if (!counts().dropped().equals(record.counts().dropped())) {
                note(StreamNote.of(null, counts()));
            }
            coolIfShort();
            if (over != null) {
                // Lost while it was opened: what came behind that is of no use either.
                endAll(over);
            }
        });
    }

    /** Whether nobody can use the stream any more. Any thread. */
    boolean isOver() {
        return over != null;
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

    Diary diary() {
        return diary;
    }

    StreamTraces traces() {
        return traces;
    }

    BrokerClock clock() {
        return clock;
    }

    long resumeGraceNanos() {
        return broker.settings().resumeGraceMillis() * 1_000_000;
    }

    long groupTtlMillis() {
        return broker.settings().groupTtlMillis();
    }

    long letterRetryMillis() {
        return broker.settings().letterRetryMillis();
    }

    /** Whether this broker is about to give its streams up. */
    boolean isLeaving() {
        return broker.isLeaving();
    }

    /** There is another dead letter, which may have to be tried again by itself. */
    void wakeForLetter() {
        if (letterRetryMillis() > 0) {
            wakeAfter(letterRetryMillis() * 1_000_000);
        }
    }

    long storedThrough() {
        return storedThrough;
    }

    /** Ordinal of the newest frame that has come in, stored or on its way. */
    long lastTaken() {
        return backlog.next() - 1;
    }

    long generation() {
        return store.generation();
    }

    /** As {@link StreamStore#read}, and frames that are on their way to the store as well. */
    List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        if (from > through) {
            return List.of();
        }
        return from <= storedThrough
                ? store.read(from, Math.min(through, storedThrough), maxFrames, maxBytes)
                : intake.onTheirWay(from, through, maxFrames, maxBytes);
    }

    /** Whether a delivery was of a frame that never was stored, whose ordinal is another's: by who had the stream before. */
    boolean isOfBefore(long generation, long ordinal) {
        return generation < openedGeneration && ordinal > openedThrough;
    }

    /** Whether a frame that has come in is in the store, or on its way there. */
    boolean isThere(long ordinal) {
        return ordinal > storedThrough || store.receivedMicros(ordinal) != 0;
    }

    /** Frames that are not trimmed and that the store does not have any more. */
    private long missing() {
        long first = store.firstOrdinal();
        return Math.max(0, storedThrough - first + 1) - store.count(first, storedThrough);
    }

    /** What the store has lost is lost by name as soon as anybody knows. */
    private void nameMissing() {
        long known = ledger.lostKept();
        if (over == null && ledger.foundMissing(missing())) {
            traces.lost(End.LOST, Group.STORE_LOST, ledger.lostKept() - known);
            log.error("stream {}: the store has lost frames that it had stored; see its ledger, STORE_LOST", name);
            note(StreamNote.of(null, counts()));
        }
    }

    /** What the ledger has counted until now, to be kept. */
    StreamNote.Counts counts() {
        return ledger.counts(storedThrough, backlog.next() - 1 - storedThrough);
    }

    private static long storeLost(StreamNote.Counts counts) {
        return counts.dropped().getOrDefault(Group.STORE_LOST, 0L);
    }

    private StreamNote describe() {
        return StreamNote.of(new StreamNote.Description(backlog.settings(), createdMicros));
    }

    /** Has the store keep a fact. Returns its number, which {@link #notedThrough} reaches once it is durable. */
    long note(StreamNote note) {
        notesAsked++;
        store.note(note);
        return notesAsked;
    }

    long notesAsked() {
        return notesAsked;
    }

    long notedThrough() {
        return notedThrough;
    }

    // ---- the publisher

    Publisher open(String publisherId, long epoch, boolean takesMemory, PublisherPort port) {
        return turn.call(() -> {
            checkThere();
            boolean numbersItself = !publisherId.isEmpty();
            PublisherKey key = numbersItself ? new PublisherKey(publisherId, epoch) : broker.anonymousPublisher();
            return intake.open(key, numbersItself, takesMemory, port);
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
                diary.received(frames);
                traces.received(frames);
                store.append(frames);
                giveEarly();
                keepIfAway();
            }
            intake.noteRefused();
            return hasRoomOrParks();
        } finally {
            turn.end();
        }
    }

    /** Frames that are on their way to the store are for those who do not wait for it. */
    private void giveEarly() {
        if (storedThrough < lastTaken()) {
            for (Group group : groups.values()) {
                if (group.takesEarly()) {
                    group.dispatch();
                }
            }
        }
    }

    /** While the store is away, memory has to do for publishers who take that. */
    private void keepIfAway() {
        if (intake.mayKeep()) {
            if (store.trouble() != null) {
                intake.kept();
            }
            // The store may find out later that it is away, and nobody is told.
            wakeAfter(LOOK_FOR_TROUBLE_NANOS);
        }
    }

    void report(Publisher from, long reportId, List<Publisher.Lost> lost) {
        turn.run(() -> {
            if (intake.isLive(from) && intake.report(reportId, lost)) {
                lost.forEach(each -> traces.lost(End.REPORTED, each.reason(), each.count()));
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
        Group slowest = slowestProtected();
        if (hasRoom(slowest)) {
            return true;
        }
        wakeAfter(intake.park(waitReason(slowest)));
        return false;
    }

    private WaitReason waitReason(Group slowest) {
        if (!backlog.isAtLimit(low(slowest))) {
            return WaitReason.MEMORY;
        }
        return isUnsettled(slowest) && store.trouble() == null ? WaitReason.GROUP : WaitReason.STORE;
    }

    private boolean hasRoom(Group slowest) {
        adapt(slowest);
        return backlog.settings().overflow().dropsArriving() || fullBecause(slowest) == null;
    }

    private void adapt(Group slowest) {
        long takenThrough = slowest == null ? storedThrough : slowest.takenThrough();
        // Under the other policies fresh frames matter more than those that nobody was there for.
        boolean waits = backlog.settings().overflow() == OverflowPolicy.BLOCK;
        if (backlog.adapt(low(slowest), takenThrough, waits && slowest != null && slowest.unattended())) {
            wakeAfter(AdaptiveLimit.CALM_NANOS);
        }
    }

    /** What a publisher waits for that was told to wait and has room again. */
    private String easing() {
        return intake.waitTold() ? "an eighth of the backlog limit to be free" : "";
    }

    /** Whether a group has yet to settle what is stored; otherwise it is the store that the stream waits for. */
    private boolean isUnsettled(Group slowest) {
        return slowest != null && slowest.low() <= storedThrough;
    }

    private String fullBecause() {
        return fullBecause(slowestProtected());
    }

    private String fullBecause(Group slowest) {
        if (backlog.hasRoom(low(slowest))) {
            return null;
        }
        String holder = isUnsettled(slowest) ? "group " + slowest.name() : "the store";
        String trouble = store.trouble();
        return backlog.fullBecause(low(slowest), trouble == null ? holder : "the store (" + trouble + ")");
    }

    /** Oldest frame that a protected group has yet to settle, or the store to confirm. */
    long low() {
        return low(slowestProtected());
    }

    private long low(Group slowest) {
        return slowest == null ? storedThrough + 1 : Math.min(slowest.low(), storedThrough + 1);
    }

    private Group slowestProtected() {
        Group slowest = null;
        for (Group group : groups.values()) {
            if (group.protects() && (slowest == null || group.low() < slowest.low())) {
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
            diary.stored(storedThrough + 1, throughOrdinal);
            traces.stored(throughOrdinal);
            countAppend();
            storedThrough = throughOrdinal;
            intake.stored(throughOrdinal);
            for (Group group : groups.values()) {
                group.stored(throughOrdinal);
                group.dispatch();
            }
            trim();
        } finally {
            turn.end();
        }
    }

    private void countAppend() {
        long receivedMicros = store.receivedMicros(storedThrough + 1);
        if (receivedMicros != 0) {
            appends.add(clock.wallMicros() - receivedMicros);
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
    public void attempted(String group, long throughAttempt) {
        turn.begin();
        try {
            Group attempted = groups.get(group);
            if (attempted != null) {
                attempted.attempted(throughAttempt);
            }
        } finally {
            turn.end();
        }
    }

    @Override
    public void noted(long throughNote) {
        turn.begin();
        try {
            notedThrough = throughNote;
            intake.noted(throughNote);
            administration.noted(throughNote);
        } finally {
            turn.end();
        }
    }

    @Override
    public void lost(BrokerException why) {
        turn.run(() -> {
            DegradeLoss loss = over == null ? intake.keptOnly() : null;
            if (loss != null) {
                log.error(
                        "stream {}: {} were acknowledged from memory and not stored when the stream was lost ({})",
                        name,
                        loss,
                        why.getMessage());
                broker.degradeLost(name, loss);
            }
            endAll(why);
            if (deletion != null) {
                deletion.failed(why);
                turn.touch(deletion);
            }
        });
        broker.forget(this);
    }

    /** Nothing more is stored of this stream here. */
    void stopped() {
        if (turn.call(intake::keptOnly) != null) {
            lost(new BrokerException(
                    BrokerException.Kind.UNAVAILABLE,
                    "BROKER_STOPPED",
                    "the broker of stream " + name + " has stopped; open again"));
        }
    }

    @Override
    public void readable() {
        turn.begin();
        try {
            nameMissing();
            explanations.readable();
            for (Group group : groups.values()) {
                group.dispatch();
            }
        } finally {
            turn.end();
        }
    }

    /** Lets go what is settled and beyond retention, then lets the publisher go on if that made room. */
    private void trim() {
        coolIfShort();
        dropOldest();
        letGo(backlog.trimThrough(low(), storedThrough));
        letGoPurged();
        resumeIfRoom();
    }

    /** Has frames leave memory where it is short and the store can read them back. */
    private void coolIfShort() {
        if (broker.memory().isShort()) {
            long through = backlog.coolThrough(storedThrough);
            if (through >= backlog.firstInMemory()) {
                backlog.cooled(store.cool(through));
            }
        }
    }

    /** Under DROP_OLDEST, makes room for what came. */
    private void dropOldest() {
        if (backlog.dropsOldest()) {
            // First: room that can be had is better than frames let go.
            adapt(slowestProtected());
            for (Group group : groups.values()) {
                group.skipOverflow(backlog);
            }
        }
    }

    private void resumeIfRoom() {
        if (intake.parked() && hasRoomAgain()) {
            intake.resume();
        }
    }

    private boolean hasRoomAgain() {
        return hasRoom(slowestProtected())
                && (!intake.waitTold() || backlog.settings().overflow().dropsArriving() || backlog.hasEased(low()));
    }

    private void letGo(long asked) {
        long wanted = asked;
        for (Group group : groups.values()) {
            wanted = Math.min(wanted, group.askedThrough());
        }
        if (wanted < backlog.first() || lettingGo) {
            return;
        }
        long through = wanted;
        // A store that confirms the skips at once gets back here by way of settled: those frames are being let go.
        lettingGo = true;
        for (Group group : groups.values()) {
            if (!group.protects()) {
                group.passOver(wanted);
                // What a durable group has not settled for good may be asked for after a crash: those frames follow.
                through = group.durable() ? Math.min(through, group.low() - 1) : through;
            }
        }
        lettingGo = false;
        if (through < backlog.first()) {
            return;
        }
        long lost = ledger.lostKept() > 0 ? missing() : 0;
        store.trim(through);
        diary.gone(through);
        backlog.dropThrough(through);
        if (lost > 0) {
            ledger.trimmedLost(lost - missing());
            note(StreamNote.of(null, counts()));
        }
    }

    // ---- groups and consumers

    Member join(Consumer consumer) {
        return turn.call(() -> {
            checkThere();
            Consumer.Options options = consumer.options();
            Group group = groups.get(consumer.group());
            if (group == null) {
                group = createGroup(consumer);
            } else if (!options.settings().over(group.settings()).equals(group.settings())) {
                throw new BrokerException(
                        BrokerException.Kind.FAILED_PRECONDITION,
                        "GROUP_SETTINGS_DIFFER",
                        "group " + group.name() + " on stream " + name + " has " + group.settings()
                                + ", the call asks for " + options.settings().over(group.settings())
                                + "; ask for the same or for none, or take another group");
            }
            Member member = group.join(consumer);
            intake.tellDemand();
            return member;
        });
    }

    /**
     * Seats a consumer that takes this stream by a glob, unless it has it. With one that is open already, a refusal leaves
     * the stream out.
     */
    void seat(Consumer consumer, boolean isOpen) {
        turn.run(() -> {
            if (over != null || consumer.has(name)) {
                return;
            }
            if (consumer.isFull()) {
                leaveOut(
                        consumer,
                        "the call has " + consumer.seats() + " streams of this broker, the most it may have; take the"
                                + " others in a second call");
                return;
            }
            boolean wasLeftOut = consumer.leftOut().contains(name);
            Member member;
            try {
                member = join(consumer);
            } catch (BrokerException e) {
                if (!isOpen) {
                    throw e;
                }
                leaveOut(consumer, e.getMessage());
                return;
            }
            if (!consumer.seat(member)) {
                leave(member, true);
                return;
            }
            if (wasLeftOut) {
                consumer.leftOutNoMore(name, turn);
            }
            if (isOpen) {
                log.info("stream {} comes to consumer {}", name, consumer);
                consumer.port().added(name);
                turn.touch(consumer.port());
                turn.touch(consumer.roomCameBack());
            }
        });
    }

    private void leaveOut(Consumer consumer, String why) {
        if (consumer.leaveOut(name, why, turn)) {
            log.warn("stream {} matches and is left out of consumer {}: {}", name, consumer, why);
        }
    }

    private Group createGroup(Consumer consumer) {
        administration.checkMayBeMade(consumer.group());
        if (groups.size() >= MOST_GROUPS) {
            throw new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "TOO_MANY_GROUPS",
                    "stream " + name + " has " + groups.size() + " groups, the most it may have; delete one");
        }
        Consumer.Options options = consumer.options();
        boolean keepsLetters = consumer.durable() && mostDeadLetterBytes() > 0;
        GroupSettings wanted =
                options.settings().over(keepsLetters ? GroupSettings.WITH_DEAD_LETTERS : GroupSettings.DEFAULT);
        if (wanted.maxAttempts() > 0 && !keepsLetters) {
            throw noDeadLetters(consumer.durable(), "settings.max_attempts " + wanted.maxAttempts() + ": ");
        }
        StartPosition start = options.start() instanceof StartPosition.New && consumer.isOlderThan(createdMicros)
                ? new StartPosition.Earliest()
                : options.start();
        long base = start.baseIn(store);
        store.createGroup(consumer.group(), base, wanted, consumer.durable());
        Group group = new Group(consumer.group(), wanted, consumer.durable(), base, this, options.mode());
        groups.put(group.name(), group);
        return group;
    }

    long mostDeadLetterBytes() {
        return broker.store().mostDeadLetterBytes();
    }

    private BrokerException noDeadLetters(boolean durable, String what) {
        return new BrokerException(
                BrokerException.Kind.FAILED_PRECONDITION,
                "NO_DEAD_LETTERS",
                what
                        + (durable
                                ? "the " + broker.store().name() + " store does not keep dead letters yet"
                                : "a group of one call alone keeps no dead letters; take QUEUE and give the group a name")
                        + ", or do without: frames are tried again without end, and can be skipped");
    }

    void leave(Member member, boolean graceful) {
        turn.run(() -> {
            Group group = member.group();
            if (graceful || !group.durable()) {
                group.release(member);
            } else {
                group.lost(member, resumeGraceNanos());
            }
            if (!group.durable() && group.deserted() && groups.remove(group.name(), group)) {
                store.deleteGroup(group.name());
                trim();
            }
            if (!member.consumer().isReplaced()) {
                // Otherwise its next call has them look, when it is open.
                group.lookAgain();
            }
            intake.tellDemand();
            wakeAfter(0);
        });
    }

    void settle(Member member, Token token, int count, Verdict verdict) {
        turn.begin();
        try {
            if (isHere(member.group())) {
                boolean durable = member.group().durable();
                if (verdict instanceof Verdict.GiveUp && (!durable || mostDeadLetterBytes() == 0)) {
                    throw noDeadLetters(durable, "DEAD_LETTER: ");
                }
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
            intake.tellDemand();
            wait = Math.min(wait, backlog.tick(low()));
            keepIfAway();
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
        long end = Math.min(low(), storedThrough);
        long through = Math.min(end, store.firstReceivedFrom(limitMicros)) - 1;
        letGo(through);
        return Math.max(LOOK_AGAIN_NANOS, retentionMillis * 1_000_000 / 10);
    }

    /** This broker is about to give its streams up, and has no calls any more. */
    void leave() {
        turn.run(() -> {
            if (store.isOwned()) {
                groups.values().forEach(Group::leave);
            }
        });
    }

    // ---- looking and administration

    Demand demand() {
        return Demand.of(groups.values());
    }

    StreamState state() {
        return turn.call(() -> {
            long low = low();
            Demand demand = demand();
            return new StreamState(
                    name,
                    backlog.settings(),
                    backlog.maxFrames(),
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
                    demand.consumers(),
                    demand.wantedFps());
        });
    }

    StreamTimes times() {
        return turn.call(() -> {
            Map<String, DurationCounts> ages = new TreeMap<>();
            Map<String, DurationCounts> settles = new TreeMap<>();
            groups.values().stream().filter(Group::durable).forEach(group -> {
                ages.put(group.name(), group.ages().view());
                settles.put(group.name(), group.settles().view());
            });
            return new StreamTimes(appends.view(), ages, settles);
        });
    }

    StreamFlow flow() {
        return turn.call(() -> {
            Map<String, StreamFlow.OfGroup> flows = new TreeMap<>();
            groups.values().stream().filter(Group::durable).forEach(group -> flows.put(group.name(), group.flow()));
            Backpressure backpressure = intake.backpressure();
            return new StreamFlow(
                    fromMemory, fromStore, backpressure.events(), backpressure.totalNanos(clock.nanos()), flows);
        });
    }

    /** Frames of the stream go out to a consumer. */
    void handsOut(long first, long last) {
        long cold = Math.max(0, Math.min(last + 1, backlog.firstInMemory()) - first);
        fromStore += cold;
        fromMemory += last + 1 - first - cold;
    }

    Ledger ledger() {
        return turn.call(() -> {
            nameMissing();
            // The store may have frames that it is about to tell of.
            long stored = store.lastOrdinal();
            List<Ledger.OfGroup> ofGroups = new ArrayList<>();
            for (Group group : groups.values()) {
                ofGroups.add(ledger(group.name(), store.group(group.name())));
            }
            return new Ledger(ledger.view(name, stored, backlog.next() - 1 - stored), List.copyOf(ofGroups));
        });
    }

    private Ledger.OfGroup ledger(String group, GroupRecord record) {
        long last = store.lastOrdinal();
        long waiting = store.count(record.cursor() + 1, last);
        Map<String, Long> skipped = new TreeMap<>(record.skipped());
        // No more than the stream's ledger has named: anything else is missing here as well.
        long lost = Math.min(last - record.cursor() - waiting, ledger.lostKept());
        if (lost > 0) {
            skipped.merge(Group.STORE_LOST, lost, Long::sum);
        }
        return new Ledger.OfGroup(
                group,
                record.base(),
                last - record.base(),
                waiting,
                record.pending(),
                record.acked(),
                record.deadLettered(),
                Map.copyOf(skipped));
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
        long receivedMicros = low > storedThrough ? 0 : store.receivedMicros(low);
        long ageMicros = receivedMicros == 0 ? 0 : clock.wallMicros() - receivedMicros;
        return new ConsumerLag(name, waiting, record.pending(), Math.max(0, ageMicros));
    }

    /** All groups, by name. */
    List<GroupState> groups() {
        return turn.call(() -> groups.values().stream().map(this::state).toList());
    }

    GroupState state(Group group) {
        return new GroupState(group.name(), group.settings(), lag(group), group.consumers(), group.paused());
    }

    /** Does something to the groups that operators may do. */
    <T> T administer(Function<GroupAdministration, T> work) {
        return turn.call(() -> {
            checkThere();
            return work.apply(administration);
        });
    }

    /** A group protects other frames than before, or none any more; consumers have gone with that. */
    void groupsChanged() {
        trim();
        intake.tellDemand();
        wakeAfter(0);
    }

    /** Dead letters that are meant, by group, oldest first. */
    Map<String, List<DeadLetter>> deadLetters(DeadLetterFilter filter) {
        return turn.call(() -> {
            checkThere();
            Map<String, List<DeadLetter>> letters = new TreeMap<>();
            meant(filter)
                    .forEach(group ->
                            letters.put(group.name(), group.deadLetters().matching(filter)));
            return letters;
        });
    }

    private List<Group> meant(DeadLetterFilter filter) {
        if (!filter.group().isEmpty() && !groups.containsKey(filter.group())) {
            throw BrokerException.groupNotFound(name, filter.group());
        }
        return groups.values().stream()
                .filter(group -> group.durable()
                        && (filter.group().isEmpty() || filter.group().equals(group.name())))
                .toList();
    }

    void readDeadLetters(String group, List<Long> ordinals, java.util.function.Consumer<List<Frame>> answer) {
        turn.run(() -> {
            checkThere();
            if (groups.containsKey(group)) {
                store.readDeadLetters(group, ordinals, answer);
            } else {
                // Deleted since they were listed.
                answer.accept(List.of());
            }
        });
    }

    /** Removes the dead letters that are meant. */
    void purgeDeadLetters(DeadLetterFilter filter, Broker.LettersPurged answer) {
        turn.run(() -> {
            checkThere();
            LetterPurge purge =
                    new LetterPurge(turn, broker.waits(), broker.settings().openWaitMillis(), answer);
            for (Group group : meant(filter)) {
                List<DeadLetter> letters = group.deadLetters().matching(filter);
                if (!letters.isEmpty()) {
                    group.deadLetters().purge(letters, purge.waitsFor(letters.size()));
                }
            }
            purge.allAsked();
        });
    }

    /**
     * Has the oldest of the dead letters that are meant be tried again, but for those that are being tried.
     *
     * @param limit most of them
     * @return how many; they are in line now, unless they were only to be counted
     */
    long replayDeadLetters(DeadLetterFilter filter, long limit, boolean countOnly) {
        record Meant(Group group, DeadLetter letter) {}
        return turn.call(() -> {
            checkThere();
            List<Meant> oldest = meant(filter).stream()
                    .flatMap(group -> group.deadLetters().matching(filter).stream()
                            .filter(group.replays()::mayBegin)
                            .map(letter -> new Meant(group, letter)))
                    .sorted(Comparator.comparingLong((Meant each) -> each.letter.deadMicros())
                            .thenComparingLong(each -> each.letter.id().ordinal()))
                    .limit(limit)
                    .toList();
            if (!countOnly) {
                Map<Group, List<DeadLetter>> byGroup = oldest.stream()
                        .collect(Collectors.groupingBy(
                                Meant::group, Collectors.mapping(Meant::letter, Collectors.toList())));
                byGroup.forEach((group, letters) -> {
                    group.replays().begin(letters);
                    group.dispatch();
                });
            }
            return (long) oldest.size();
        });
    }

    void explain(FrameId id, Broker.Explained answer) {
        turn.run(() -> {
            checkThere();
            explanations.ask(id, answer);
        });
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
            backlog.settings(changed, low());
            note(describe());
            trim();
            wakeAfter(0);
        });
    }

    /**
     * Skips all that is waiting in every group, and lets frames go as far as nobody has them in hand; the others follow
     * when they are settled. Returns how many frames go at once.
     */
    long purge() {
        return turn.call(() -> {
            checkThere();
            long before = backlog.first();
            diary.purged(before, storedThrough);
            for (Group group : groups.values()) {
                group.skipWaiting(storedThrough, Group.PURGED);
            }
            long edge = storedThrough + 1;
            for (Group group : groups.values()) {
                edge = Math.min(edge, group.oldestOpen());
            }
            purgeThrough = storedThrough;
            trim();
            return Math.max(0, edge - before);
        });
    }

    /** Frames that were purged go as soon as the store has confirmed that every group is done with them. */
    private void letGoPurged() {
        if (purgeThrough >= backlog.first()) {
            long through = purgeThrough;
            for (Group group : groups.values()) {
                through = Math.min(through, group.low() - 1);
            }
            letGo(through);
        }
    }

    /** Ends the stream and everybody on it, and has the store delete it. */
    void delete(boolean force, Deletion asked) {
        turn.run(() -> {
            checkThere();
            boolean unsettled = isUnsettled(slowestProtected());
            int consumers = demand().consumers();
            if (!force && (intake.hasPublisher() || consumers > 0 || unsettled)) {
                throw new BrokerException(
                        BrokerException.Kind.FAILED_PRECONDITION,
                        "STREAM_IN_USE",
                        "stream " + name + " has "
                                + (intake.hasPublisher() ? "publisher " + intake.publisherId() : "no publisher")
                                + ", "
                                + consumers + " consumers and "
                                + (unsettled ? "unsettled frames" : "nothing unsettled")
                                + "; end them first, or delete with force");
            }
            asked.begins(backlog.next() - backlog.first());
            endAll(new BrokerException(
                    BrokerException.Kind.NOT_FOUND, DELETED, "stream " + name + " has been deleted"));
            over = BrokerException.streamNotFound(name);
            deletion = asked;
            store.delete(() -> turn.run(() -> {
                asked.done();
                turn.touch(asked);
            }));
            // Before it is answered, and not before the store knows: who opens it anew is to find it gone.
            broker.forget(this);
        });
    }

    /** Ends everybody on the stream; it is of no use from now on. */
    private void endAll(BrokerException why) {
        over = why;
        intake.end(why);
        groups.values().forEach(group -> group.end(why));
        groups.clear();
        administration.end(why);
        explanations.end(why);
        backlog.dropThrough(backlog.next() - 1);
    }

    private void checkThere() {
        if (over != null) {
            throw over;
        }
    }
}
