package io.framebroker.server.store.redis;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A group: what it has done, and how much of that Redis has been told. Guarded by its stream's monitor.
 *
 * <p>Redis' pending list knows entries, a group knows frames: an entry is pending while any frame of it is neither
 * settled nor in front of the group's base, once the cursor has reached it. A frame that is delivered and settled between
 * two commits never gets there.
 */
final class RedisGroup {
    private static final Logger log = LoggerFactory.getLogger(RedisGroup.class);

    /** An entry that the cursor has reached and that is not settled as a whole, or was not when Redis last heard. */
    private static final class Open {
        final Entry entry;
        /** Frames that need nothing more, as offsets in the entry. */
        final BitSet done = new BitSet();

        boolean inPendingList;
        boolean bitsWritten;

        Open(Entry entry) {
            this.entry = entry;
        }

        boolean isDone() {
            return done.cardinality() == entry.count();
        }
    }

    /** Counts at the moment a commit was made; they hold once it is carried out. */
    record Snapshot(
            RedisGroup group,
            long settlements,
            long attempts,
            long acked,
            Map<String, Long> skipped,
            long deadLettered,
            long buried,
            long allowed) {
        long gone() {
            return acked + deadLettered + total(skipped);
        }
    }

    private static final long LEAST_ALLOWED = 256;
    /** Of a group that does not wait for the store: what may go out while Redis stands still. */
    private static final long EARLY_ALLOWED = 4096;

    private static final long ALLOWED_COMMITS = 4;

    private final String name;
    private final GroupSettings settings;
    private final boolean durable;
    private final long base;
    private final LongFunction<Entry> entries;
    private final RedisLetters letters;
    private final Map<Long, Open> open = new HashMap<>();
    private final Set<Open> changed = new LinkedHashSet<>();
    /** Attempts of pending frames that have had more than one. */
    private final Map<Long, Integer> attempts = new HashMap<>();
    /** What this owner tells the next one. */
    private final LeftField left = new LeftField();

    private final Set<Long> attemptsChanged = new LinkedHashSet<>();
    private final Map<String, Long> skipped = new TreeMap<>();
    private long cursor;
    private long acked;
    private long settlements;
    /** Deliveries above the first attempt. */
    private long attemptsAsked;

    private boolean countsChanged;
    private boolean cursorChanged;
    /** Redis has to be told everything. */
    private boolean afresh = true;

    /** Frames up to here may be delivered once Redis knows that they may be. */
    private long allowed;

    private long maybeDelivered;

    private long cursorTold;

    // What is confirmed.
    private long allowedConfirmed;
    private long pendingFrames;
    private Snapshot confirmed;

    /** @param entries tells the entry of a stored frame; null when it is gone */
    RedisGroup(String name, GroupSettings settings, boolean durable, long base, LongFunction<Entry> entries) {
        this(name, settings, durable, base, entries, new RedisLetters(name));
    }

    private RedisGroup(
            String name,
            GroupSettings settings,
            boolean durable,
            long base,
            LongFunction<Entry> entries,
            RedisLetters letters) {
        this.letters = letters;
        this.name = name;
        this.settings = settings;
        this.durable = durable;
        this.base = base;
        this.cursor = base;
        this.cursorTold = base;
        this.allowed = base;
        this.allowedConfirmed = base;
        this.entries = entries;
        this.confirmed = snapshot();
    }

    /**
     * The same group as if it had just been created, but for its dead letters, which stay; its settlements and attempts go
     * on being numbered.
     */
    RedisGroup anew(long otherBase) {
        letters.restart();
        RedisGroup anew = new RedisGroup(name, settings, durable, otherBase, entries, letters);
        anew.settlements = settlements;
        anew.attemptsAsked = attemptsAsked;
        return anew;
    }

    String name() {
        return name;
    }

    boolean durable() {
        return durable;
    }

    GroupSettings settings() {
        return settings;
    }

    long settlements() {
        return settlements;
    }

    GroupRecord view() {
        return new GroupRecord(base, cursor, pendingFrames, confirmed.acked, confirmed.deadLettered, confirmed.skipped);
    }

    RedisLetters letters() {
        return letters;
    }

    // ---- what happens

    void delivered(long from, long through, int attempt) {
        boolean first = from == cursor + 1;
        if (first) {
            reach(from, through);
        }
        if (attempt == 1 && first) {
            return;
        }
        for (long ordinal = from; ordinal <= through; ordinal++) {
            requirePending(ordinal);
            if (attempt > 1) {
                attempts.put(ordinal, attempt);
                attemptsChanged.add(ordinal);
            }
        }
        attemptsAsked += attempt > 1 && !first ? 1 : 0;
    }

