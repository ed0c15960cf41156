package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.PublisherKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/**
 * The frames of a stream on their way into Redis and out of it: what is still to be appended, which entries Redis has by
 * all it has said, what is to be trimmed, and what has to be appended again because Redis lost it. Guarded by the
 * stream's monitor.
 */
final class FrameLog {
    /** Small frames share an entry, up to this. */
    private static final int MOST_FRAMES_OF_ENTRY = 256;

    private static final int MOST_BYTES_OF_ENTRY = 64 << 10;
    /** From here on it is worth a transaction of its own to have Redis get frames ready while it works. */
    private static final int WORTH_BYTES_AHEAD = 32 << 10;

    private final StreamKeys keys;
    private final StreamFacts facts;
    private final FrameRing ring;
    /** Entries in Redis, oldest first, markers among them. */
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    /**
     * Of these, those to be taken out because what lay before them is appended again, and they with it: in one transaction,
     * or a broker that crashes in between would lose them.
     */
    private final Set<Entry> superseded = new LinkedHashSet<>();

    private Entry lastTrimmed;
    /** How many entries Redis has, by what it answered. */
    private long length;
    /** How many entries there ever were, where Redis counts them; negative where it does not. */
    private long added;

    private long first;
    private long storedThrough;
    /** Appended, but not yet as safe as was asked for. */
    private long writtenThrough;

    private long nextToSend;
    private long trimThrough;
    /** How much is tried at once: less after a refusal, for where little memory is left much does not fit. */
    private long roomBytes = Long.MAX_VALUE;

    FrameLog(StreamKeys keys, StreamLoader.Loaded loaded) {
        this.keys = keys;
        this.ring = loaded.ring();
        this.facts = loaded.facts();
        this.entries.addAll(loaded.entries());
        this.length = entries.size();
        this.added = loaded.added();
        this.first = ring.first();
        this.storedThrough = ring.next() - 1;
        this.writtenThrough = storedThrough;
        this.nextToSend = ring.next();
        this.trimThrough = ring.first() - 1;
        this.lastTrimmed = beforeEntries();
    }

    FrameRing ring() {
        return ring;
    }

    /** Ordinal of the oldest frame that is not trimmed. */
    long first() {
        return first;
    }

    long storedThrough() {
        return storedThrough;
    }

    /** How many entries Redis should have. */
    long length() {
        return length;
    }

    /** The entries that Redis should have, oldest first. */
    List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** Whether a frame is stored and not trimmed. */
    boolean has(long ordinal) {
        return ordinal >= first && ordinal <= storedThrough;
    }

    /** How many stored frames there are between two ordinals, both included. */
    long count(long from, long through) {
        long end = Math.min(through, storedThrough);
        long begin = Math.max(from, first);
        if (!ring.hasHoles()) {
            return Math.max(0, end - begin + 1);
        }
        long count = 0;
        for (long ordinal = begin; ordinal <= end; ordinal++) {
            count += ring.isHole(ordinal) ? 0 : 1;
        }
        return count;
    }

    long firstReceivedFrom(long micros) {
        long ordinal = first;
        while (ordinal <= storedThrough && (ring.isHole(ordinal) || ring.received(ordinal) < micros)) {
            ordinal++;
        }
        return ordinal;
    }

    // ---- appending

    /** @throws IllegalArgumentException it does not follow the frames that are there */
    void add(Frame frame) {
        if (frame.ordinal() < ring.next()) {
            throw new IllegalArgumentException("frame " + frame.id() + " does not follow " + (ring.next() - 1));
        }
        while (ring.next() < frame.ordinal()) {
            ring.addHole();
        }
        ring.add(frame);
    }

    boolean hasMore() {
        return nextToSend < ring.next();
    }

    /** Whether frames that were stored are to be stored again. */
    boolean isBehind() {
        return nextUnwritten() <= storedThrough;
    }

    /** The oldest frame of which Redis has not said that it has it. */
    long nextUnwritten() {
        return behindHoles(Math.max(ring.first(), writtenThrough + 1));
    }

    /** The first frame from here on that is, or was, one. */
    private long behindHoles(long from) {
        long ordinal = from;
        while (ordinal < ring.next() && ring.isHole(ordinal)) {
            ordinal++;
        }
        return ordinal;
    }

    /** Whether frames may be written while others of this stream are on their way, and are enough to be worth it. */
    boolean isWorthGoingBehind(Batch before) {
        long bytes = 0;
        for (long ordinal = nextToSend; ordinal < ring.next() && bytes < WORTH_BYTES_AHEAD; ordinal++) {
            bytes += ring.size(ordinal);
        }
        return before.superseded.isEmpty() && superseded.isEmpty() && bytes >= WORTH_BYTES_AHEAD;
    }

