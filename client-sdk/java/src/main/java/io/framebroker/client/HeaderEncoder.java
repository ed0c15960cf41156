package io.framebroker.client;

import com.google.protobuf.CodedOutputStream;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * Writes a {@link FrameHeader} straight from an {@link OutgoingFrame}: at a million small frames a second, building the
 * generated message first would cost more than everything else. The answer is the same, which a test checks.
 */
final class HeaderEncoder {
    private static final int LZ4 = Compression.COMPRESSION_LZ4.getNumber();

    private HeaderEncoder() {}

    /** @param packed whether the payload travels packed with LZ4; the frame knows its size without */
    static byte[] encode(OutgoingFrame frame, long sequence, boolean hasCrc, int crc32c, boolean packed) {
        int captureBytes = frame.captured ? timestampBytes(frame) : 0;
        byte[] header = new byte[size(frame, sequence, hasCrc, captureBytes, packed)];
        CodedOutputStream out = CodedOutputStream.newInstance(header);
        try {
            write(out, frame, sequence, hasCrc, crc32c, captureBytes, packed);
        } catch (IOException e) {
            throw new UncheckedIOException("header of frame " + sequence, e);
        }
        out.checkNoSpaceLeft();
        return header;
    }

    private static int size(OutgoingFrame frame, long sequence, boolean hasCrc, int captureBytes, boolean packed) {
        int bytes = CodedOutputStream.computeUInt64Size(FrameHeader.SEQUENCE_FIELD_NUMBER, sequence);
        if (frame.captured) {
            bytes += CodedOutputStream.computeTagSize(FrameHeader.CAPTURE_TIME_FIELD_NUMBER)
                    + CodedOutputStream.computeUInt32SizeNoTag(captureBytes)
                    + captureBytes;
        }
        bytes += enumBytes(FrameHeader.CODEC_FIELD_NUMBER, frame.codec.getNumber());
        bytes += enumBytes(FrameHeader.PIXEL_FORMAT_FIELD_NUMBER, frame.pixelFormat.getNumber());
        bytes += uintBytes(FrameHeader.WIDTH_FIELD_NUMBER, frame.width);
        bytes += uintBytes(FrameHeader.HEIGHT_FIELD_NUMBER, frame.height);
        bytes += frame.keyframe ? CodedOutputStream.computeBoolSize(FrameHeader.KEYFRAME_FIELD_NUMBER, true) : 0;
        bytes += hasCrc ? CodedOutputStream.computeFixed32Size(FrameHeader.CRC32C_FIELD_NUMBER, 0) : 0;
        bytes += stringBytes(FrameHeader.FRAME_ID_FIELD_NUMBER, frame.frameId);
        bytes += stringBytes(FrameHeader.TRACEPARENT_FIELD_NUMBER, frame.traceparent);
        bytes += uintBytes(FrameHeader.STRIDE_BYTES_FIELD_NUMBER, frame.strideBytes);
        if (packed) {
            bytes += enumBytes(FrameHeader.COMPRESSION_FIELD_NUMBER, LZ4)
                    + uintBytes(FrameHeader.UNCOMPRESSED_BYTES_FIELD_NUMBER, frame.length);
        }
        bytes += frame.hasPts ? CodedOutputStream.computeInt64Size(FrameHeader.PTS_FIELD_NUMBER, frame.pts) : 0;
        for (Map.Entry<String, String> attribute : frame.attributes.entrySet()) {
            int entryBytes = entryBytes(attribute);
            bytes += CodedOutputStream.computeTagSize(FrameHeader.ATTRIBUTES_FIELD_NUMBER)
                    + CodedOutputStream.computeUInt32SizeNoTag(entryBytes)
                    + entryBytes;
        }
        return bytes;
    }

    private static void write(
            CodedOutputStream out,
            OutgoingFrame frame,
            long sequence,
            boolean hasCrc,
            int crc32c,
            int captureBytes,
            boolean packed)
            throws IOException {
        out.writeUInt64(FrameHeader.SEQUENCE_FIELD_NUMBER, sequence);
        if (frame.captured) {
            out.writeTag(FrameHeader.CAPTURE_TIME_FIELD_NUMBER, 2);
            out.writeUInt32NoTag(captureBytes);
            if (frame.capturedSeconds != 0) {
                out.writeInt64(1, frame.capturedSeconds);
            }
            if (frame.capturedNanos != 0) {
                out.writeInt32(2, frame.capturedNanos);
            }
        }
        writeEnum(out, FrameHeader.CODEC_FIELD_NUMBER, frame.codec.getNumber());
        writeEnum(out, FrameHeader.PIXEL_FORMAT_FIELD_NUMBER, frame.pixelFormat.getNumber());
        writeUint(out, FrameHeader.WIDTH_FIELD_NUMBER, frame.width);
        writeUint(out, FrameHeader.HEIGHT_FIELD_NUMBER, frame.height);
        if (frame.keyframe) {
            out.writeBool(FrameHeader.KEYFRAME_FIELD_NUMBER, true);
        }
        if (hasCrc) {
            out.writeFixed32(FrameHeader.CRC32C_FIELD_NUMBER, crc32c);
        }
        writeString(out, FrameHeader.FRAME_ID_FIELD_NUMBER, frame.frameId);
        writeString(out, FrameHeader.TRACEPARENT_FIELD_NUMBER, frame.traceparent);
        writeUint(out, FrameHeader.STRIDE_BYTES_FIELD_NUMBER, frame.strideBytes);
        if (packed) {
            writeEnum(out, FrameHeader.COMPRESSION_FIELD_NUMBER, LZ4);
            writeUint(out, FrameHeader.UNCOMPRESSED_BYTES_FIELD_NUMBER, frame.length);
        }
        if (frame.hasPts) {
            out.writeInt64(FrameHeader.PTS_FIELD_NUMBER, frame.pts);
        }
        for (Map.Entry<String, String> attribute : frame.attributes.entrySet()) {
            out.writeTag(FrameHeader.ATTRIBUTES_FIELD_NUMBER, 2);
            out.writeUInt32NoTag(entryBytes(attribute));
            out.writeString(1, attribute.getKey());
            out.writeString(2, attribute.getValue());
        }
    }

    private static int timestampBytes(OutgoingFrame frame) {
        return (frame.capturedSeconds == 0 ? 0 : CodedOutputStream.computeInt64Size(1, frame.capturedSeconds))
                + (frame.capturedNanos == 0 ? 0 : CodedOutputStream.computeInt32Size(2, frame.capturedNanos));
    }

    private static int entryBytes(Map.Entry<String, String> attribute) {
        return CodedOutputStream.computeStringSize(1, attribute.getKey())
                + CodedOutputStream.computeStringSize(2, attribute.getValue());
    }

    private static int enumBytes(int field, int number) {
        return number == 0 ? 0 : CodedOutputStream.computeEnumSize(field, number);
    }

    private static int uintBytes(int field, int value) {
        return value == 0 ? 0 : CodedOutputStream.computeUInt32Size(field, value);
    }

    private static int stringBytes(int field, String text) {
        return text.isEmpty() ? 0 : CodedOutputStream.computeStringSize(field, text);
    }

    private static void writeEnum(CodedOutputStream out, int field, int number) throws IOException {
        if (number != 0) {
            out.writeEnum(field, number);
        }
    }

    private static void writeUint(CodedOutputStream out, int field, int value) throws IOException {
        if (value != 0) {
            out.writeUInt32(field, value);
        }
    }

    private static void writeString(CodedOutputStream out, int field, String text) throws IOException {
        if (!text.isEmpty()) {
            out.writeString(field, text);
        }
    }
}
