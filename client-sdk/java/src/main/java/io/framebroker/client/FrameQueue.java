package io.framebroker.client;

/** A first-in-first-out queue of frames in ascending sequence, in one array that grows as needed. Not thread-safe. */
final class FrameQueue {
    private RingFrame[] slots = new RingFrame[64];
    private int head;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The frame at this place, 0 being the oldest. */
    RingFrame get(int index) {
        return slots[(head + index) & (slots.length - 1)];
    }

    void add(RingFrame frame) {
        if (size == slots.length) {
            grow();
        }
        slots[(head + size++) & (slots.length - 1)] = frame;
    }

    RingFrame remove() {
        RingFrame frame = slots[head];
        slots[head] = null;
        head = (head + 1) & (slots.length - 1);
        size--;
        return frame;
    }

    /** Place of the frame with this sequence; negative when it is not there. */
    int indexOf(long sequence) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = get(middle).sequence;
            if (found == sequence) {
                return middle;
            }
            if (found < sequence) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    private void grow() {
        RingFrame[] larger = new RingFrame[slots.length * 2];
        for (int i = 0; i < size; i++) {
            larger[i] = get(i);
        }
        slots = larger;
        head = 0;
    }
}
