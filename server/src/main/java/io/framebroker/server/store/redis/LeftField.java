package io.framebroker.server.store.redis;

import io.framebroker.server.broker.StreamRecord.Left;
import java.util.HashMap;
import java.util.Map;

/**
 * How an owner that leaves in order leaves pending frames, as it tells the next one: its generation, and runs of frames with a
 * letter for how, such as {@code 7 12-40R 41-41N 50-55I}. Whoever has any later generation than the next knows nothing by it.
 * Guarded by the stream's monitor.
 */
final class LeftField {
    /** Of the group's hash. */
    static final String NAME = "left";

    private final Map<Long, Left> frames = new HashMap<>();
    private final StringBuilder runs = new StringBuilder();

    /**
     * What is known to who opens the stream.
     *
     * @param value null or empty for nothing
     * @param generation that was begun to open it
     */
    static LeftField of(byte[] value, long generation) {
        LeftField field = new LeftField();
        if (value == null || value.length == 0) {
            return field;
        }
        String[] words = StreamKeys.text(value).split(" ");
        if (Long.parseLong(words[0]) == generation - 1) {
            for (int i = 1; i < words.length; i++) {
                int end = words[i].length() - 1;
                String[] ends = words[i].substring(0, end).split("-", 2);
                field.add(Long.parseLong(ends[0]), Long.parseLong(ends[1]), of(words[i].charAt(end)));
            }
        }
        return field;
    }

    private static Left of(char letter) {
        for (Left left : Left.values()) {
            if (letter(left) == letter) {
                return left;
            }
        }
        throw new IllegalArgumentException("a frame is left as '" + letter + "', which is none of R, N, I");
    }

    private static char letter(Left left) {
        return left.name().charAt(0);
    }

    void add(long first, long last, Left left) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            frames.put(ordinal, left);
        }
        runs.append(' ').append(first).append('-').append(last).append(letter(left));
    }

    /** Null when nothing is known. */
    Left get(long ordinal) {
        return frames.get(ordinal);
    }

    String text(long generation) {
        return runs.length() == 0 ? "" : Long.toString(generation) + runs;
    }
}
