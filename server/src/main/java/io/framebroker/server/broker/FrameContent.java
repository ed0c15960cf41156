package io.framebroker.server.broker;

import java.util.Arrays;

/**
 * A frame as it came in: serialized bytes in {@code array[offset .. offset + length)}, never written to again, and the
 * header fields the core decides by.
 *
 * @param sequence the publisher's, unsigned; 0 when it gave none
 * @param keyframe whether it can be decoded without any other
 * @param defect why the frame cannot be taken; null when it can
 */
public record FrameContent(
        byte[] array, int offset, int length, long sequence, boolean keyframe, Defect defect, Traced traced) {
    /** Whether the publisher has a trace of the frame recorded. */
    public enum Traced {
        NO,
        YES,
        /** Nobody has looked. */
        NOT_KNOWN
    }

    /** Of which nobody knows whether it is traced. */
    public FrameContent(byte[] array, int offset, int length, long sequence, boolean keyframe, Defect defect) {
        this(array, offset, length, sequence, keyframe, defect, Traced.NOT_KNOWN);
    }

    /** The same frame in an array of its own, so that it does not keep a larger one alive. */
    public FrameContent compact() {
        return new FrameContent(
                Arrays.copyOfRange(array, offset, offset + length), 0, length, sequence, keyframe, defect, traced);
    }

    /**
     * What is wrong with a frame, for good.
     *
     * @param reason stable, in UPPER_SNAKE
     * @param message what, which limit, what to do
     */
    public record Defect(String reason, String message) {}
}