    private void reach(long from, long through) {
        for (long ordinal = from; ordinal <= through; ) {
            Entry entry = entries.apply(ordinal);
            if (entry == null) {
                // Lost in the store: it is being skipped, and there is nothing to be pending.
                ordinal++;
                continue;
            }
            changed.add(open.computeIfAbsent(entry.first(), first -> opened(entry)));
            ordinal = entry.last() + 1;
        }
        cursor = through;
        cursorChanged = true;
        pendingFrames += through - from + 1;
    }

    private Open opened(Entry entry) {
        Open fresh = new Open(entry);
        if (base >= entry.first()) {
            fresh.done.set(0, (int) (base - entry.first() + 1));
        }
        return fresh;
    }

    void settle(long from, long through, Outcome outcome, String reason) {
        if (from == cursor + 1) {
            reach(from, through);
        }
        long ordinal = from;
        while (ordinal <= through) {
            Entry entry = entries.apply(ordinal);
            Open of = entry == null ? null : open.get(entry.first());
            if (of == null) {
                if (entry != null || outcome == Outcome.ACKED) {
                    throw notPending(ordinal);
                }
                ordinal++;
                continue;
            }
            long end = Math.min(through, entry.last());
            int first = (int) (ordinal - entry.first());
            int last = (int) (end - entry.first());
            int next = of.done.nextSetBit(first);
            if (next >= 0 && next <= last) {
                throw notPending(entry.first() + next);
            }
            of.done.set(first, last + 1);
            changed.add(of);
            if (of.isDone()) {
                open.remove(entry.first());
            }
            ordinal = end + 1;
        }
        if (!attempts.isEmpty()) {
            for (long each = from; each <= through; each++) {
                if (attempts.remove(each) != null) {
                    attemptsChanged.add(each);
                }
            }
        }
        letters.settled(from, through);
        long frames = through - from + 1;
        settlements++;
        countsChanged = true;
        if (outcome == Outcome.ACKED) {
            acked += frames;
        } else {
            skipped.merge(reason, frames, Long::sum);
        }
    }

    /** Whether a dead letter may be made of a pending frame now. */
    boolean hasRoomFor(Frame frame) {
        requirePending(frame.ordinal());
        return letters.hasCopy(frame);
    }

    void settle(Frame frame, DeadLetter letter) {
        long ordinal = frame.ordinal();
        requirePending(ordinal);
        letters.bury(frame, letter);
        Entry entry = entries.apply(ordinal);
        Open of = open.get(entry.first());
        of.done.set((int) (ordinal - entry.first()));
        changed.add(of);
        if (of.isDone()) {
            open.remove(entry.first());
        }
        if (attempts.remove(ordinal) != null) {
            attemptsChanged.add(ordinal);
        }
        settlements++;
        countsChanged = true;
    }

    void purge(List<Long> ordinals, String reason) {
        int counted = letters.purge(ordinals);
        if (reason == null) {
            acked += counted;
            countsChanged = true;
        } else {
            skip(counted, reason);
        }
        settlements++;
    }

    private void skip(long frames, String reason) {
        if (frames > 0) {
            skipped.merge(reason, frames, Long::sum);
        }
        countsChanged = true;
    }

    /** It is not known what Redis was told of the dead letters. Returns whether some are lost. */
    boolean compareLetters(RedisLetters.Names inRedis, String lostReason) {
        int lost = letters.compare(inRedis);
        skip(lost, lostReason);
        return lost > 0;
    }

    private void requirePending(long ordinal) {
        Entry entry = entries.apply(ordinal);
        Open of = entry == null ? null : open.get(entry.first());
        if (ordinal > cursor || of == null || of.done.get((int) (ordinal - entry.first()))) {
            throw notPending(ordinal);
        }
    }

    private IllegalArgumentException notPending(long ordinal) {
        return new IllegalArgumentException(
                "group " + name + ": frame " + ordinal + " is not pending; the cursor is at " + cursor);
    }

    // ---- what Redis is told

