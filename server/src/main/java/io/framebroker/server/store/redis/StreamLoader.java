package io.framebroker.server.store.redis;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/** Reads what owners before this one have left of a stream. Blocks; on the opener's thread. */
final class StreamLoader {
    private static final Logger log = LoggerFactory.getLogger(StreamLoader.class);
    private static final int PAGE = 1000;
    /** The newest frames are in memory at once, up to this: they are asked for most. The others stay in Redis. */
    private static final long WARM_BYTES = 2 << 20;
    /** Why a group does not get a frame that has vanished from Redis. */
    static final String LOST = "STORE_LOST";

    /**
     * What is there of a stream that is ours.
     *
     * @param coldThrough ordinal of the last of those frames that are not in memory; 0 when all are
     */
    record Loaded(
            long generation,
            long acquiredNanos,
            StreamFacts facts,
            FrameRing ring,
            List<Entry> entries,
            long added,
            long coldThrough) {}

    private final RedisFrameStore store;
    private final Connection connection;
    private final String stream;
    private final StreamKeys keys;
    private final Map<String, Map<String, byte[]>> groups = new TreeMap<>();
    private final Set<String> inRedis = new HashSet<>();
    private final List<String> deleted = new ArrayList<>();
    private final Map<Long, Entry> byFirst = new HashMap<>();
    /** Entries whose frames are in memory, oldest first. */
    private final ArrayDeque<RedisEntry> warm = new ArrayDeque<>();

    private long warmBytes;
    private long coldThrough;
    private long generation;
    private long leasedNanos;

    StreamLoader(RedisFrameStore store, Connection connection, String stream, StreamKeys keys) {
        this.store = store;
        this.connection = connection;
        this.stream = stream;
        this.keys = keys;
    }

    /** @param sinceNanos when it was asked for */
    Loaded load(long generation, long sinceNanos) {
        this.generation = generation;
        leasedNanos = sinceNanos;
        Map<String, byte[]> state = hash(keys.state);
        StreamFacts facts = StreamFacts.of(state);
        readGroups(facts.groups());
        long lastKnown = state.containsKey("last") ? Long.parseLong(StreamKeys.text(state.get("last"))) : 0;
        for (Map<String, byte[]> group : groups.values()) {
            lastKnown = Math.max(lastKnown, RedisGroup.cursor(group));
        }
        FrameRing ring = new FrameRing(facts.first());
        List<Entry> entries = new ArrayList<>();
        long added = StreamExtent.of(connection, keys.frames).added();
        RedisEntry.pages(connection, keys.frames, "-", "+", page -> {
            page.forEach(each -> entries.add(add(each, ring, facts)));
            keep();
        });
        if (added >= 0) {
            number(entries, added, ring);
        }
        while (ring.next() <= lastKnown) {
            ring.addHole();
        }
        if (ring.hasHoles()) {
            store.intrusion();
            log.error(
                    "stream {}: frames that were stored have vanished from Redis; groups skip them as {}",
                    stream,
                    LOST);
        }
        for (Entry entry : entries) {
            if (!entry.isMarker()) {
                byFirst.put(entry.first(), entry);
            }
        }
        return new Loaded(generation, leasedNanos, facts, ring, entries, added, coldThrough);
    }

