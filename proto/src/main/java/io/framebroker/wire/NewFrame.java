package io.framebroker.wire;

import io.framebroker.v1.FrameHeader;

/** A frame about to be published: a header and somebody's pixels, which are not copied until the transport does. */
public final class NewFrame implements FrameBody {
    private final byte[] header;
    private final byte[] payload;
    private final int payloadOffset;
    private final int payloadLength;

    /** The payload must not change until the frame is acknowledged. */
    public NewFrame(FrameHeader header, byte[] payload, int offset, int length) {
        this(header.toByteArray(), payload, offset, length);
    }

    /** As above, with the header serialized already. */
    public NewFrame(byte[] header, byte[] payload, int offset, int length) {
        java.util.Objects.checkFromIndexSize(offset, length, payload.length);
        this.header = header;
        this.payload = payload;
        this.payloadOffset = offset;
        this.payloadLength = length;
    }

    @Override
    public int serializedBytes() {
        return WireWriter.lengthFieldBytes(header.length)
                + (payloadLength == 0 ? 0 : WireWriter.lengthFieldBytes(payloadLength));
    }

    @Override
    public void writeTo(WireWriter out) {
        out.lengthField(1, header.length);
        out.bytes(header, 0, header.length);
        if (payloadLength > 0) {
            out.lengthField(2, payloadLength);
            out.bytes(payload, payloadOffset, payloadLength);
        }
    }
}