    /**
     * Redis may not know what it was told, and frames may lie in other entries than they did: what is pending is looked up
     * again, and Redis is to be told everything.
     */
    void regroup() {
        List<Long> pending = new ArrayList<>();
        for (Open each : open.values()) {
            long end = Math.min(cursor, each.entry.last());
            for (long ordinal = each.entry.first(); ordinal <= end; ordinal++) {
                if (!each.done.get((int) (ordinal - each.entry.first()))) {
                    pending.add(ordinal);
                }
            }
        }
        open.clear();
        changed.clear();
        for (long ordinal : pending) {
            Entry entry = entries.apply(ordinal);
            if (entry != null) {
                Open of = open.computeIfAbsent(entry.first(), first -> reached(entry));
                of.done.clear((int) (ordinal - entry.first()));
            }
        }
        Entry last = entries.apply(cursor);
        if (last != null && last.last() > cursor && cursor > base) {
            open.computeIfAbsent(last.first(), first -> reached(last));
        }
        afresh = true;
    }

    /** As if all of it up to the cursor were settled. */
    private Open reached(Entry entry) {
        Open of = new Open(entry);
        of.done.set(0, (int) (Math.min(cursor, entry.last()) - entry.first() + 1));
        return of;
    }

    /** Whether Redis has been told everything. */
    boolean isTold() {
        return !afresh
                && changed.isEmpty()
                && attemptsChanged.isEmpty()
                && !countsChanged
                && !cursorChanged
                && (letters.isTold() || !durable);
    }

    /**
     * Adds what Redis has to be told now.
     *
     * @param consumer name under which this broker's pending entries stand
     * @param positions tells the last entry that was read when a cursor is at a frame
     * @return what holds once it knows; null when there is nothing to tell
     */
    Snapshot commit(Commit commit, StreamKeys keys, String consumer, LongFunction<Entry> positions) {
        byte[] hash = keys.group(name);
        if (isTold()) {
            return null;
        }
        if (durable) {
            allow();
            if (afresh) {
                rewrite(commit, keys, hash, positions);
            } else if (cursorChanged) {
                tellCursor(commit, keys, "SETID", positions.apply(cursor));
            }
            tellEntries(commit, keys, hash, consumer);
            tellAttempts(commit, keys, hash, consumer);
            letters.tell(commit, keys.letters(name), keys.copies(name));
            tellCounts(commit, hash);
        }
        changed.clear();
        attemptsChanged.clear();
        afresh = false;
        countsChanged = false;
        cursorChanged = false;
        return snapshot();
    }

    private Snapshot snapshot() {
        return new Snapshot(
                this,
                settlements,
                attemptsAsked,
                acked,
                Map.copyOf(skipped),
                letters.counted(),
                letters.buried(),
                allowed);
    }

    /** How many entries Redis' pending list must have when it knows everything. */
    long pendingEntries() {
        return open.values().stream().filter(each -> each.inPendingList).count();
    }

    /** Allows what may be delivered before the next commit, with room to spare. */
    private void allow() {
        long room = Math.max(settings.early() ? EARLY_ALLOWED : LEAST_ALLOWED, ALLOWED_COMMITS * (cursor - cursorTold));
        cursorTold = cursor;
        if (allowed - cursor < room / 2) {
            allowed = cursor + room;
        }
    }

    /** Whether deliveries may soon have to wait for Redis to know that they may be. */
    boolean isShort() {
        return durable && allowedConfirmed - cursor < LEAST_ALLOWED / 2;
    }

    void left(long from, long through, StreamRecord.Left how) {
        left.add(from, through, how);
    }

    /** Takes back what was allowed and not delivered, and tells how the rest is left: nobody need wonder any more. */
    void takeLeave(Commit commit, StreamKeys keys, long generation) {
        if (durable && isTold()) {
            allowed = Math.max(cursor, maybeDelivered);
            commit.add("HSET", keys.group(name), "allowed", allowed, LeftField.NAME, left.text(generation));
        }
    }

    /**
     * Ordinal of the last frame that owners before this one may have delivered. Called once, after recovery.
     *
     * @param last ordinal of the last frame there was then
     */
    long maybeDelivered(long last) {
        maybeDelivered = Math.min(allowed, last);
        return maybeDelivered;
    }

    /** Ordinal of the last frame that may be delivered: Redis knows that it may have been. */
    long deliverableThrough() {
        return durable ? allowedConfirmed : Long.MAX_VALUE;
    }

