package io.framebroker.loadgen.check;

import java.util.BitSet;

/** A set of sequences from 1 up, cheap while they come without holes. Not safe for several threads. */
final class Sequences {
    /** Bits before which the part without holes is cut off. */
    private static final int TRIM_BITS = 1 << 16;

    /** All sequences up to this one are in. */
    private long through;

    /** Bit i stands for sequence {@code base + i}; the bits up to {@link #through} do not count. */
    private final BitSet above = new BitSet();

    private long base = 1;
    private long highest;
    private long size;

    /** Adds a sequence of 1 or more; false when it was in. */
    boolean add(long sequence) {
        if (sequence <= through) {
            return false;
        }
        if (sequence == through + 1 && highest == through) {
            through = sequence;
            highest = sequence;
            size++;
            return true;
        }
        return addAbove(sequence);
    }

    private boolean addAbove(long sequence) {
        if (above.isEmpty()) {
            base = through + 1;
        }
        int bit = Math.toIntExact(sequence - base);
        if (above.get(bit)) {
            return false;
        }
        above.set(bit);
        size++;
        highest = Math.max(highest, sequence);
        if (sequence == through + 1) {
            through = base + above.nextClearBit(bit) - 1;
            trim();
        }
        return true;
    }

    private void trim() {
        if (through == highest) {
            above.clear();
        } else if (through - base >= TRIM_BITS) {
            int cut = (int) (through + 1 - base);
            BitSet rest = above.get(cut, above.length());
            above.clear();
            above.or(rest);
            base = through + 1;
        }
    }

    boolean contains(long sequence) {
        return sequence >= 1 && (sequence <= through || sequence <= highest && above.get((int) (sequence - base)));
    }

    /** Largest sequence in the set; 0 when it is empty. */
    long highest() {
        return highest;
    }

    long size() {
        return size;
    }

    /** How many below the highest are not in the set. */
    long holes() {
        return highest - size;
    }
}