    /** Takes the next frames into a batch, in a transaction that goes through only if the batch before it does. */
    void takeBehind(Batch before, Batch batch, long generation, byte[] ownerValue, long maxBytes) {
        batch.follow(keys, length + before.appended.size() - before.trimmed);
        take(batch, generation, ownerValue, before.appended.size(), maxBytes);
    }

    /**
     * Takes the next frames into a batch, in one transaction: they are appended together, or not at all.
     *
     * @param ownerValue what proves that nobody has begun a generation since
     */
    void take(Batch batch, long generation, byte[] ownerValue, long maxBytes) {
        take(batch, generation, ownerValue, 0, maxBytes);
    }

    private void take(Batch batch, long generation, byte[] ownerValue, int onTheirWay, long maxBytes) {
        long ordinal = behindHoles(Math.max(nextToSend, ring.first()));
        nextToSend = ordinal;
        if (ordinal >= ring.next()) {
            return;
        }
        batch.add(connection -> connection.sendCommand(Command.MULTI));
        if (!superseded.isEmpty()) {
            batch.superseded.addAll(superseded);
            List<byte[]> arguments = new ArrayList<>(List.of(ownerValue));
            superseded.forEach(entry -> arguments.add(entry.id()));
            // Whole: one that is not known would not keep the frames behind it from being appended.
            batch.add(connection ->
                    Script.TAKE_OUT.sendWhole(connection, List.of(keys.generation, keys.frames), arguments));
        }
        long most = Math.min(maxBytes, roomBytes);
        long together = superseded.stream().mapToLong(Entry::last).max().orElse(ordinal);
        while (ordinal < ring.next() && (batch.bytes < most || ordinal <= together)) {
            List<Frame> frames = pack(ordinal, generation);
            long number = added < 0 ? 0 : added + onTheirWay + batch.appended.size() + 1;
            Entry entry = new Entry(generation, ordinal, frames.size(), number);
            batch.add(connection -> connection.sendCommand(new CommandArguments(Command.XADD)
                    .add(keys.frames)
                    .add(entry.id())
                    .add(EntryFormat.PUBLISHER)
                    .add(EntryFormat.publisher(frames.get(0).publisher()))
                    .add(EntryFormat.META)
                    .add(EntryFormat.meta(frames))
                    .add(EntryFormat.FRAMES)
                    .add(new FrameBytes(frames))));
            batch.appended.add(entry);
            for (Frame frame : frames) {
                batch.bytes += frame.bytes();
            }
            ordinal = behindHoles(entry.last() + 1);
        }
        batch.add(connection -> connection.sendCommand(Command.EXEC));
        nextToSend = ordinal;
    }

    /** The frames of one entry, as of now of this generation unless somebody knows them under another. */
    private List<Frame> pack(long from, long generation) {
        List<Frame> frames = new ArrayList<>();
        int bytes = 0;
        for (long ordinal = from; ordinal < ring.next() && !ring.isHole(ordinal); ordinal++) {
            Frame frame = ring.frame(ordinal);
            bytes += frame.bytes();
            boolean fits = frames.size() < MOST_FRAMES_OF_ENTRY && bytes <= MOST_BYTES_OF_ENTRY;
            if (!frames.isEmpty()
                    && (!fits || !frame.publisher().equals(frames.get(0).publisher()))) {
                break;
            }
            if (frame.generation() != generation && ordinal > storedThrough) {
                frame = new Frame(
                        frame.content(),
                        generation,
                        ordinal,
                        frame.sequence(),
                        frame.receivedMicros(),
                        frame.publisher());
                ring.put(ordinal, frame);
            }
            frames.add(frame);
        }
        return frames;
    }

    /** Redis has appended a batch, and answered so to each of its commands. */
    void appended(Batch batch, List<?> answers) {
        if (!batch.superseded.isEmpty()) {
            entries.removeAll(batch.superseded);
            superseded.removeAll(batch.superseded);
            length -= (Long) answers.get(0);
        }
        batch.appended.forEach(this::isThere);
        if (!batch.superseded.isEmpty()) {
            number();
            lastTrimmed = beforeEntries();
        }
        roomBytes = Math.max(MOST_BYTES_OF_ENTRY, roomBytes > Long.MAX_VALUE / 2 ? Long.MAX_VALUE : 2 * roomBytes);
    }

