package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The groups of a stream, and those that Redis has still to be rid of. Guarded by the stream's monitor. */
final class StreamGroups {
    private final StreamKeys keys;
    private final Map<String, RedisGroup> groups = new TreeMap<>();
    /** Groups that Redis has not confirmed to be gone, in the order they were deleted. */
    private final List<String> deleted = new ArrayList<>();

    StreamGroups(StreamKeys keys) {
        this.keys = keys;
    }

    /** Returns whether there was none of its name. */
    boolean add(RedisGroup group) {
        return groups.putIfAbsent(group.name(), group) == null;
    }

    /** Puts a group in the place of the one of its name. */
    void replace(RedisGroup group) {
        groups.put(group.name(), group);
    }

    void delete(String name) {
        RedisGroup gone = groups.remove(name);
        if (gone != null && gone.durable()) {
            deleted.add(name);
        }
    }

    /** Groups that were deleted, and are there again in Redis. */
    void areBack(Collection<String> names) {
        deleted.addAll(names);
    }

    /** @return null when there is none of this name */
    RedisGroup get(String name) {
        return groups.get(name);
    }

    Set<String> names() {
        return Set.copyOf(groups.keySet());
    }

    List<String> durable() {
        return groups.values().stream()
                .filter(RedisGroup::durable)
                .map(RedisGroup::name)
                .toList();
    }

    /** Whether Redis knows all there is to know. */
    boolean areTold() {
        return deleted.isEmpty() && groups.values().stream().allMatch(RedisGroup::isTold);
    }

    /**
     * It is not known what Redis was told of dead letters.
     *
     * @param inRedis by group
     * @return whether some are lost
     */
    boolean compareLetters(Map<String, RedisLetters.Names> inRedis) {
        boolean lost = false;
        for (RedisGroup group : groups.values()) {
            RedisLetters.Names names = inRedis.get(group.name());
            // A group that was made meanwhile has none.
            lost |= names != null && group.compareLetters(names, StreamLoader.LOST);
        }
        return lost;
    }

    boolean hasUnsentCopies() {
        return groups.values().stream().anyMatch(group -> group.letters().hasUnsentCopies());
    }

    /** Adds copies of frames that are to be dead letters, about so many bytes. */
    void copy(Batch batch, byte[] ownerValue, long maxBytes) {
        for (RedisGroup group : groups.values()) {
            long left = maxBytes
                    - batch.copies.stream().mapToLong(RedisLetters.Copy::bytes).sum();
            if (left <= 0) {
                return;
            }
            group.letters()
                    .takeCopies(left)
                    .forEach(each ->
                            batch.copy(group.letters(), each, ownerValue, keys.owner, keys.copies(group.name())));
        }
    }

    /** The entries are others than before. */
    void regroup() {
        groups.values().forEach(RedisGroup::regroup);
    }

    // ---- what Redis is told

    /** Adds what Redis has to be told now. */
    void tell(Commit commit, Batch batch, FrameLog frames, String consumer) {
        for (String gone : deleted) {
            commit.add("XGROUP", "DESTROY", keys.frames, gone);
            forget(commit, gone);
        }
        batch.groupsDeleted = deleted.size();
        for (RedisGroup group : groups.values()) {
            RedisGroup.Snapshot snapshot =
                    group.commit(commit, keys, consumer, cursor -> frames.position(cursor, batch));
            if (snapshot != null) {
                batch.groups.add(snapshot);
            }
        }
    }

    private void forget(Commit commit, String group) {
        commit.add("DEL", keys.group(group), keys.letters(group), keys.copies(group));
    }

    /** Those that a batch was to take out of Redis are gone. */
    void deletedBy(Batch batch) {
        deleted.subList(0, batch.groupsDeleted).clear();
    }

    /** The stream goes, and with it all that is kept of its groups. */
    void forgetAll(Commit commit) {
        groups.keySet().forEach(group -> forget(commit, group));
        deleted.forEach(group -> forget(commit, group));
    }

    void takeLeave(Commit commit, long generation) {
        groups.values().forEach(group -> group.takeLeave(commit, keys, generation));
    }

    /** Asks whether all is there still, of the groups of which nothing that happens would tell. */
    void look(Commit commit) {
        List<RedisGroup> told = groups.values().stream()
                .filter(group -> group.durable() && group.isTold())
                .toList();
        if (told.isEmpty()) {
            return;
        }
        List<Object> exist = new ArrayList<>(List.of("EXISTS", keys.state));
        told.forEach(group -> exist.add(keys.group(group.name())));
        commit.add(exist);
        commit.expect(1L + told.size(), "number of hashes of the stream and its groups");
        Map<String, Long> pending = new HashMap<>();
        told.forEach(group -> {
            pending.put(group.name(), group.pendingEntries());
            group.letters().look(commit, keys.letters(group.name()), keys.copies(group.name()));
        });
        commit.add("XINFO", "GROUPS", keys.frames);
        commit.expect(reply -> {
            Map<String, Long> missing = new TreeMap<>(pending);
            missing.entrySet()
                    .removeAll(StreamLoader.pendingByGroup((List<?>) reply).entrySet());
            return missing.isEmpty() ? null : "consumer groups do not have, by name, these pending entries: " + missing;
        });
    }
}
