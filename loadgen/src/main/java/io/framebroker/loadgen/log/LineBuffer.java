package io.framebroker.loadgen.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Lines on their way to a file, put together without an object each. Not thread-safe. */
final class LineBuffer {
    private static final int DIGITS = 20;

    private byte[] bytes = new byte[256];
    private int length;
    private final byte[] digits = new byte[DIGITS];

    LineBuffer verb(Verb verb) {
        return put(verb.text);
    }

    LineBuffer number(long number) {
        if (number < 0) {
            return word(Long.toString(number));
        }
        int at = DIGITS;
        long rest = number;
        do {
            digits[--at] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        put((byte) ' ');
        return put(digits, at, DIGITS - at);
    }

    /** Blanks in a word become underlines; an empty word becomes a dash. */
    LineBuffer word(String word) {
        put((byte) ' ');
        if (word.isEmpty()) {
            return put((byte) '-');
        }
        int start = length;
        put(word.getBytes(StandardCharsets.UTF_8));
        for (int i = start; i < length; i++) {
            // Bytes of other alphabets are negative.
            if (bytes[i] >= 0 && bytes[i] <= ' ') {
                bytes[i] = '_';
            }
        }
        return this;
    }

    /** A frame's place in its stream, as {@code generation-ordinal}. */
    LineBuffer id(long generation, long ordinal) {
        number(generation).put((byte) '-');
        int dash = length;
        number(ordinal);
        // number begins with a blank
        System.arraycopy(bytes, dash + 1, bytes, dash, length - dash - 1);
        length--;
        return this;
    }

    LineBuffer raw(String text) {
        return put(text.getBytes(StandardCharsets.UTF_8));
    }

    void end() {
        put((byte) '\n');
    }

    boolean isEmpty() {
        return length == 0;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    private LineBuffer put(byte[] source) {
        return put(source, 0, source.length);
    }

    private LineBuffer put(byte[] source, int from, int count) {
        reserve(count);
        System.arraycopy(source, from, bytes, length, count);
        length += count;
        return this;
    }

    private LineBuffer put(byte letter) {
        reserve(1);
        bytes[length++] = letter;
        return this;
    }

    private void reserve(int count) {
        if (length + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }
}
