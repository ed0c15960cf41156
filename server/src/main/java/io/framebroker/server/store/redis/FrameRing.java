package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;

/** The frames of a stream by ordinal: those in memory, and the sizes, times and entries of all. Guarded by its owner. */
final class FrameRing {
    private Frame[] frames = new Frame[64];
    private Entry[] entries = new Entry[64];
    private int[] sizes = new int[64];
    private long[] received = new long[64];
    private long first;
    private long next;
    private boolean hasHoles;

    /** An empty ring whose next frame has the given ordinal. */
    FrameRing(long next) {
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
        int slot = add();
        frames[slot] = frame;
        sizes[slot] = frame.bytes();
        received[slot] = frame.receivedMicros();
    }

    /** Leaves a place that will stay empty. */
    void addHole() {
        add();
        hasHoles = true;
    }

    /** A frame that was here is gone for good. Where it lay stays known: groups may have it pending. */
    void makeHole(long ordinal) {
        int slot = slot(ordinal);
        frames[slot] = null;
        sizes[slot] = -1;
        received[slot] = 0;
        hasHoles = true;
    }

    /** Whether any frame between the first and the last may be missing. */
    boolean hasHoles() {
        return hasHoles;
    }

    private int add() {
        if (next - first == frames.length) {
            grow();
        }
        int slot = slot(next++);
        frames[slot] = null;
        entries[slot] = null;
        sizes[slot] = -1;
        received[slot] = 0;
        return slot;
    }

    void dropThrough(long ordinal) {
        while (first <= ordinal && first < next) {
            int slot = slot(first++);
            frames[slot] = null;
            entries[slot] = null;
        }
    }

    /** The frame; null when it is not in memory. */
    Frame frame(long ordinal) {
        return frames[slot(ordinal)];
    }

    void put(long ordinal, Frame frame) {
        frames[slot(ordinal)] = frame;
    }

    boolean isHole(long ordinal) {
        return sizes[slot(ordinal)] < 0;
    }

    int size(long ordinal) {
        return Math.max(0, sizes[slot(ordinal)]);
    }

    long received(long ordinal) {
        return received[slot(ordinal)];
    }

    /** The entry a frame lies in; null while it lies in none. */
    Entry entry(long ordinal) {
        return contains(ordinal) ? entries[slot(ordinal)] : null;
    }

    void entry(long ordinal, Entry entry) {
        entries[slot(ordinal)] = entry;
    }

    private int slot(long ordinal) {
        return (int) (ordinal & (frames.length - 1));
    }

    private void grow() {
        int size = frames.length;
        Frame[] oldFrames = frames;
        Entry[] oldEntries = entries;
        int[] oldSizes = sizes;
        long[] oldReceived = received;
        frames = new Frame[size * 2];
        entries = new Entry[size * 2];
        sizes = new int[size * 2];
        received = new long[size * 2];
        for (long ordinal = first; ordinal < next; ordinal++) {
            int from = (int) (ordinal & (size - 1));
            int to = slot(ordinal);
            frames[to] = oldFrames[from];
            entries[to] = oldEntries[from];
            sizes[to] = oldSizes[from];
            received[to] = oldReceived[from];
        }
    }
}