    /** The newest entry is the last that was added. */
    private static void number(List<Entry> entries, long added, FrameRing ring) {
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i).numbered(added - (entries.size() - 1 - i));
            entries.set(i, entry);
            for (long each = Math.max(entry.first(), ring.first()); each <= entry.last(); each++) {
                ring.entry(each, entry);
            }
        }
    }

    /** Reading may take longer than the lease. */
    private void keep() {
        long now = System.nanoTime();
        if (now - leasedNanos > store.leaseNanos() / 3) {
            byte[] owner = StreamKeys.bytes(generation + " " + store.me());
            Script.COMMIT.call(connection, List.of(keys.owner), List.of(owner, StreamKeys.bytes(store.leaseMillis())));
            leasedNanos = now;
        }
    }

    private Entry add(RedisEntry each, FrameRing ring, StreamFacts facts) {
        Entry entry = each.entry(0);
        if (entry.isMarker() || entry.last() < ring.first()) {
            return entry;
        }
        if (entry.last() < ring.next()) {
            throw new IllegalStateException("stream " + stream + ": entry " + StreamKeys.text(entry.id())
                    + " comes behind frame " + (ring.next() - 1));
        }
        while (ring.next() < entry.first()) {
            ring.addHole();
        }
        for (Frame frame : each.frames()) {
            if (frame.ordinal() >= ring.next()) {
                ring.add(frame);
                ring.entry(frame.ordinal(), entry);
            }
        }
        facts.appended(each.frames().get(each.frames().size() - 1));
        warm.add(each);
        warmBytes += each.bytes();
        while (warmBytes > WARM_BYTES) {
            leaveInRedis(warm.remove(), ring);
        }
        return entry;
    }

    /** The frames of an entry share its bytes, so all of them leave memory, or none. */
    private void leaveInRedis(RedisEntry eldest, FrameRing ring) {
        warmBytes -= eldest.bytes();
        coldThrough = eldest.entry(0).last();
        for (long each = Math.max(eldest.first(), ring.first()); each <= coldThrough; each++) {
            ring.put(each, null);
        }
    }

    /**
     * Finds the groups and what was written of them.
     *
     * @param known those that there should be
     */
    private void readGroups(List<String> known) {
        connection.sendCommand(Command.XINFO, StreamKeys.bytes("GROUPS"), keys.frames);
        inRedis.addAll(pendingByGroup((List<?>) connection.getOne()).keySet());
        Set<String> all = new TreeSet<>(known);
        all.addAll(inRedis);
        for (String name : all) {
            Map<String, byte[]> hash = hash(keys.group(name));
            if (hash.containsKey("base") && known.contains(name)) {
                groups.put(name, hash);
            } else if (hash.containsKey("base")) {
                log.warn("stream {}: group {} was deleted, and Redis has gone back to before that", stream, name);
                deleted.add(name);
            } else if (known.contains(name)) {
                store.intrusion();
                log.error(
                        "stream {}: somebody has deleted {}, all that was known of group {}; the group is gone",
                        stream,
                        StreamKeys.text(keys.group(name)),
                        name);
            } else {
                log.warn("stream {}: consumer group {} is not one of ours and is left alone", stream, name);
            }
        }
    }

    /** Recovers the groups into an opened stream; what it returns goes to the core. */
    List<StreamRecord.OfGroup> groups(RedisStreamStore into, FrameRing ring) {
        List<StreamRecord.OfGroup> recovered = new ArrayList<>();
        groups.forEach((name, hash) -> {
            GroupSettings settings = RedisGroup.settings(hash);
            RedisGroup group = new RedisGroup(name, settings, true, RedisGroup.base(hash), ring::entry);
            if (!inRedis.contains(name)) {
                store.intrusion();
                log.error(
                        "stream {}: somebody has deleted consumer group {} in Redis; it is made again, without what was"
                                + " pending",
                        stream,
                        name);
            }
            List<Entry> pending = inRedis.contains(name) ? pendingEntries(name) : List.of();
            Map<String, byte[]> letters = hash(keys.letters(name));
            connection.sendCommand(Command.HKEYS, keys.copies(name));
            List<DeadLetter> withoutCopies =
                    group.letters().recover(letters, fields(connection), RedisGroup.restarts(hash));
            if (!withoutCopies.isEmpty()) {
                store.intrusion();
            }
            List<StreamRecord.Pending> frames = group.recover(hash, pending, withoutCopies, LOST, generation);
            keep();
            recovered.add(new StreamRecord.OfGroup(name, settings, frames, group.maybeDelivered(ring.next() - 1)));
            into.recovered(group);
        });
        into.recoverDeleted(deleted);
        return recovered;
    }

    /** What Redis has of the dead letters of groups. */
    static Map<String, RedisLetters.Names> letters(Set<String> groups, Connection connection, StreamKeys keys) {
        List<String> names = List.copyOf(groups);
        for (String name : names) {
            connection.sendCommand(Command.HKEYS, keys.letters(name));
            connection.sendCommand(Command.HKEYS, keys.copies(name));
        }
        Map<String, RedisLetters.Names> letters = new HashMap<>();
        for (String name : names) {
            letters.put(name, new RedisLetters.Names(fields(connection), fields(connection)));
        }
        return letters;
    }

    private static Set<String> fields(Connection connection) {
        Set<String> fields = new HashSet<>();
        connection.getBinaryMultiBulkReply().forEach(each -> fields.add(StreamKeys.text(each)));
        return fields;
    }

    /** Of the groups in Redis, those of ours that are not among these. */
    static List<String> groupsBut(Set<String> known, Connection connection, StreamKeys keys) {
        connection.sendCommand(Command.XINFO, StreamKeys.bytes("GROUPS"), keys.frames);
        List<String> others = new ArrayList<>();
        for (String name : pendingByGroup((List<?>) connection.getOne()).keySet()) {
            if (!known.contains(name)) {
                connection.sendCommand(Command.HEXISTS, keys.group(name), StreamKeys.bytes("base"));
                if (connection.getIntegerReply() == 1) {
                    others.add(name);
                }
            }
        }
        return others;
    }

    /** How many entries the pending list of each consumer group has, by what XINFO GROUPS answers. */
    static Map<String, Long> pendingByGroup(List<?> groups) {
        Map<String, Long> pending = new HashMap<>();
        for (Object each : groups) {
            List<?> info = (List<?>) each;
            String name = null;
            for (int i = 0; i + 1 < info.size(); i += 2) {
                switch (StreamKeys.text(info.get(i))) {
                    case "name" -> name = StreamKeys.text(info.get(i + 1));
                    case "pending" -> pending.put(name, (Long) info.get(i + 1));
                    default -> {
                        // Of no use here.
                    }
                }
            }
        }
        return pending;
    }

    /** The entries in a group's pending list, without those that are gone, oldest first. */
    private List<Entry> pendingEntries(String group) {
        List<Entry> pending = new ArrayList<>();
        String from = "-";
        while (from != null) {
            connection.sendCommand(
                    Command.XPENDING,
                    keys.frames,
                    StreamKeys.bytes(group),
                    StreamKeys.bytes(from),
                    StreamKeys.bytes("+"),
                    StreamKeys.bytes(PAGE));
            List<?> page = (List<?>) connection.getOne();
            String id = null;
            for (Object each : page) {
                id = StreamKeys.text(((List<?>) each).get(0));
                Entry entry = byFirst.get(Entry.half(id, 1));
                if (entry != null && entry.generation() == Entry.half(id, 0)) {
                    pending.add(entry);
                }
            }
            from = page.size() == PAGE ? "(" + id : null;
            keep();
        }
        return pending;
    }

    private Map<String, byte[]> hash(byte[] key) {
        connection.sendCommand(Command.HGETALL, key);
        List<byte[]> raw = connection.getBinaryMultiBulkReply();
        Map<String, byte[]> hash = new HashMap<>();
        for (int i = 0; i + 1 < raw.size(); i += 2) {
            hash.put(StreamKeys.text(raw.get(i)), raw.get(i + 1));
        }
        return hash;
    }
}
