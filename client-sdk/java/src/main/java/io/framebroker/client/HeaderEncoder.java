package io.framebroker.client;

import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes {@link FrameHeader}s straight from {@link OutgoingFrame}s: at a million small frames a second, building the
 * generated message first would cost more than everything else. The answer is the same, which a test checks. One header at a
 * time.
 */
final class HeaderEncoder {
    private static final int LZ4 = Compression.COMPRESSION_LZ4.getNumber();

    private static final int VARINT = 0;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private static final int MOST_VARINT_BYTES = 10;
    /** A field's tag, its length and a number in it. */
    private static final int MOST_FIELD_BYTES = 2 * MOST_VARINT_BYTES + 1;
    /** Of all fields but texts and attributes. */
    private static final int MOST_FIXED_BYTES = 15 * MOST_FIELD_BYTES;

    /** Where headers are written, from header to header. */
    private byte[] out = new byte[2 * MOST_FIXED_BYTES];

    private int at;

    /** @param packed whether the payload travels packed with LZ4; the frame knows its size without */
    byte[] encode(OutgoingFrame frame, long sequence, boolean hasCrc, int crc32c, boolean packed) {
        at = 0;
        room(MOST_FIXED_BYTES);
        field(FrameHeader.SEQUENCE_FIELD_NUMBER, sequence);
        if (frame.captured) {
            captureTime(frame.capturedSeconds, frame.capturedNanos);
        }
        number(FrameHeader.CODEC_FIELD_NUMBER, frame.codec.getNumber());
        number(FrameHeader.PIXEL_FORMAT_FIELD_NUMBER, frame.pixelFormat.getNumber());
        number(FrameHeader.WIDTH_FIELD_NUMBER, frame.width);
        number(FrameHeader.HEIGHT_FIELD_NUMBER, frame.height);
        number(FrameHeader.KEYFRAME_FIELD_NUMBER, frame.keyframe ? 1 : 0);
        if (hasCrc) {
            tag(FrameHeader.CRC32C_FIELD_NUMBER, FIXED32);
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                out[at++] = (byte) (crc32c >>> shift);
            }
        }
        text(FrameHeader.FRAME_ID_FIELD_NUMBER, frame.frameId);
        text(FrameHeader.TRACEPARENT_FIELD_NUMBER, frame.traceparent);
        number(FrameHeader.STRIDE_BYTES_FIELD_NUMBER, Integer.toUnsignedLong(frame.strideBytes));
        if (packed) {
            number(FrameHeader.COMPRESSION_FIELD_NUMBER, LZ4);
            number(FrameHeader.UNCOMPRESSED_BYTES_FIELD_NUMBER, frame.length);
        }
        if (frame.hasPts) {
            field(FrameHeader.PTS_FIELD_NUMBER, frame.pts);
        }
        if (!frame.attributes.isEmpty()) {
            attributes(frame.attributes);
        }
        return Arrays.copyOf(out, at);
    }

    /** Its length is written last, which takes one byte. */
    private void captureTime(long seconds, int nanos) {
        tag(FrameHeader.CAPTURE_TIME_FIELD_NUMBER, LENGTH);
        int lengthAt = at++;
        number(1, seconds);
        number(2, nanos);
        out[lengthAt] = (byte) (at - lengthAt - 1);
    }

    private void attributes(Map<String, String> attributes) {
        for (Map.Entry<String, String> attribute : attributes.entrySet()) {
            byte[] key = attribute.getKey().getBytes(StandardCharsets.UTF_8);
            byte[] value = attribute.getValue().getBytes(StandardCharsets.UTF_8);
            room(3 * MOST_FIELD_BYTES + key.length + value.length);
            tag(FrameHeader.ATTRIBUTES_FIELD_NUMBER, LENGTH);
            varint(2 + varintBytes(key.length) + key.length + varintBytes(value.length) + value.length);
            bytes(1, key);
            bytes(2, value);
        }
    }

    /** Nothing for an empty one. */
    private void text(int field, String text) {
        if (!text.isEmpty()) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            room(MOST_FIXED_BYTES + utf8.length);
            bytes(field, utf8);
        }
    }

    private void bytes(int field, byte[] bytes) {
        tag(field, LENGTH);
        varint(bytes.length);
        System.arraycopy(bytes, 0, out, at, bytes.length);
        at += bytes.length;
    }

    /** Nothing for 0, which is what absence means. */
    private void number(int field, long value) {
        if (value != 0) {
            field(field, value);
        }
    }

    private void field(int field, long value) {
        tag(field, VARINT);
        varint(value);
    }

    /** Fields 1..15. */
    private void tag(int field, int type) {
        out[at++] = (byte) (field << 3 | type);
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[at++] = (byte) rest;
    }

    private static int varintBytes(int value) {
        return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    /** From here on there is room for so many bytes. */
    private void room(int bytes) {
        if (out.length - at < bytes) {
            out = Arrays.copyOf(out, Math.max(2 * out.length, at + bytes));
        }
    }
}