    /** Nothing of a batch was appended, and in the same order it may be later. */
    void refused(Batch batch) {
        nextToSend = Math.min(nextToSend, batch.appended.get(0).first());
        roomBytes = batch.bytes / 8;
    }

    /** Nothing of a batch was appended, because nothing was of the one before. */
    void spoilt(Batch batch) {
        nextToSend = Math.min(nextToSend, batch.appended.get(0).first());
    }

    private void isThere(Entry entry) {
        entries.add(entry);
        length++;
        added += added < 0 ? 0 : 1;
        if (entry.isMarker()) {
            return;
        }
        for (long ordinal = Math.max(entry.first(), ring.first()); ordinal <= entry.last(); ordinal++) {
            ring.entry(ordinal, entry);
        }
        // Frames that are stored again may have been trimmed meanwhile.
        if (ring.contains(entry.last())) {
            facts.appended(ring.frame(entry.last()));
        }
        writtenThrough = Math.max(writtenThrough, entry.last());
    }

    /** All that is appended is as safe as was asked for. Returns whether that is more than before. */
    boolean confirm() {
        boolean more = writtenThrough > storedThrough;
        storedThrough = Math.max(storedThrough, writtenThrough);
        return more;
    }

    /** Ordinal of the newest frame that was ever appended. */
    long newest() {
        return Math.max(writtenThrough, storedThrough);
    }

    /** The first sequence of each publisher that Redis may not have. */
    Map<PublisherKey, Long> unwritten() {
        Map<PublisherKey, Long> unwritten = new HashMap<>();
        for (long ordinal = nextUnwritten(); ordinal < ring.next(); ordinal++) {
            if (!ring.isHole(ordinal)) {
                Frame frame = ring.frame(ordinal);
                unwritten.putIfAbsent(frame.publisher(), frame.sequence());
            }
        }
        return unwritten;
    }

    /** The last entry that a group has read whose cursor is at a frame, once a batch is done. */
    Entry position(long cursor, Batch batch) {
        if (cursor >= writtenThrough && !entries.isEmpty()) {
            return entries.peekLast();
        }
        for (long ordinal = cursor; ordinal >= ring.first(); ordinal--) {
            Entry entry = ring.entry(ordinal);
            if (entry != null && !entry.hasVanished()) {
                return entry;
            }
        }
        return batch.lastTrimmed == null ? lastTrimmed : batch.lastTrimmed;
    }

    /** Where a group is that has read none of the entries; of which there is one at least. */
    private Entry beforeEntries() {
        Entry oldest = entries.peek();
        return new Entry(
                oldest.isMarker() ? oldest.generation() - 1 : oldest.generation(),
                oldest.isMarker() ? Long.MAX_VALUE : oldest.first() - 1,
                1,
                Math.max(0, added - entries.size()));
    }

    // ---- trimming

    /** Frames are not needed any more. Returns whether there are any such. */
    boolean trim(long throughOrdinal) {
        long through = Math.min(throughOrdinal, storedThrough);
        if (through < first) {
            return false;
        }
        first = through + 1;
        trimThrough = through;
        facts.first(first);
        // They leave memory; where their entry is, is kept until it is trimmed as a whole.
        Entry last = ring.entry(through);
        ring.dropThrough(last != null && last.last() > through ? last.first() - 1 : through);
        return true;
    }

    boolean isTrimmable() {
        for (Entry entry : entries) {
            if (!entry.isMarker()) {
                return entry.last() <= trimThrough;
            }
        }
        return false;
    }

    /** Takes the entries that are not needed as a whole out of Redis; there must be one. */
    void takeTrim(Batch batch, Commit commit) {
        long passed = 0;
        for (Entry entry : entries) {
            passed++;
            if (entry.isMarker()) {
                // One that stands last stays, or groups that have not read it would seem to lag.
                continue;
            }
            if (entry.last() > trimThrough) {
                break;
            }
            batch.trimmed = passed;
            batch.lastTrimmed = entry;
        }
        byte[] least = new Entry(batch.lastTrimmed.generation(), batch.lastTrimmed.first() + 1, 0, 0).id();
        commit.add("XTRIM", keys.frames, "MINID", "=", least);
        batch.trimAt = commit.size() - 1;
    }

    /** What a batch was to trim is trimmed. */
    void trimmed(Batch batch, List<?> answers) {
        if (batch.trimmed == 0) {
            return;
        }
        for (int i = 0; i < batch.trimmed; i++) {
            entries.poll();
        }
        lastTrimmed = batch.lastTrimmed;
        length -= (Long) answers.get(batch.trimAt);
    }

    // ---- after a doubt

