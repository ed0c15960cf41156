package io.framebroker.loadgen.targets;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * How far the groups of a Redis stream have settled it, from what Redis answers to {@code XPENDING} of each group and then
 * {@code XINFO GROUPS}. Groups read in order, so everything in front of a group's oldest pending entry is settled; where
 * none is pending, everything it was given. Only ever moves on. Updated by one thread, read by any.
 */
final class SettledPositions {
    private final int entryFrames;

    /** Sequence through which each group has settled. */
    private final long[] through;

    private volatile long slowest;

    /** Counts frames, of which an entry has {@code entryFrames}. */
    SettledPositions(int groups, int entryFrames) {
        this.through = new long[groups];
        this.entryFrames = entryFrames;
    }

    static String group(int number) {
        return "g" + number;
    }

    /** Sequence of the last frame that every group has settled, with all frames before it; 0 for none. */
    long slowest() {
        return slowest;
    }

    /** Takes the summary {@code XPENDING} gives of a group: count, oldest id, newest id, by consumer. */
    void pending(int group, Object reply) {
        List<?> summary = (List<?>) reply;
        if (summary.get(1) instanceof byte[] oldest) {
            settledThrough(group, RedisEntries.sequence(oldest) - entryFrames);
        }
    }

    /** Takes what {@code XINFO GROUPS} says; count and last id of a group are of one moment. */
    void groups(Object reply) {
        for (Object each : (List<?>) reply) {
            List<?> fields = (List<?>) each;
            String name = text(field(fields, "name"));
            if (name.startsWith("g") && (Long) field(fields, "pending") == 0) {
                settledThrough(Integer.parseInt(name.substring(1)), RedisEntries.sequence((byte[])
                        field(fields, "last-delivered-id")));
            }
        }
        slowest = Arrays.stream(through).min().orElse(0);
    }

    private void settledThrough(int group, long sequence) {
        through[group] = Math.max(through[group], sequence);
    }

    private static Object field(List<?> fields, String name) {
        for (int i = 0; i < fields.size(); i += 2) {
            if (text(fields.get(i)).equals(name)) {
                return fields.get(i + 1);
            }
        }
        throw new TargetException("XINFO GROUPS does not tell '" + name + "'");
    }

    private static String text(Object value) {
        return new String((byte[]) value, StandardCharsets.UTF_8);
    }
}
