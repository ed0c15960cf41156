package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;

/** Where a stream's frames are, by ordinal: 20 bytes a frame, and the frame where memory has it. Guarded by its owner. */
final class FrameIndex {
    private static final int HOLE = -1;

    private Frame[] frames = new Frame[64];
    /** In the chunk; what it is of a frame that is not written yet means nothing. */
    private int[] places = new int[64];

    private int[] sizes = new int[64];
    private long[] received = new long[64];
    private long first;
    private long next;
    private long holes;

    /** An empty one whose next frame has the given ordinal. */
    FrameIndex(long next) {
        this.first = next;
        this.next = next;
    }

    /** Ordinal of the oldest frame; {@link #next} when there is none. */
    long first() {
        return first;
    }

    long next() {
        return next;
    }

    boolean contains(long ordinal) {
        return ordinal >= first && ordinal < next;
    }

    void add(Frame frame) {
        add(frame.bytes(), frame.receivedMicros(), 0);
        put(next - 1, frame);
    }

    void add(int size, long receivedMicros, int place) {
        if (next - first == frames.length) {
            grow();
        }
        int slot = slot(next++);
        frames[slot] = null;
        places[slot] = place;
        sizes[slot] = size;
        received[slot] = receivedMicros;
    }

    /** Leaves a place that will stay empty. */
    void addHole() {
        add(HOLE, 0, 0);
        holes++;
    }

    /** A frame that was here is gone for good. */
    void makeHole(long ordinal) {
        holes += isHole(ordinal) ? 0 : 1;
        frames[slot(ordinal)] = null;
        sizes[slot(ordinal)] = HOLE;
        received[slot(ordinal)] = 0;
    }

    /** Whether any frame is missing. */
    boolean hasHoles() {
        return holes > 0;
    }

    /** How many of these are missing, all of which have to be here. Looks at those inside or outside, whichever are fewer. */
    long holes(long from, long through) {
        if (holes == 0 || from > through) {
            return 0;
        }
        long inside = through - from + 1;
        return inside <= next - first - inside
                ? counted(from, through)
                : holes - counted(first, from - 1) - counted(through + 1, next - 1);
    }

    private long counted(long from, long through) {
        long counted = 0;
        for (long ordinal = from; ordinal <= through; ordinal++) {
            counted += isHole(ordinal) ? 1 : 0;
        }
        return counted;
    }

    void dropThrough(long ordinal) {
        while (first <= ordinal && first < next) {
            holes -= isHole(first) ? 1 : 0;
            frames[slot(first++)] = null;
        }
    }

    /** The frame; null when it is not in memory. */
    Frame frame(long ordinal) {
        return frames[slot(ordinal)];
    }

    void put(long ordinal, Frame frame) {
        frames[slot(ordinal)] = frame;
    }

    int place(long ordinal) {
        return places[slot(ordinal)];
    }

    void place(long ordinal, int place) {
        places[slot(ordinal)] = place;
    }

    boolean isHole(long ordinal) {
        return sizes[slot(ordinal)] == HOLE;
    }

    int size(long ordinal) {
        return Math.max(0, sizes[slot(ordinal)]);
    }

    /** Microseconds since 1970; 0 for a hole. */
    long received(long ordinal) {
        return received[slot(ordinal)];
    }

    private int slot(long ordinal) {
        return (int) (ordinal & (frames.length - 1));
    }

    private void grow() {
        int mask = frames.length - 1;
        Frame[] oldFrames = frames;
        int[] oldPlaces = places;
        int[] oldSizes = sizes;
        long[] oldReceived = received;
        int length = 2 * frames.length;
        frames = new Frame[length];
        places = new int[length];
        sizes = new int[length];
        received = new long[length];
        for (long ordinal = first; ordinal < next; ordinal++) {
            int from = (int) (ordinal & mask);
            int to = slot(ordinal);
            frames[to] = oldFrames[from];
            places[to] = oldPlaces[from];
            sizes[to] = oldSizes[from];
            received[to] = oldReceived[from];
        }
    }
}
