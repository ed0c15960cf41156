package io.framebroker.server.broker;

/**
 * Sizes of the frames of a contiguous run of ordinals, so that the bytes between any two of them are one subtraction.
 * Guarded by the stream's lock.
 */
final class Span {
    private long[] endBytes = new long[64];
    private long first;
    private long next;
    private long bytesBeforeFirst;

    /** An empty span whose next frame has the given ordinal. */
    Span(long next) {
        this.first = next;
        this.next = next;
    }

    /** Ordinal of the first frame; {@link #next} when empty. */
    long first() {
        return first;
    }

    /** Ordinal the next frame will have. */
    long next() {
        return next;
    }

    void add(int bytes) {
        if (next - first == endBytes.length) {
            grow();
        }
        endBytes[slot(next)] = bytesThrough(next - 1) + bytes;
        next++;
    }

    void dropThrough(long ordinal) {
        if (ordinal >= first) {
            bytesBeforeFirst = bytesThrough(ordinal);
            first = ordinal + 1;
        }
    }

    /** Bytes of frames {@code from .. next - 1}. */
    long bytesFrom(long from) {
        return bytesThrough(next - 1) - bytesThrough(Math.max(from, first) - 1);
    }

    long bytesThrough(long ordinal) {
        return ordinal < first ? bytesBeforeFirst : endBytes[slot(ordinal)];
    }

    private int slot(long ordinal) {
        return (int) (ordinal & (endBytes.length - 1));
    }

    private void grow() {
        long[] larger = new long[endBytes.length * 2];
        for (long ordinal = first; ordinal < next; ordinal++) {
            larger[(int) (ordinal & (larger.length - 1))] = endBytes[slot(ordinal)];
        }
        endBytes = larger;
    }
}
