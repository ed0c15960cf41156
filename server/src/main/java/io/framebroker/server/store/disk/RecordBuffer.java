package io.framebroker.server.store.disk;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A record of the journal while it is written, or read. Numbers take as many bytes as they need. */
final class RecordBuffer {
    private byte[] bytes;
    private int position;
    private int end;

    /** An empty one, to be written. */
    RecordBuffer() {
        bytes = new byte[256];
    }

    /** One to be read. */
    RecordBuffer(byte[] bytes) {
        this.bytes = bytes;
        this.end = bytes.length;
    }

    RecordBuffer clear() {
        end = 0;
        return this;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return end;
    }

    RecordBuffer put(long number) {
        room(10);
        long left = number;
        while ((left & ~0x7FL) != 0) {
            bytes[end++] = (byte) (left & 0x7F | 0x80);
            left >>>= 7;
        }
        bytes[end++] = (byte) left;
        return this;
    }

    RecordBuffer put(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        put(utf8.length);
        room(utf8.length);
        System.arraycopy(utf8, 0, bytes, end, utf8.length);
        end += utf8.length;
        return this;
    }

    private void room(int more) {
        if (end + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end + more, 2 * bytes.length));
        }
    }

    boolean hasMore() {
        return position < end;
    }

    long next() {
        long number = 0;
        for (int shift = 0; ; shift += 7) {
            byte each = bytes[position++];
            number |= (long) (each & 0x7F) << shift;
            if (each >= 0) {
                return number;
            }
        }
    }

    int nextInt() {
        return (int) next();
    }

    String nextText() {
        int length = nextInt();
        String text = new String(bytes, position, length, StandardCharsets.UTF_8);
        position += length;
        return text;
    }
}