    private void rewrite(Commit commit, StreamKeys keys, byte[] hash, LongFunction<Entry> positions) {
        commit.add("XGROUP", "DESTROY", keys.frames, name);
        tellCursor(commit, keys, "CREATE", positions.apply(cursor));
        commit.add("DEL", hash);
        commit.add("HSET", hash, "base", base, "lease", settings.leaseMillis());
        commit.add("HSET", hash, "max_age", settings.maxAgeMillis(), "max_attempts", settings.maxAttempts());
        commit.add("HSET", hash, "order", settings.order().name(), "early", settings.early() ? 1 : 0);
        commit.add("HSET", hash, "restarts", letters.restarts());
        for (Open each : open.values()) {
            each.inPendingList = false;
            each.bitsWritten = false;
        }
        changed.clear();
        changed.addAll(open.values());
        attemptsChanged.clear();
        attemptsChanged.addAll(attempts.keySet());
    }

    private void tellCursor(Commit commit, StreamKeys keys, String how, Entry at) {
        List<Object> command = new ArrayList<>(List.of("XGROUP", how, keys.frames, name, at.id()));
        if (at.number() > 0) {
            command.add("ENTRIESREAD");
            command.add(at.number());
        }
        commit.add(command);
    }

    private void tellEntries(Commit commit, StreamKeys keys, byte[] hash, String consumer) {
        List<Object> claimed = new ArrayList<>();
        List<Object> acknowledged = new ArrayList<>();
        for (Open each : changed) {
            String field = "s:" + each.entry.first();
            if (each.isDone()) {
                if (each.inPendingList) {
                    acknowledged.add(each.entry.id());
                }
                if (each.bitsWritten) {
                    commit.add("HDEL", hash, field);
                }
                continue;
            }
            if (!each.inPendingList && !each.entry.hasVanished()) {
                claimed.add(each.entry.id());
                each.inPendingList = true;
            }
            if (!each.done.isEmpty()) {
                commit.add("HSET", hash, field, each.done.toByteArray());
                each.bitsWritten = true;
            }
        }
        for (int from = 0; from < claimed.size(); from += Commit.MOST_IDS) {
            List<Object> ids = claimed.subList(from, Math.min(claimed.size(), from + Commit.MOST_IDS));
            List<Object> command = new ArrayList<>(List.of("XCLAIM", keys.frames, name, consumer, "0"));
            command.addAll(ids);
            command.addAll(List.of("FORCE", "JUSTID"));
            commit.add(command);
        }
        for (int from = 0; from < acknowledged.size(); from += Commit.MOST_IDS) {
            List<Object> ids = acknowledged.subList(from, Math.min(acknowledged.size(), from + Commit.MOST_IDS));
            List<Object> command = new ArrayList<>(List.of("XACK", keys.frames, name));
            command.addAll(ids);
            commit.add(command);
            commit.expect(ids.size(), "number of entries acknowledged in group " + name);
        }
    }

    private void tellAttempts(Commit commit, StreamKeys keys, byte[] hash, String consumer) {
        Set<Open> redelivered = new LinkedHashSet<>();
        for (long ordinal : attemptsChanged) {
            Integer attempt = attempts.get(ordinal);
            if (attempt == null) {
                commit.add("HDEL", hash, "a:" + ordinal);
                continue;
            }
            commit.add("HSET", hash, "a:" + ordinal, attempt);
            Entry entry = entries.apply(ordinal);
            Open of = entry == null ? null : open.get(entry.first());
            if (of != null && of.inPendingList) {
                redelivered.add(of);
            }
        }
        for (Open each : redelivered) {
            List<Object> claim = new ArrayList<>(List.of("XCLAIM", keys.frames, name, consumer, "0", each.entry.id()));
            claim.addAll(List.of("RETRYCOUNT", mostAttempts(each), "FORCE", "JUSTID"));
            commit.add(claim);
        }
    }

    /** Of the pending frames of an entry, which Redis counts as one. */
    private int mostAttempts(Open of) {
        int most = 1;
        for (long ordinal = of.entry.first(); ordinal <= of.entry.last(); ordinal++) {
            most = Math.max(most, attempts.getOrDefault(ordinal, 1));
        }
        return most;
    }

    private void tellCounts(Commit commit, byte[] hash) {
        List<Object> command =
                new ArrayList<>(List.of("HSET", hash, "cursor", cursor, "allowed", allowed, "acked", acked));
        skipped.forEach((reason, frames) -> {
            command.add("skipped:" + reason);
            command.add(frames);
        });
        commit.add(command);
    }

