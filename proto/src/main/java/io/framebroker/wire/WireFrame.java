package io.framebroker.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.Compression;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A serialized {@code Frame} where it lies in an array, with the few header fields a broker decides by. Immutable as
 * long as nobody writes to the array; the array may hold other frames as well.
 */
public final class WireFrame implements FrameBody {
    private static final int HEADER = 1 << 3 | WireReader.LENGTH;
    private static final int PAYLOAD = 2 << 3 | WireReader.LENGTH;

    private static final int SEQUENCE = 1 << 3 | WireReader.VARINT;
    private static final int CAPTURE_TIME = 2 << 3 | WireReader.LENGTH;
    private static final int CODEC = 3 << 3 | WireReader.VARINT;
    private static final int KEYFRAME = 7 << 3 | WireReader.VARINT;
    private static final int CRC32C = 8 << 3 | WireReader.FIXED32;
    private static final int FRAME_ID = 9 << 3 | WireReader.LENGTH;
    private static final int TRACEPARENT = 10 << 3 | WireReader.LENGTH;
    private static final int COMPRESSION = 12 << 3 | WireReader.VARINT;
    private static final int UNCOMPRESSED_BYTES = 13 << 3 | WireReader.VARINT;
    private static final int ATTRIBUTES = 15 << 3 | WireReader.LENGTH;
    private static final int ATTRIBUTE_KEY = 1 << 3 | WireReader.LENGTH;
    private static final int ATTRIBUTE_VALUE = 2 << 3 | WireReader.LENGTH;

    /** Of a W3C trace context: version, trace id, span id, flags. Later versions may add to it, behind these. */
    private static final int TRACEPARENT_LENGTH = 55;

    private final byte[] array;
    private final int offset;
    private final int length;

    private int headerOffset;
    private int headerLength;
    private int headerParts;
    private int payloadOffset;
    private int payloadLength;
    private long sequence;
    private int codec;
    private boolean keyframe;
    private boolean hasCrc;
    private int crc32c;
    private int compression;
    private long uncompressedBytes;
    /** 0 when there is none. */
    private int traceparentOffset;

    private WireFrame(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
        this.headerOffset = offset;
        this.payloadOffset = offset;
    }

    /** Reads the frame in {@code array[offset .. offset + length)}. The array is kept, not copied. */
    public static WireFrame read(byte[] array, int offset, int length) {
        WireFrame frame = new WireFrame(array, offset, length);
        frame.scan(new WireReader(array, offset, length));
        return frame;
    }

