package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.UnifiedJedis;

/**
 * An entry as it was read back; without frames when it is a marker, or nothing of ours. Methods that take a connection wait
 * for the reply.
 */
record RedisEntry(long generation, long first, List<Frame> frames) {
    private static final Logger log = LoggerFactory.getLogger(RedisEntry.class);
    private static final int FIRST_PAGE = 1;
    private static final int LARGEST_PAGE = 256;
    private static final long PAGE_BYTES = 4 << 20;

    Entry entry(long number) {
        return new Entry(generation, first, frames.size(), number);
    }

    boolean isMarker() {
        return frames.isEmpty();
    }

    /** Size of the frames. */
    long bytes() {
        return frames.stream().mapToLong(Frame::bytes).sum();
    }

    /** Entries behind {@code newest}, which may be null, up to the marker of a generation; other markers among them. */
    static List<RedisEntry> range(Connection connection, byte[] key, Entry newest, long generation) {
        List<RedisEntry> all = new ArrayList<>();
        String from = newest == null ? "-" : "(" + StreamKeys.text(newest.id());
        pages(connection, key, from, "(" + generation + "-0", all::addAll);
        return all;
    }

    /** Entries from one id through another, without markers. */
    static List<RedisEntry> between(UnifiedJedis commands, byte[] key, byte[] from, byte[] through) {
        CommandArguments range =
                new CommandArguments(Command.XRANGE).key(key).add(from).add(through);
        List<RedisEntry> entries = new ArrayList<>();
        for (Object each : (List<?>) commands.executeCommand(range)) {
            entries.add(read(key, each));
        }
        entries.removeIf(RedisEntry::isMarker);
        return entries;
    }

    /**
     * Reads entries, oldest first, in pages of a few MB. How large an entry is, is known when it is there, so a page may be
     * larger where entries are much larger than those before.
     */
    static void pages(Connection connection, byte[] key, String from, String through, Consumer<List<RedisEntry>> page) {
        String next = from;
        int count = FIRST_PAGE;
        while (next != null) {
            connection.sendCommand(
                    Command.XRANGE,
                    key,
                    StreamKeys.bytes(next),
                    StreamKeys.bytes(through),
                    StreamKeys.bytes("COUNT"),
                    StreamKeys.bytes(count));
            List<?> raw = (List<?>) connection.getOne();
            List<RedisEntry> entries = new ArrayList<>(raw.size());
            long largest = 1;
            for (Object each : raw) {
                RedisEntry entry = read(key, each);
                entries.add(entry);
                largest = Math.max(largest, entry.bytes());
            }
            page.accept(entries);
            next = raw.size() == count ? "(" + id(raw.get(raw.size() - 1)) : null;
            count = (int) Math.max(1, Math.min(Math.min(LARGEST_PAGE, 2L * count), PAGE_BYTES / largest));
        }
    }

    private static String id(Object raw) {
        return StreamKeys.text(((List<?>) raw).get(0));
    }

    /** @throws IllegalStateException a broker of another release wrote it */
    private static RedisEntry read(byte[] key, Object raw) {
        String id = id(raw);
        List<byte[]> fields = new ArrayList<>();
        for (Object each : (List<?>) ((List<?>) raw).get(1)) {
            fields.add((byte[]) each);
        }
        if (EntryFormat.isMarker(fields)) {
            return new RedisEntry(Entry.half(id, 0), Entry.half(id, 1), List.of());
        }
        try {
            return new RedisEntry(Entry.half(id, 0), Entry.half(id, 1), EntryFormat.read(id, fields));
        } catch (IllegalArgumentException e) {
            log.error("{}: {}; it is passed over, and trimmed in its turn", StreamKeys.text(key), e.getMessage());
            return new RedisEntry(Entry.half(id, 0), Entry.half(id, 1), List.of());
        }
    }
}
