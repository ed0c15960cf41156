package io.framebroker.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes protobuf fields to a stream. Small pieces gather in a scratch buffer, so that the transport sees few writes;
 * large ones pass it untouched. Used by one thread, then flushed and dropped.
 */
public final class WireWriter {
    private static final int SCRATCH_BYTES = 8 * 1024;
    private static final int GATHER_BELOW_BYTES = 1024;

    private final OutputStream out;
    private final byte[] scratch;
    private int used;

    WireWriter(OutputStream out, int expectedBytes) {
        this.out = out;
        this.scratch = new byte[Math.min(SCRATCH_BYTES, Math.max(expectedBytes, 64))];
    }

    public void bytes(byte[] array, int offset, int length) {
        if (length > scratch.length - used) {
            flush();
        }
        if (length <= GATHER_BELOW_BYTES && length <= scratch.length) {
            System.arraycopy(array, offset, scratch, used, length);
            used += length;
            return;
        }
        flush();
        try {
            out.write(array, offset, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void varint(long value) {
        if (scratch.length - used < 10) {
            flush();
        }
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            scratch[used++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        scratch[used++] = (byte) rest;
    }

    /** A field number with the type "varint", and its value; nothing for 0, which is what absence means. */
    void varintField(int field, long value) {
        if (value != 0) {
            varint((long) field << 3);
            varint(value);
        }
    }

    /** The start of a field of the type "length-delimited". */
    void lengthField(int field, int length) {
        varint((long) field << 3 | 2);
        varint(length);
    }

    void stringField(int field, byte[] utf8) {
        if (utf8.length > 0) {
            lengthField(field, utf8.length);
            bytes(utf8, 0, utf8.length);
        }
    }

    void flush() {
        if (used > 0) {
            try {
                out.write(scratch, 0, used);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            used = 0;
        }
    }

    static int varintBytes(long value) {
        return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    static int varintFieldBytes(int field, long value) {
        return value == 0 ? 0 : varintBytes((long) field << 3) + varintBytes(value);
    }

    static int lengthFieldBytes(int field, int length) {
        return varintBytes((long) field << 3) + varintBytes(length) + length;
    }

    static int stringFieldBytes(int field, byte[] utf8) {
        return utf8.length == 0 ? 0 : lengthFieldBytes(field, utf8.length);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
