package io.framebroker.server.broker;

/**
 * Where a frame stands in its stream.
 *
 * @param generation fencing number of the ownership it was stored under, 1 or more
 * @param ordinal position counted in frames from 1, without holes; grows across generations
 */
public record FrameId(long generation, long ordinal) {
    @Override
    public String toString() {
        return generation + "-" + ordinal;
    }
}