    private void scan(WireReader in) {
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case HEADER -> {
                    headerLength = in.length();
                    headerOffset = in.position();
                    headerParts++;
                    int outer = in.enter(headerLength);
                    scanHeader(in);
                    in.leave(outer);
                }
                case PAYLOAD -> {
                    payloadLength = in.length();
                    payloadOffset = in.advance(payloadLength);
                }
                default -> in.skip(tag);
            }
        }
    }

    private void scanHeader(WireReader in) {
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case SEQUENCE -> sequence = in.varint();
                case CODEC -> codec = (int) in.varint();
                case KEYFRAME -> keyframe = in.varint() != 0;
                case CRC32C -> {
                    crc32c = in.fixed32();
                    hasCrc = true;
                }
                case COMPRESSION -> compression = (int) in.varint();
                case UNCOMPRESSED_BYTES -> uncompressedBytes = in.varint();
                // Nothing of these is wanted; but a frame that only we can read would fail every consumer it is sent
                // to.
                case CAPTURE_TIME -> in.skipMessage();
                case FRAME_ID -> in.skipString();
                case TRACEPARENT -> {
                    int start = in.skipString();
                    traceparentOffset = in.position() - start < TRACEPARENT_LENGTH ? 0 : start;
                }
                case ATTRIBUTES -> scanAttribute(in);
                default -> in.skip(tag);
            }
        }
    }

    /**
     * Whether the header has a trace context whose trace is recorded. For bytes that were read before: less is looked at
     * than by {@link #read}, and nothing is made.
     */
    public static boolean isTraced(byte[] array, int offset, int length) {
        int at = traceparent(array, offset, length);
        return at > 0 && isSampled(array, at);
    }

    /** Where a whole trace context starts; 0 when there is none. */
    private static int traceparent(byte[] array, int offset, int length) {
        try {
            WireReader in = new WireReader(array, offset, length);
            while (in.hasMore()) {
                int tag = in.tag();
                if (tag == HEADER) {
                    in.enter(in.length());
                    while (in.hasMore()) {
                        int field = in.tag();
                        if (field == TRACEPARENT) {
                            int bytes = in.length();
                            return bytes < TRACEPARENT_LENGTH ? 0 : in.advance(bytes);
                        }
                        in.skip(field);
                    }
                    return 0;
                }
                in.skip(tag);
            }
        } catch (MalformedMessageException e) {
            return 0;
        }
        return 0;
    }

    /** The last bit of the flags, which are two digits of base 16. */
    private static boolean isSampled(byte[] array, int traceparentOffset) {
        int flags = Character.digit((int) array[traceparentOffset + TRACEPARENT_LENGTH - 1], 16);
        return flags > 0 && (flags & 1) == 1;
    }

    private static void scanAttribute(WireReader in) {
        int outer = in.enter(in.length());
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case ATTRIBUTE_KEY, ATTRIBUTE_VALUE -> in.skipString();
                default -> in.skip(tag);
            }
        }
        in.leave(outer);
    }

    /** The array the frame lies in, not to be written to. */
    public byte[] array() {
        return array;
    }

    /** Where the serialized frame starts in {@link #array}. */
    public int offset() {
        return offset;
    }

    /** Unsigned; 0 when the header has none. */
    public long sequence() {
        return sequence;
    }

    /** Number of the {@code Codec}, also one this version does not know. */
    public int codec() {
        return codec;
    }

    /** Whether the header says so. */
    public boolean keyframe() {
        return keyframe;
    }

    /** Whether the header has a trace context whose trace is recorded. */
    public boolean isTraced() {
        return traceparentOffset > 0 && isSampled(array, traceparentOffset);
    }

    /** The trace context in the header, as far as the first version of the standard goes; empty when there is none. */
    public String traceparent() {
        return traceparentOffset == 0
                ? ""
                : new String(array, traceparentOffset, TRACEPARENT_LENGTH, StandardCharsets.ISO_8859_1);
    }

    public int payloadBytes() {
        return payloadLength;
    }

    /** Whether the payload, as sent, is what the publisher's checksum says; true when the header has none. */
    public boolean crcMatches() {
        return !hasCrc || payloadCrc32c() == crc32c;
    }

    /** Whether the header has a checksum. */
    public boolean hasCrc32c() {
        return hasCrc;
    }

    /** The checksum in the header; 0 when there is none. */
    public int declaredCrc32c() {
        return crc32c;
    }

    /** Computes the checksum of the payload. */
    public int payloadCrc32c() {
        return crc32c(array, payloadOffset, payloadLength);
    }

    /** CRC-32C (Castagnoli) of a part of an array. */
    public static int crc32c(byte[] array, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(array, offset, length);
        return (int) crc.getValue();
    }

    /** Whether the payload is packed, in a way this version knows or not. */
    public boolean isPacked() {
        return compression != 0 && compression != Compression.COMPRESSION_NONE.getNumber();
    }

    /** What a packed payload unpacks to by its header, in bytes, unsigned. Anybody may have written anything there. */
    public long uncompressedBytes() {
        return uncompressedBytes;
    }

    /**
     * The payload as it was before it was packed, in an array of its own. Nothing is allocated before the header's word was
     * checked against the limit and against what the bytes can hold at all.
     *
     * @param mostBytes largest payload wanted
     * @throws UnreadablePayloadException when it is larger, or not what the header says
     */
    public byte[] unpack(int mostBytes) throws UnreadablePayloadException {
        if (compression != Compression.COMPRESSION_LZ4.getNumber()) {
            throw UnreadablePayloadException.damaged(
                    "is packed with compression " + compression + ", which this version does not know");
        }
        return Lz4.fastest().unpack(array, payloadOffset, payloadLength, uncompressedBytes, mostBytes);
    }

    /** The header of the frame with its payload unpacked. It has no checksum: that spoke of the packed bytes. */
    public FrameHeader unpackedHeader() {
        return header().toBuilder()
                .clearCompression()
                .clearUncompressedBytes()
                .clearCrc32C()
                .build();
    }

    /** The payload, read-only and not copied. */
    public ByteBuffer payload() {
        return ByteBuffer.wrap(array, payloadOffset, payloadLength).slice().asReadOnlyBuffer();
    }

    /** A copy of the payload. */
    public byte[] payloadCopy() {
        byte[] copy = new byte[payloadLength];
        System.arraycopy(array, payloadOffset, copy, 0, payloadLength);
        return copy;
    }

    /** The whole header, parsed. */
    public FrameHeader header() {
        try {
            if (headerParts > 1) {
                return frame().getHeader();
            }
            return FrameHeader.parser().parseFrom(array, headerOffset, headerLength);
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedMessageException("frame header: " + e.getMessage());
        }
    }

    /** The whole frame, parsed and copied: for people and rare calls. */
    public Frame frame() {
        try {
            return Frame.parser().parseFrom(array, offset, length);
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedMessageException("frame: " + e.getMessage());
        }
    }

    /** The frame without its payload. */
    public FrameBody headerOnly() {
        if (headerParts > 1) {
            byte[] bytes = Frame.newBuilder().setHeader(header()).build().toByteArray();
            return read(bytes, 0, bytes.length);
        }
        return new FrameBody() {
            @Override
            public int serializedBytes() {
                return headerParts == 0 ? 0 : WireWriter.lengthFieldBytes(headerLength);
            }

            @Override
            public void writeTo(WireWriter out) {
                if (headerParts > 0) {
                    out.lengthField(1, headerLength);
                    out.bytes(array, headerOffset, headerLength);
                }
            }
        };
    }

    @Override
    public int serializedBytes() {
        return length;
    }

    @Override
    public void writeTo(WireWriter out) {
        out.bytes(array, offset, length);
    }

    @Override
    public String toString() {
        return "frame " + Long.toUnsignedString(sequence) + " (" + length + " bytes)";
    }
}
