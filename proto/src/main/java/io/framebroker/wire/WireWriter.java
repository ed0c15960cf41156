package io.framebroker.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Writes protobuf fields with numbers of 1..15 to a stream. Small pieces gather in a scratch buffer, so that the transport sees
 * few writes; large ones pass it untouched. Used by one thread for one message.
 */
public final class WireWriter {
    private static final int SCRATCH_BYTES = 16 * 1024;
    private static final int GATHER_BELOW_BYTES = 1024;
    private static final int MOST_VARINT_BYTES = 10;

    /** Each thread's scratch buffer, which goes from message to message; null while it writes one. */
    private static final ThreadLocal<byte[]> SPARE = new ThreadLocal<>();

    private final OutputStream out;
    private final byte[] scratch;
    private int used;

    private WireWriter(OutputStream out, byte[] scratch) {
        this.out = out;
        this.scratch = scratch;
    }

    /** Writes a whole message. */
    static void write(OutputStream out, Consumer<WireWriter> content) {
        byte[] spare = SPARE.get();
        SPARE.set(null);
        WireWriter writer = new WireWriter(out, spare == null ? new byte[SCRATCH_BYTES] : spare);
        content.accept(writer);
        writer.flush();
        SPARE.set(writer.scratch);
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

    /** A field number with the type "varint", and its value; nothing for 0, which is what absence means. */
    void varintField(int field, long value) {
        if (value != 0) {
            tagged(field << 3 | WireReader.VARINT, value);
        }
    }

    /** The start of a field of the type "length-delimited". */
    void lengthField(int field, int length) {
        tagged(field << 3 | WireReader.LENGTH, length);
    }

    private void tagged(int tag, long value) {
        if (scratch.length - used <= MOST_VARINT_BYTES) {
            flush();
        }
        int at = used;
        scratch[at++] = (byte) tag;
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            scratch[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        scratch[at++] = (byte) rest;
        used = at;
    }

    void stringField(int field, byte[] utf8) {
        if (utf8.length > 0) {
            lengthField(field, utf8.length);
            bytes(utf8, 0, utf8.length);
        }
    }

    private void flush() {
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

    static int varintFieldBytes(long value) {
        return value == 0 ? 0 : 1 + varintBytes(value);
    }

    static int lengthFieldBytes(int length) {
        return 1 + varintBytes(length) + length;
    }

    static int stringFieldBytes(byte[] utf8) {
        return utf8.length == 0 ? 0 : lengthFieldBytes(utf8.length);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