    /** Whether entries are just what was being appended. */
    boolean continuesWith(List<RedisEntry> landed, long generation) {
        long next = writtenThrough + 1;
        for (RedisEntry each : landed) {
            if (each.isMarker()) {
                continue;
            }
            while (next < each.first() && (next < ring.first() || next < ring.next() && ring.isHole(next))) {
                next++;
            }
            if (each.generation() != generation
                    || each.first() != next
                    || next + each.frames().size() > ring.next()) {
                return false;
            }
            next += each.frames().size();
        }
        return true;
    }

    /** Whether entries are frames of ours that were to be appended behind others, which were not. */
    boolean jumpsTo(List<RedisEntry> landed, long generation) {
        return !landed.isEmpty()
                && !continuesWith(landed, generation)
                && landed.stream()
                        .allMatch(each -> !each.isMarker()
                                && each.generation() == generation
                                && each.first() > writtenThrough + 1
                                && each.first() < ring.next());
    }

    /**
     * Goes on from what is in Redis, in a new generation.
     *
     * @param landed entries that were appended without an answer
     * @param missing entries that Redis does not have any more
     * @param extent of the stream, with the marker of the generation
     */
    Lost goOn(List<RedisEntry> landed, Set<Entry> missing, long generation, StreamExtent extent) {
        landed.forEach(each -> isThere(each.entry(0)));
        Lost lost = vanished(missing);
        nextToSend = nextUnwritten();
        added = extent.added();
        entries.add(new Entry(generation, 0, 0, 0));
        number();
        lastTrimmed = beforeEntries();
        length = extent.length();
        return lost;
    }

    /**
     * Frames that Redis had stored, and lost.
     *
     * @param frames how many
     * @param again how many of them are appended again from memory
     * @param from ordinal of the first of these, if there are any
     */
    record Lost(long frames, long again, long from) {
        private static final Lost NONE = new Lost(0, 0, 0);
    }

    /**
     * What is in memory of the missing entries is appended again, with all that lies behind it and has to come out of Redis
     * first: order is kept.
     */
    private Lost vanished(Set<Entry> missing) {
        // What was being taken out, or trimmed, when the reply was lost.
        entries.removeIf(entry -> missing.contains(entry) && superseded.remove(entry));
        while (!entries.isEmpty()
                && missing.contains(entries.peek())
                && (entries.peek().isMarker() || entries.peek().last() <= trimThrough)) {
            entries.poll();
        }
        List<Entry> gone = entries.stream()
                .filter(entry -> missing.contains(entry) && !entry.isMarker())
                .toList();
        entries.removeIf(missing::contains);
        long frames = 0;
        for (Entry entry : gone) {
            for (long each = Math.max(entry.first(), ring.first()); each <= entry.last(); each++) {
                ring.entry(each, entry.vanished());
                frames += ring.isHole(each) ? 0 : 1;
                if (ring.frame(each) == null) {
                    ring.makeHole(each);
                }
            }
        }
        return frames == 0
                ? Lost.NONE
                : appendAgain(frames, Math.max(gone.get(0).first(), ring.first()));
    }

    /** From the first frame on that Redis has lost and that is in memory with all that lies behind it. */
    private Lost appendAgain(long frames, long lost) {
        long cold = lost - 1;
        for (long each = lost; each < ring.next(); each++) {
            cold = ring.frame(each) == null && !ring.isHole(each) ? each : cold;
        }
        long from = cold + 1;
        while (from <= writtenThrough && (ring.isHole(from) || !ring.entry(from).hasVanished())) {
            from++;
        }
        if (from > writtenThrough) {
            return new Lost(frames, 0, from);
        }
        long again = 0;
        for (long each = from; each <= writtenThrough; each++) {
            again += ring.isHole(each) || !ring.entry(each).hasVanished() ? 0 : 1;
        }
        for (Entry entry : entries) {
            if (!entry.isMarker() && entry.last() >= from) {
                superseded.add(entry);
            }
        }
        writtenThrough = from - 1;
        return new Lost(frames, again, from);
    }

    /** Numbers all entries anew, from the newest, which was the last that was added. */
    private void number() {
        if (added < 0) {
            return;
        }
        List<Entry> all = List.copyOf(entries);
        entries.clear();
        for (int i = 0; i < all.size(); i++) {
            Entry entry = all.get(i).numbered(added - (all.size() - 1 - i));
            entries.add(entry);
            for (long each = Math.max(entry.first(), ring.first()); each <= entry.last(); each++) {
                if (entry.equals(ring.entry(each))) {
                    ring.entry(each, entry);
                }
            }
        }
    }
}
