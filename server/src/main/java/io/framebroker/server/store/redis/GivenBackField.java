package io.framebroker.server.store.redis;

import io.framebroker.server.broker.StreamRecord.GivenBack;
import java.util.HashMap;
import java.util.Map;

/**
 * Pending frames that nobody has, as the owner that leaves tells the next one: its generation, and runs of frames, such as
 * {@code 7 12-40 41-41+}, where a plus stands for an attempt that counts. Whoever has any later generation than the next
 * knows that somebody may have them. Guarded by the stream's monitor.
 */
final class GivenBackField {
    /** Of the group's hash. */
    static final String NAME = "given_back";

    private final Map<Long, GivenBack> frames = new HashMap<>();
    private final StringBuilder runs = new StringBuilder();

    /**
     * What is known to who opens the stream.
     *
     * @param value null or empty for nothing
     * @param generation that was begun to open it
     */
    static GivenBackField of(byte[] value, long generation) {
        GivenBackField field = new GivenBackField();
        if (value == null || value.length == 0) {
            return field;
        }
        String[] words = StreamKeys.text(value).split(" ");
        if (Long.parseLong(words[0]) == generation - 1) {
            for (int i = 1; i < words.length; i++) {
                boolean counted = words[i].endsWith("+");
                String[] ends = words[i].substring(0, words[i].length() - (counted ? 1 : 0))
                        .split("-", 2);
                field.add(Long.parseLong(ends[0]), Long.parseLong(ends[1]), counted);
            }
        }
        return field;
    }

    void add(long first, long last, boolean counted) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            frames.put(ordinal, counted ? GivenBack.COUNTED : GivenBack.UNCOUNTED);
        }
        runs.append(' ').append(first).append('-').append(last).append(counted ? "+" : "");
    }

    /** Null when somebody may have the frame. */
    GivenBack get(long ordinal) {
        return frames.get(ordinal);
    }

    String text(long generation) {
        return runs.length() == 0 ? "" : Long.toString(generation) + runs;
    }
}
