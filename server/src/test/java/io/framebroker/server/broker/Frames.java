package io.framebroker.server.broker;

import java.nio.ByteBuffer;

/** Frames whose bytes tell which ones they are. */
final class Frames {
    static final int LEAST_BYTES = 16;

    private Frames() {}

    static FrameContent of(long sequence, int bytes) {
        return of(0, sequence, bytes);
    }

    /** @param origin whatever tells two frames with the same sequence apart */
    static FrameContent of(long origin, long sequence, int bytes) {
        byte[] array = new byte[Math.max(bytes, LEAST_BYTES)];
        ByteBuffer.wrap(array).putLong(origin).putLong(sequence);
        return new FrameContent(array, 0, array.length, sequence, true, null);
    }

    /** The same, as video that cannot be decoded without the frame before. */
    static FrameContent delta(FrameContent frame) {
        return new FrameContent(frame.array(), frame.offset(), frame.length(), frame.sequence(), false, null);
    }

    /** Video that cannot be decoded without the frame before. */
    static FrameContent delta(long sequence) {
        return delta(of(sequence, 100));
    }

    static FrameContent bad(long sequence) {
        return new FrameContent(
                new byte[LEAST_BYTES],
                0,
                LEAST_BYTES,
                sequence,
                false,
                new FrameContent.Defect("CRC_MISMATCH", "damaged"));
    }

    static long origin(FrameContent content) {
        return ByteBuffer.wrap(content.array(), content.offset(), content.length())
                .getLong();
    }

    static long sequence(FrameContent content) {
        return ByteBuffer.wrap(content.array(), content.offset(), content.length())
                .getLong(content.offset() + 8);
    }
}
