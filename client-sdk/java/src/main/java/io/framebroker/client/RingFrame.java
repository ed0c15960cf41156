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

    /** Its outcome is known, though an earlier frame's is not. */
    private boolean resolved;

    RingFrame(long sequence, OutgoingFrame source, boolean hasCrc, int crc32c) {
        this.sequence = sequence;
        this.capturedMicros =
                source.captured ? source.capturedSeconds * 1_000_000 + source.capturedNanos / 1_000 : NO_TIME;
        this.interCoded = source.interCoded();
        this.dependsOnEarlier = source.dependsOnEarlier();
        this.frame = new NewFrame(
                HeaderEncoder.encode(source, sequence, hasCrc, crc32c), source.payload, source.offset, source.length);
        this.bytes = frame.serializedBytes();
    }

    boolean resolved() {
        return resolved;
    }

    void resolve() {
        resolved = true;
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
