package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import redis.clients.jedis.Connection;

/** What an operator sees of a stream in Redis. */
final class RedisTruth {
    private final RedisProcess redis;
    private final StreamKeys keys;

    RedisTruth(RedisProcess redis, String stream) {
        this.redis = redis;
        this.keys = new StreamKeys("fb:", stream);
    }

    String framesKey() {
        return new String(keys.frames, java.nio.charset.StandardCharsets.UTF_8);
    }

    String groupKey(String group) {
        return new String(keys.group(group), java.nio.charset.StandardCharsets.UTF_8);
    }

    String lettersKey(String group) {
        return new String(keys.letters(group), java.nio.charset.StandardCharsets.UTF_8);
    }

    String copiesKey(String group) {
        return new String(keys.copies(group), java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Ordinals of the dead letters, of which each has its copy. */
    Set<Long> letters(String group) {
        Set<String> ids = fields(lettersKey(group));
        Set<String> copies = fields(copiesKey(group));
        assertThat(copies).containsAll(ids.stream().map(id -> "f:" + id).toList());
        return ids.stream().map(id -> Entry.half(id, 1)).collect(Collectors.toSet());
    }

    private Set<String> fields(String key) {
        return ((List<?>) redis.call("HKEYS", key))
                .stream().map(String::valueOf).collect(Collectors.toSet());
    }

    String stateKey() {
        return new String(keys.state, java.nio.charset.StandardCharsets.UTF_8);
    }

    String ownerKey() {
        return new String(keys.owner, java.nio.charset.StandardCharsets.UTF_8);
    }

    long length() {
        return (Long) redis.call("XLEN", framesKey());
    }

    /** The entries that are no markers. */
    List<RedisEntry> entries() {
        List<RedisEntry> entries = new ArrayList<>();
        try (Connection connection = redis.connection()) {
            RedisEntry.pages(connection, keys.frames, "-", "+", entries::addAll);
        }
        entries.removeIf(RedisEntry::isMarker);
        return entries;
    }

    List<Frame> frames() {
        return entries().stream().flatMap(entry -> entry.frames().stream()).toList();
    }

    /** Deletes the newest entries, but for markers. */
    void dropTail(int entries) {
        List<RedisEntry> all = entries();
        for (RedisEntry each : all.subList(Math.max(0, all.size() - entries), all.size())) {
            redis.call("XDEL", framesKey(), each.generation() + "-" + each.first());
        }
    }

    /** Facts of a consumer group by name, as XINFO GROUPS tells them; null when there is none. */
    Map<String, Object> group(String group) {
        return groups().get(group);
    }

    Map<String, Map<String, Object>> groups() {
        Map<String, Map<String, Object>> groups = new TreeMap<>();
        for (Object each : (List<?>) redis.call("XINFO", "GROUPS", framesKey())) {
            Map<String, Object> facts = facts(each);
            groups.put((String) facts.get("name"), facts);
        }
        return groups;
    }

    List<String> consumers(String group) {
        return ((List<?>) redis.call("XINFO", "CONSUMERS", framesKey(), group))
                .stream().map(each -> (String) facts(each).get("name")).toList();
    }

    /** Delivery counts of a group's pending entries, by id. */
    TreeMap<String, Long> pending(String group) {
        TreeMap<String, Long> pending = new TreeMap<>();
        for (Object each : (List<?>) redis.call("XPENDING", framesKey(), group, "-", "+", 100_000)) {
            List<?> facts = (List<?>) each;
            pending.put((String) facts.get(0), (Long) facts.get(3));
        }
        return pending;
    }

    @Override
    public String toString() {
        List<?> ids = ((List<?>) redis.call("XRANGE", framesKey(), "-", "+"))
                .stream().map(each -> ((List<?>) each).get(0)).toList();
        return groups() + " " + ids + " " + redis.call("XINFO", "STREAM", framesKey());
    }

    private static Map<String, Object> facts(Object reply) {
        List<?> pairs = (List<?>) reply;
        Map<String, Object> facts = new HashMap<>();
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
            facts.put((String) pairs.get(i), pairs.get(i + 1));
        }
        return facts;
    }

    /** How many entries Redis says that a group has yet to read; null where it does not say. */
    Long lag(String group) {
        return (Long) group(group).get("lag");
    }

    /** How many entries there are behind the last one that a group has read, markers among them. */
    Long entriesBehind(String group) {
        return (long)
                ((List<?>) redis.call("XRANGE", framesKey(), "(" + group(group).get("last-delivered-id"), "+")).size();
    }

    /** Whether this Redis knows how far behind a group is (from 7.0 on). */
    boolean knowsLag() {
        return !redis.info("redis_version").startsWith("6.");
    }

    /** What must be pending in Redis for a group, by the frames. */
    TreeMap<String, Long> pendingFor(DrivenGroup group) {
        TreeMap<String, Long> pending = new TreeMap<>();
        for (RedisEntry entry : entries()) {
            long first = entry.first();
            long last = first + entry.frames().size() - 1;
            long from = Math.max(first, group.base + 1);
            long deliveries = 1;
            boolean open = false;
            for (long ordinal = from; from <= group.cursor && ordinal <= last; ordinal++) {
                open |= ordinal > group.cursor || group.pending.containsKey(ordinal);
                deliveries = Math.max(deliveries, group.pending.getOrDefault(ordinal, 1));
            }
            if (open) {
                pending.put(entry.generation() + "-" + first, deliveries);
            }
        }
        return pending;
    }
}
