package io.framebroker.client;

import io.framebroker.wire.FrameBody;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.WireWriter;

/** A frame that waits for its outcome. Changed under the publisher's lock only. */
final class RingFrame implements FrameBody {
    /** {@link #capturedMicros} of a frame without capture time. */
    static final long NO_TIME = Long.MIN_VALUE;

    final long sequence;
    final long capturedMicros;
    final boolean interCoded;
    final boolean dependsOnEarlier;

    private final NewFrame frame;
    private final int bytes;
    private final int unpackedBytes;

    /** What the payload is packed in; null when it is the publisher's own array. */
    private final byte[] buffer;

    /** Its outcome is known, though an earlier frame's is not. */
    private boolean resolved;

    /**
     * @param header serialized
     * @param packed null for a payload that travels as it is
     */
    RingFrame(long sequence, OutgoingFrame source, byte[] header, Packed packed) {
        this.sequence = sequence;
        this.capturedMicros =
                source.captured ? source.capturedSeconds * 1_000_000 + source.capturedNanos / 1_000 : NO_TIME;
        this.interCoded = source.interCoded();
        this.dependsOnEarlier = source.dependsOnEarlier();
        this.frame = packed == null
                ? new NewFrame(header, source.payload, source.offset, source.length)
                : new NewFrame(header, packed.array(), 0, packed.length());
        this.bytes = frame.serializedBytes();
        this.unpackedBytes = packed == null ? bytes : bytes - packed.length() + source.length;
        this.buffer = packed == null ? null : packed.array();
    }

    boolean resolved() {
        return resolved;
    }

    void resolve() {
        resolved = true;
    }

    /** Size of the frame, header and payload, if it were not packed. */
    int unpackedBytes() {
        return unpackedBytes;
    }

    /** Array that is to be used again when the frame has its outcome; null for none. */
    byte[] buffer() {
        return buffer;
    }

    /** Size of the frame, header and payload. */
    @Override
    public int serializedBytes() {
        return bytes;
    }

    @Override
    public void writeTo(WireWriter out) {
        frame.writeTo(out);
    }
}
