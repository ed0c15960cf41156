package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * How much Redis has of a stream. Methods wait for replies.
 *
 * @param length how many entries there are
 * @param added how many there ever were; negative where Redis does not count them
 */
record StreamExtent(long length, long added) {
    /** A group of the time of one script. No group of ours may have this name. */
    private static final String LOOKING = ":looking";

    private static final int MOST_IDS_OF_SCRIPT = 100 * Commit.MOST_IDS;

    static StreamExtent of(Connection connection, byte[] key) {
        connection.sendCommand(Command.XINFO, StreamKeys.bytes("STREAM"), key);
        List<?> info = (List<?>) connection.getOne();
        long length = 0;
        long added = -1;
        for (int i = 0; i + 1 < info.size(); i += 2) {
            switch (StreamKeys.text(info.get(i))) {
                case "length" -> length = (Long) info.get(i + 1);
                case "entries-added" -> added = (Long) info.get(i + 1);
                default -> {
                    // Of the other facts, first and last entry are the large ones.
                }
            }
        }
        return new StreamExtent(length, added);
    }

    /**
     * Those of the entries that Redis does not have. No frame is read for that: only what is there can be claimed.
     *
     * @param ownerValue what proves that the stream is ours
     */
    static Set<Entry> missing(
            Connection connection, StreamKeys keys, byte[] ownerValue, int leaseMillis, List<Entry> entries) {
        Set<Entry> missing = new HashSet<>();
        for (int from = 0; from < entries.size(); from += MOST_IDS_OF_SCRIPT) {
            missing.addAll(missingOfFew(
                    connection,
                    keys,
                    ownerValue,
                    leaseMillis,
                    entries.subList(from, Math.min(entries.size(), from + MOST_IDS_OF_SCRIPT))));
        }
        return missing;
    }

    private static Set<Entry> missingOfFew(
            Connection connection, StreamKeys keys, byte[] ownerValue, int leaseMillis, List<Entry> entries) {
        Commit commit = new Commit();
        // A script that was refused half way has left it.
        commit.add("XGROUP", "DESTROY", keys.frames, LOOKING);
        commit.add("XGROUP", "CREATE", keys.frames, LOOKING, "0");
        List<byte[]> ids = entries.stream().map(Entry::id).toList();
        for (int from = 0; from < ids.size(); from += Commit.MOST_IDS) {
            List<Object> claim = new ArrayList<>(List.of("XCLAIM", keys.frames, LOOKING, LOOKING, "0"));
            claim.addAll(ids.subList(from, Math.min(ids.size(), from + Commit.MOST_IDS)));
            claim.addAll(List.of("FORCE", "JUSTID"));
            commit.add(claim);
        }
        commit.add("XGROUP", "DESTROY", keys.frames, LOOKING);
        List<byte[]> arguments = new ArrayList<>(List.of(ownerValue, StreamKeys.bytes(leaseMillis)));
        arguments.addAll(commit.words());
        Object reply = Script.COMMIT.call(connection, List.of(keys.owner), arguments);
        if (!(reply instanceof List<?> replies)) {
            throw new JedisDataException("looking for entries was answered by " + reply);
        }
        Set<String> there = new HashSet<>();
        for (Object each : replies.subList(2, replies.size() - 1)) {
            ((List<?>) each).forEach(id -> there.add(StreamKeys.text(id)));
        }
        Set<Entry> missing = new HashSet<>();
        for (Entry entry : entries) {
            if (!there.contains(StreamKeys.text(entry.id()))) {
                missing.add(entry);
            }
        }
        return missing;
    }
}
