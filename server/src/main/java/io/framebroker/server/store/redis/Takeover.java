package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.PublisherKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/**
 * What the next owner of a stream found in Redis, as the one before it sees that later.
 *
 * @param generation of the last entry that Redis had
 * @param first ordinal of the first frame of that entry
 */
record Takeover(long generation, long first) {
    /** Nobody has written down what was found. */
    private static final Takeover UNKNOWN = new Takeover(Long.MAX_VALUE, 0);

    private static final Takeover OF_NOTHING = new Takeover(0, 0);

    /**
     * Reads what whoever took a stream from us found.
     *
     * @param ours our last generation
     * @param theirs generation of the owner there is now: not above ours when Redis has forgotten ours
     * @param me who we are
     */
    static Takeover of(Connection connection, StreamKeys keys, long ours, long theirs, String me) {
        connection.sendCommand(Command.LRANGE, keys.taken, StreamKeys.bytes(0), StreamKeys.bytes(-1));
        for (Object each : (List<?>) connection.getOne()) {
            String[] words = StreamKeys.text(each).split(" ", 3);
            if (Long.parseLong(words[0]) >= Math.min(ours, theirs) && !words[2].equals(me)) {
                return new Takeover(Entry.half(words[1], 0), Entry.half(words[1], 1));
            }
        }
        return theirs <= ours ? OF_NOTHING : UNKNOWN;
    }

    private boolean found(Entry entry) {
        return entry.generation() < generation || entry.generation() == generation && entry.first() <= first;
    }

    /** Frames of one publisher that are in memory. */
    private record Run(long from, long through, long frames) {
        Run and(Run next) {
            return new Run(from, next.through, frames + next.frames);
        }
    }

    /**
     * Frames that were stored, and that the next owner does not have. Its text names those that are in memory.
     *
     * @param frames how many
     */
    record Lacks(long frames, long from, long through, Map<PublisherKey, Run> known) {
        @Override
        public String toString() {
            String all = "ordinals " + from + " to " + through;
            return known.isEmpty()
                    ? all
                    : all + "; "
                            + known.entrySet().stream()
                                    .map(each -> each.getValue().frames + " of publisher " + each.getKey()
                                            + ", sequences " + Long.toUnsignedString(each.getValue().from) + " to "
                                            + Long.toUnsignedString(each.getValue().through))
                                    .collect(Collectors.joining("; "));
        }
    }

    /**
     * Compares it with what we had.
     *
     * @param from ordinal of the oldest frame that is not trimmed
     * @param storedThrough ordinal of the newest that was told to be stored
     * @param nextUnwritten the oldest frame that was to be stored again
     */
    Lacks lacks(FrameRing ring, long from, long storedThrough, long nextUnwritten) {
        long frames = 0;
        long oldest = 0;
        long newest = 0;
        Map<PublisherKey, Run> known = new LinkedHashMap<>();
        for (long ordinal = Math.max(from, ring.first()); ordinal <= storedThrough; ordinal++) {
            Entry entry = ring.entry(ordinal);
            boolean there = this == UNKNOWN || entry != null && ordinal < nextUnwritten && found(entry);
            if (ring.isHole(ordinal) || there) {
                continue;
            }
            oldest = frames == 0 ? ordinal : oldest;
            newest = ordinal;
            frames++;
            Frame frame = ring.frame(ordinal);
            if (frame != null) {
                known.merge(frame.publisher(), new Run(frame.sequence(), frame.sequence(), 1), Run::and);
            }
        }
        return new Lacks(frames, oldest, newest, known);
    }
}
