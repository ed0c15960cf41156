package io.framebroker.wire;

/** A serialized {@code Frame} that can be written into a message as it is. */
public interface FrameBody {
    /** Bytes that {@link #writeTo} writes. */
    int serializedBytes();

    void writeTo(WireWriter out);
}