    /** Redis knows. Returns whether more may be delivered than before. */
    boolean confirmed(Snapshot told) {
        pendingFrames -= told.gone() - confirmed.gone();
        confirmed = told;
        letters.confirmed(told.buried);
        boolean more = told.allowed > allowedConfirmed;
        allowedConfirmed = told.allowed;
        return more;
    }

    private static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    // ---- what Redis knew

    /**
     * Takes up what an owner before this one left.
     *
     * @param hash the group's hash, as text but for the bits
     * @param pendingEntries the entries in the pending list that are there, oldest first
     * @param withoutCopies dead letters that are none any more
     * @param generation that was begun to take the stream
     * @return frames that were delivered and not settled
     */
    List<StreamRecord.Pending> recover(
            Map<String, byte[]> hash,
            List<Entry> pendingEntries,
            List<DeadLetter> withoutCopies,
            String lostReason,
            long generation) {
        LeftField known = LeftField.of(hash.get(LeftField.NAME), generation);
        cursor = cursor(hash);
        acked = number(hash, "acked", 0);
        hash.forEach((field, value) -> {
            if (field.startsWith("skipped:")) {
                skipped.put(field.substring("skipped:".length()), Long.parseLong(StreamKeys.text(value)));
            }
        });
        for (Entry entry : pendingEntries) {
            Open of = opened(entry);
            byte[] bits = hash.get("s:" + entry.first());
            if (bits != null) {
                of.done.or(BitSet.valueOf(bits));
            }
            open.put(entry.first(), of);
        }
        withoutCopies.forEach(this::isPendingAgain);
        List<StreamRecord.Pending> pending = new ArrayList<>();
        for (Open of : new TreeMap<>(open).values()) {
            Entry entry = of.entry;
            for (long ordinal = entry.first(); ordinal <= Math.min(cursor, entry.last()); ordinal++) {
                if (!of.done.get((int) (ordinal - entry.first()))) {
                    int attempt = (int) number(hash, "a:" + ordinal, 1);
                    pending.add(new StreamRecord.Pending(ordinal, entry.generation(), attempt, known.get(ordinal)));
                    if (attempt > 1) {
                        attempts.put(ordinal, attempt);
                    }
                }
            }
        }
        long lost = cursor - base - acked - total(skipped) - letters.counted() - pending.size();
        if (lost > 0) {
            log.error(
                    "group {}: {} pending frames have vanished from Redis; they are skipped as {}",
                    name,
                    lost,
                    lostReason);
            skipped.merge(lostReason, lost, Long::sum);
        } else if (lost < 0) {
            log.error(
                    "group {}: {} frames more are pending than were delivered; its counts are not right", name, -lost);
        }
        cursorTold = cursor;
        allowed = Math.max(cursor, number(hash, "allowed", cursor));
        allowedConfirmed = allowed;
        pendingFrames = pending.size();
        confirmed = snapshot();
        return pending;
    }

    /** The frame of a letter that has lost its copy, if it is there still; what is not is counted as lost. */
    private void isPendingAgain(DeadLetter letter) {
        long ordinal = letter.id().ordinal();
        Entry entry = entries.apply(ordinal);
        if (entry == null || ordinal > cursor || ordinal <= base) {
            return;
        }
        Open of = open.computeIfAbsent(entry.first(), first -> reached(entry));
        of.done.clear((int) (ordinal - entry.first()));
    }

    static int restarts(Map<String, byte[]> hash) {
        return (int) number(hash, "restarts", 0);
    }

    /** Ordinal of the last frame that was delivered or passed over, by a group's hash. */
    static long cursor(Map<String, byte[]> hash) {
        return number(hash, "cursor", base(hash));
    }

    static long base(Map<String, byte[]> hash) {
        return number(hash, "base", 0);
    }

    /** Fields that a first version did not write have the values it had. */
    static GroupSettings settings(Map<String, byte[]> hash) {
        byte[] order = hash.get("order");
        return new GroupSettings(
                number(hash, "lease", 0),
                number(hash, "max_age", 0),
                (int) number(hash, "max_attempts", 0),
                order == null
                        ? GroupSettings.Order.FIRST_DELIVERIES
                        : GroupSettings.Order.valueOf(StreamKeys.text(order)),
                number(hash, "early", 0) == 1);
    }

    private static long number(Map<String, byte[]> hash, String field, long otherwise) {
        byte[] value = hash.get(field);
        return value == null ? otherwise : Long.parseLong(StreamKeys.text(value));
    }
}
