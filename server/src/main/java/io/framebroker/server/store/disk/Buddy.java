package io.framebroker.server.store.disk;

import java.util.BitSet;

/**
 * Which parts of a segment are free: blocks of {@code 1 << order} slots, each at a multiple of its size. Two free halves
 * of a block are one free block. Guarded by its owner.
 */
final class Buddy {
    private final int orders;
    /** By order: the first slots of the free blocks. */
    private final BitSet[] free;

    private int freeSlots;

    /** Nothing is free at first. @param slots a power of two */
    Buddy(int slots) {
        orders = Integer.numberOfTrailingZeros(slots) + 1;
        free = new BitSet[orders];
        for (int order = 0; order < orders; order++) {
            free[order] = new BitSet(slots);
        }
    }

    int freeSlots() {
        return freeSlots;
    }

    /** Order of the smallest free block of at least this order; -1 when there is none. */
    int fitting(int order) {
        for (int each = order; each < orders; each++) {
            if (!free[each].isEmpty()) {
                return each;
            }
        }
        return -1;
    }

    /**
     * Takes the lower end of the first free block of order {@code from}; what is left of that is free, as one block of
     * each order from {@code order} to {@code from - 1}.
     *
     * @return its first slot
     */
    int take(int order, int from) {
        int slot = free[from].nextSetBit(0);
        free[from].clear(slot);
        for (int each = from - 1; each >= order; each--) {
            free[each].set(slot + (1 << each));
        }
        freeSlots -= 1 << order;
        return slot;
    }

    /** Gives a block back. Returns the order of the free block it is in now, which is {@link #start} of it. */
    int release(int slot, int order) {
        freeSlots += 1 << order;
        int start = slot;
        int merged = order;
        while (merged < orders - 1 && free[merged].get(start ^ (1 << merged))) {
            free[merged].clear(start ^ (1 << merged));
            start &= ~(1 << merged);
            merged++;
        }
        free[merged].set(start);
        return merged;
    }

    /** First slot of the block of this order that a slot is in. */
    static int start(int slot, int order) {
        return slot & -(1 << order);
    }
}
