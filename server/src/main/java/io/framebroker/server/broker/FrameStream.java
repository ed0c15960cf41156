package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One stream: the publisher that feeds it, the frames it keeps, the groups that take them.
 *
 * <p>A frame goes through in one turn where the store answers at once: taken, appended, stored, acknowledged, handed to
 * the groups. Where the store answers later, the second half is a turn of its own.
 */
final class FrameStream implements StreamStore.Listener {
    /** What a frame costs beside its bytes, roughly, in bytes. */
    static final int FRAME_OVERHEAD_BYTES = 256;

    private static final int MOST_PUBLISHERS_REMEMBERED = 64;
    private static final int MOST_GROUPS = 256;
    private static final long TELL_WAIT_AFTER_NANOS = 100_000_000L;
    private static final long LOOK_AGAIN_NANOS = 20_000_000L;

    /** Frames of one message that are on their way to the store. */
    private record Appending(long lastOrdinal, long lastSequence, Publisher publisher) {}

    private final String name;
    private final Broker broker;
    private final BrokerClock clock;
    private final FrameMemory memory;
    private final StreamStore store;
    private final long createdMicros;

    private final Turn turn = new Turn();
    private final Span span;
    private final StreamLedger ledger = new StreamLedger();
    private final Map<String, Group> groups = new TreeMap<>();
    private final Map<String, PublisherState> publishers = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, PublisherState> eldest) {
            return size() > MOST_PUBLISHERS_REMEMBERED;
        }
    };
    private final ArrayDeque<Appending> appending = new ArrayDeque<>();
    private StreamSettings settings;
    private Publisher publisher;
    private boolean opening;
    private boolean finishing;
    private boolean parked;
    private long parkedSinceNanos;
    private boolean waitTold;
    private long storedThrough;
    private boolean deleted;
    /** When {@link #tick} has something to do; read without the lock. */
    private volatile long wakeNanos;

    FrameStream(String name, StreamSettings settings, Broker broker) {
        this.name = name;
        this.settings = settings;
        this.broker = broker;
        this.clock = broker.clock();
        this.memory = broker.memory();
        this.createdMicros = clock.wallMicros();
        this.wakeNanos = clock.nanos();
        this.store = broker.store().open(name, this);
        this.storedThrough = store.lastOrdinal();
        this.span = new Span(storedThrough + 1);
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
        turn.begin();
        try {
            checkThere();
            boolean numbersItself = !publisherId.isEmpty();
            PublisherKey key = numbersItself ? new PublisherKey(publisherId, epoch) : broker.anonymousPublisher();
            PublisherState state = publishers.get(key.id());
            if (publisher != null && !publisher.key().id().equals(key.id())) {
                throw new BrokerException(
                        BrokerException.Kind.ALREADY_EXISTS,
                        "STREAM_HAS_PUBLISHER",
                        "stream " + name + " is being published by " + publisher + "; " + key
                                + " has to wait until it is gone, or take another stream");
            }
            if (state != null && Long.compareUnsigned(epoch, state.key().epoch()) < 0) {
                throw fenced(key, state.key());
            }
            if (publisher != null) {
                endPublisher(publisher.key().epoch() == epoch ? replaced(key) : fenced(publisher.key(), key));
            }
            if (state == null || state.key().epoch() != epoch) {
                state = new PublisherState(key);
                if (numbersItself) {
                    publishers.put(key.id(), state);
                }
            }
            publisher = new Publisher(this, state, port, numbersItself);
            opening = true;
            openedIfQuiet();
            return publisher;
        } finally {
            turn.end();
        }
    }

    private BrokerException fenced(PublisherKey older, PublisherKey newer) {
        return new BrokerException(
                BrokerException.Kind.ABORTED,
                "PUBLISHER_FENCED",
                "publisher " + older + " of stream " + name + " has been succeeded by " + newer
                        + "; start again with a larger epoch");
    }

    private BrokerException replaced(PublisherKey key) {
        return new BrokerException(
                BrokerException.Kind.ABORTED,
                "PUBLISHER_REPLACED",
                "publisher " + key + " of stream " + name + " has opened another call; this one ends");
    }

    private void endPublisher(BrokerException why) {
        publisher.port().ended(why);
        turn.touch(publisher.port());
        forgetPublisher();
    }

    private void forgetPublisher() {
        publisher = null;
        opening = false;
        finishing = false;
        parked = false;
        waitTold = false;
    }

    /** Opened is told once nothing is on its way to the store: until then the last sequence is not known. */
    private void openedIfQuiet() {
        if (opening && appending.isEmpty()) {
            opening = false;
            PublisherState state = publisher.state();
            publisher.port().opened(state.lastSequence(), state.exceptions(), state.lastReportId());
            publisher.port().demand(consumers(), groups.size());
            publisher.port().more();
            turn.touch(publisher.port());
        }
    }

    boolean publish(Publisher from, List<FrameContent> contents) {
        turn.begin();
        try {
            if (from != publisher || deleted) {
                return false;
            }
            turn.touch(from.port());
            List<Frame> frames = take(from, contents);
            if (!frames.isEmpty()) {
                Frame last = frames.get(frames.size() - 1);
                appending.add(new Appending(last.ordinal(), last.sequence(), from));
                store.append(frames);
            }
            return from == publisher && roomOrPark();
        } finally {
            turn.end();
        }
    }

    private List<Frame> take(Publisher from, List<FrameContent> contents) {
        List<Frame> frames = new ArrayList<>(contents.size());
        PublisherState state = from.state();
        long receivedMicros = clock.wallMicros();
        long kept = 0;
        boolean sparse = isSparse(contents, state);
        for (FrameContent content : contents) {
            long sequence = from.numbersItself() ? content.sequence() : state.lastSequence() + 1;
            if (sequence == 0) {
                drop(
                        from,
                        new FrameException(
                                0,
                                Outcome.REJECTED,
                                "SEQUENCE_MISSING",
                                "frame without sequence; publisher " + from + " numbers its frames itself, from 1"));
                continue;
            }
            if (!state.isNew(sequence)) {
                ledger.duplicate();
                from.port()
                        .exception(new FrameException(
                                sequence,
                                Outcome.DUPLICATE,
                                "DUPLICATE",
                                "sequences up to " + Long.toUnsignedString(state.lastSequence())
                                        + " were taken before"));
                continue;
            }
            state.taken(sequence);
            if (content.defect() != null) {
                drop(
                        from,
                        new FrameException(
                                sequence,
                                Outcome.REJECTED,
                                content.defect().reason(),
                                content.defect().message()));
                continue;
            }
            ledger.offered();
            FrameContent own = sparse ? content.compact() : content;
            frames.add(new Frame(own, generation(), span.next(), sequence, receivedMicros, state.key()));
            span.add(content.length());
            kept += content.length() + FRAME_OVERHEAD_BYTES;
        }
        memory.keep(kept);
        return frames;
    }

    /** Whether the frames worth keeping are the smaller part of the message they came in, which they would keep alive. */
    private static boolean isSparse(List<FrameContent> contents, PublisherState state) {
        long worth = 0;
        for (FrameContent content : contents) {
            if (content.defect() == null && (content.sequence() == 0 || state.isNew(content.sequence()))) {
                worth += content.length();
            }
        }
        return !contents.isEmpty() && worth * 2 < contents.get(0).array().length;
    }

    private void drop(Publisher from, FrameException exception) {
        ledger.offered();
        ledger.dropped(exception.reason());
        if (exception.sequence() != 0) {
            from.state().notStored(exception);
        }
        from.port().exception(exception);
    }

    private boolean roomOrPark() {
        if (waitReason() == null) {
            return true;
        }
        parked = true;
        parkedSinceNanos = clock.nanos();
        wakeAfter(TELL_WAIT_AFTER_NANOS);
        return false;
    }

    private void resumeIfRoom() {
        if (parked && waitReason() == null) {
            parked = false;
            publisher.port().more();
            if (waitTold) {
                waitTold = false;
                publisher.port().resumed();
            }
            turn.touch(publisher.port());
        }
    }

    /** Why the publisher is to wait; null when there is room. */
    private String waitReason() {
        Group slowest = slowestProtected();
        long low = slowest == null ? storedThrough + 1 : Math.min(slowest.low(), storedThrough + 1);
        long frames = span.next() - low;
        long bytes = span.bytesFrom(low);
        String who = slowest == null || slowest.low() > storedThrough ? "the store" : "group " + slowest.name();
        if (frames >= settings.maxBacklogFrames()) {
            return who + ": " + frames + " of " + settings.maxBacklogFrames() + " backlog frames unsettled";
        }
        if (bytes >= settings.maxBacklogBytes()) {
            return who + ": " + bytes + " of " + settings.maxBacklogBytes() + " backlog bytes unsettled";
        }
        long kept = span.bytesFrom(span.first());
        if (!memory.admits(kept, broker.streamCount())) {
            return "broker memory: " + memory.keptBytes() + " of " + memory.keptLimit()
                    + " bytes kept, this stream is above its share";
        }
        return null;
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

    void report(Publisher from, long reportId, List<Publisher.Lost> lost) {
        turn.begin();
        try {
            if (from != publisher || deleted) {
                return;
            }
            if (reportId == 0) {
                throw BrokerException.invalid("report.report_id", "0; reports are numbered from 1");
            }
            if (from.state().takeReport(reportId)) {
                for (Publisher.Lost each : lost) {
                    ledger.reported(each.reason(), each.count());
                    tellGap(each);
                }
            }
            from.port().reported(from.state().lastReportId());
            turn.touch(from.port());
        } finally {
            turn.end();
        }
    }

    private void tellGap(Publisher.Lost lost) {
        for (Group group : groups.values()) {
            for (Member member : group.members()) {
                ConsumerPort port = member.consumer().port();
                port.gap(name, "REPORTED", lost.count(), lost.estimated(), null, null, lost.reason());
                turn.touch(port);
            }
        }
    }

    void finish(Publisher from) {
        turn.begin();
        try {
            if (from == publisher) {
                finishing = true;
                finishedIfQuiet();
            }
        } finally {
            turn.end();
        }
    }

    private void finishedIfQuiet() {
        if (finishing && appending.isEmpty()) {
            publisher.port().finished();
            turn.touch(publisher.port());
            forgetPublisher();
        }
    }

    void leave(Publisher from) {
        turn.begin();
        try {
            if (from == publisher) {
                forgetPublisher();
            }
        } finally {
            turn.end();
        }
    }

    // ---- the store's answers

    @Override
    public void stored(long throughOrdinal) {
        turn.begin();
        try {
            storedThrough = throughOrdinal;
            while (!appending.isEmpty() && appending.peek().lastOrdinal <= throughOrdinal) {
                Appending done = appending.poll();
                if (done.publisher == publisher) {
                    publisher.port().stored(done.lastSequence);
                    turn.touch(publisher.port());
                }
            }
            if (publisher != null) {
                openedIfQuiet();
                finishedIfQuiet();
            }
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
        long edge = storedThrough + 1;
        for (Group group : groups.values()) {
            if (group.durable()) {
                edge = Math.min(edge, group.low());
            }
        }
        boolean pressed = memory.keptBytes() > memory.keptLimit();
        long keepFrames = pressed ? 0 : settings.retentionFrames();
        long keepBytes = pressed ? 0 : settings.retentionBytes();
        // The newest frame always stays: somebody may ask for it.
        long most = Math.min(edge, storedThrough) - 1;
        long through = Math.min(most, edge - 1 - keepFrames);
        through = Math.max(through, span.first() - 1);
        while (through < most && span.bytesThrough(edge - 1) - span.bytesThrough(through) > keepBytes) {
            through++;
        }
        letGo(through);
        resumeIfRoom();
    }

    private void letGo(long through) {
        long first = span.first();
        if (through < first) {
            return;
        }
        for (Group group : groups.values()) {
            if (!group.durable()) {
                group.passOver(through);
            }
        }
        store.trim(through);
        memory.release(span.bytesThrough(through)
                - span.bytesThrough(first - 1)
                + (through - first + 1) * FRAME_OVERHEAD_BYTES);
        span.dropThrough(through);
    }

    // ---- groups and consumers

    Member join(Consumer consumer) {
        turn.begin();
        try {
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
            tellDemand();
            return member;
        } finally {
            turn.end();
        }
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
        long base = baseFor(options.start());
        store.createGroup(consumer.group(), base);
        Group group = new Group(consumer.group(), wanted, consumer.durable(), base, this);
        groups.put(group.name(), group);
        return group;
    }

    private long baseFor(StartPosition start) {
        if (start instanceof StartPosition.Earliest) {
            return store.firstOrdinal() - 1;
        }
        if (start instanceof StartPosition.Id id) {
            long ordinal = id.id().ordinal();
            return Math.max(store.firstOrdinal(), Math.min(ordinal, storedThrough + 1)) - 1;
        }
        if (start instanceof StartPosition.Time time) {
            for (long ordinal = store.firstOrdinal(); ordinal <= storedThrough; ordinal++) {
                List<Frame> frame = store.read(ordinal, ordinal, 1, Long.MAX_VALUE);
                if (!frame.isEmpty() && frame.get(0).receivedMicros() >= time.micros()) {
                    return ordinal - 1;
                }
            }
        }
        return storedThrough;
    }

    void leave(Member member, boolean graceful) {
        turn.begin();
        try {
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
            tellDemand();
            wakeAfter(0);
        } finally {
            turn.end();
        }
    }

    private void tellDemand() {
        if (publisher != null && !opening) {
            publisher.port().demand(consumers(), groups.size());
            turn.touch(publisher.port());
        }
    }

    void settle(Member member, Token token, int count, Verdict verdict) {
        turn.begin();
        try {
            member.group().settle(member, token, count, verdict);
            wakeAfter(0);
        } finally {
            turn.end();
        }
    }

    void extend(Member member, Token token, int count) {
        turn.begin();
        try {
            member.group().extend(member, token, count);
        } finally {
            turn.end();
        }
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
        turn.begin();
        try {
            consumer.checkFinished(turn);
        } finally {
            turn.end();
        }
    }

    // ---- time

    private void wakeAfter(long nanos) {
        long at = clock.nanos() + nanos;
        if (at - wakeNanos < 0) {
            wakeNanos = at;
        }
    }

    /** Does what is due. Returns nanoseconds until it wants to be called again; events may bring that forward. */
    long tick() {
        long now = clock.nanos();
        if (wakeNanos - now > 0) {
            return wakeNanos - now;
        }
        turn.begin();
        try {
            long wait = 3_600_000_000_000L;
            for (Group group : groups.values()) {
                wait = Math.min(wait, group.tick(now));
            }
            if (settings.retentionMillis() > 0) {
                wait = Math.min(wait, dropAged());
            }
            trim();
            if (parked) {
                wait = Math.min(wait, LOOK_AGAIN_NANOS);
                if (!waitTold && now - parkedSinceNanos >= TELL_WAIT_AFTER_NANOS) {
                    waitTold = true;
                    publisher.port().waiting(waitReason());
                    turn.touch(publisher.port());
                }
            }
            wakeNanos = now + wait;
            return wait;
        } finally {
            turn.end();
        }
    }

    private long dropAged() {
        long limitMicros = clock.wallMicros() - settings.retentionMillis() * 1_000;
        long edge = storedThrough + 1;
        for (Group group : groups.values()) {
            if (group.durable()) {
                edge = Math.min(edge, group.low());
            }
        }
        long through = span.first() - 1;
        while (through + 1 < Math.min(edge, storedThrough)) {
            List<Frame> frame = store.read(through + 1, through + 1, 1, Long.MAX_VALUE);
            if (frame.isEmpty() || frame.get(0).receivedMicros() > limitMicros) {
                break;
            }
            through++;
        }
        letGo(through);
        return Math.max(LOOK_AGAIN_NANOS, settings.retentionMillis() * 1_000_000 / 10);
    }

    // ---- looking and administration

    private int consumers() {
        int consumers = 0;
        for (Group group : groups.values()) {
            consumers += group.consumers();
        }
        return consumers;
    }

    StreamState state() {
        turn.begin();
        try {
            Group slowest = slowestProtected();
            long low = slowest == null ? storedThrough + 1 : Math.min(slowest.low(), storedThrough + 1);
            return new StreamState(
                    name,
                    settings,
                    createdMicros,
                    generation(),
                    span.first(),
                    storedThrough,
                    span.bytesFrom(span.first()),
                    span.next() - low,
                    span.bytesFrom(low),
                    publisher == null ? "" : publisher.key().id(),
                    parked ? String.valueOf(waitReason()) : "",
                    groups.size(),
                    consumers());
        } finally {
            turn.end();
        }
    }

    Ledger ledger() {
        turn.begin();
        try {
            long appended = span.next() - 1 - storedThrough;
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
            return new Ledger(ledger.view(name, store.lastOrdinal(), appended), List.copyOf(ofGroups));
        } finally {
            turn.end();
        }
    }

    /** How far the group of a member is behind. */
    ConsumerLag lag(Member member) {
        turn.begin();
        try {
            GroupRecord record = store.group(member.group().name());
            long waiting = store.count(record.cursor() + 1, store.lastOrdinal());
            long low = member.group().low();
            List<Frame> oldest = low > storedThrough ? List.of() : store.read(low, low, 1, Long.MAX_VALUE);
            long ageMicros =
                    oldest.isEmpty() ? 0 : clock.wallMicros() - oldest.get(0).receivedMicros();
            return new ConsumerLag(name, waiting, record.pending(), Math.max(0, ageMicros));
        } finally {
            turn.end();
        }
    }

    Optional<Frame> latest() {
        turn.begin();
        try {
            return store.read(storedThrough, storedThrough, 1, Long.MAX_VALUE).stream()
                    .findFirst();
        } finally {
            turn.end();
        }
    }

    void update(StreamSettings changed) {
        turn.begin();
        try {
            checkThere();
            settings = changed;
            trim();
            wakeAfter(0);
        } finally {
            turn.end();
        }
    }

    /** Skips all that is waiting in every group and lets go what can be. Returns how many frames went. */
    long purge() {
        turn.begin();
        try {
            checkThere();
            long before = span.first();
            for (Group group : groups.values()) {
                group.skipWaiting(storedThrough, "PURGED");
            }
            long edge = storedThrough + 1;
            for (Group group : groups.values()) {
                edge = Math.min(edge, group.low());
            }
            letGo(edge - 1);
            resumeIfRoom();
            return span.first() - before;
        } finally {
            turn.end();
        }
    }

    /** Ends the stream and everybody on it. Returns how many frames went. */
    long delete(boolean force) {
        turn.begin();
        try {
            checkThere();
            Group slowest = slowestProtected();
            boolean unsettled = slowest != null && slowest.low() <= storedThrough;
            if (!force && (publisher != null || consumers() > 0 || unsettled)) {
                throw new BrokerException(
                        BrokerException.Kind.FAILED_PRECONDITION,
                        "STREAM_IN_USE",
                        "stream " + name + " has " + (publisher == null ? "no publisher" : "publisher " + publisher)
                                + ", "
                                + consumers() + " consumers and "
                                + (unsettled ? "unsettled frames" : "nothing unsettled")
                                + "; end them first, or delete with force");
            }
            deleted = true;
            BrokerException why = new BrokerException(
                    BrokerException.Kind.NOT_FOUND, "STREAM_DELETED", "stream " + name + " has been deleted");
            if (publisher != null) {
                endPublisher(why);
            }
            groups.values().forEach(group -> group.end(why));
            groups.clear();
            long frames = span.next() - span.first();
            memory.release(span.bytesFrom(span.first()) + frames * FRAME_OVERHEAD_BYTES);
            span.dropThrough(span.next() - 1);
            return frames;
        } finally {
            turn.end();
        }
    }

    private void checkThere() {
        if (deleted) {
            throw Broker.streamNotFound(name);
        }
    }
}
