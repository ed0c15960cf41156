package io.framebroker.loadgen.check;

import java.util.Arrays;

/** A set of sequences, at one bit each. Not thread-safe. */
final class Bits {
    private long[] words = new long[4];

    /** False when it was in. */
    boolean add(int bit) {
        int word = bit >>> 6;
        if (word >= words.length) {
            words = Arrays.copyOf(words, Math.max(word + 1, words.length + (words.length >> 1)));
        }
        long mask = 1L << bit;
        boolean fresh = (words[word] & mask) == 0;
        words[word] |= mask;
        return fresh;
    }

    boolean has(int bit) {
        int word = bit >>> 6;
        return word < words.length && (words[word] & 1L << bit) != 0;
    }

    long count() {
        long count = 0;
        for (long word : words) {
            count += Long.bitCount(word);
        }
        return count;
    }

    /** The smallest at or above {@code from}; -1 when there is none. */
    int next(int from) {
        int word = from >>> 6;
        if (word >= words.length) {
            return -1;
        }
        long rest = words[word] & -1L << from;
        while (rest == 0) {
            if (++word == words.length) {
                return -1;
            }
            rest = words[word];
        }
        return (word << 6) + Long.numberOfTrailingZeros(rest);
    }

    Bits copy() {
        Bits copy = new Bits();
        copy.words = words.clone();
        return copy;
    }

    Bits plus(Bits other) {
        if (other.words.length > words.length) {
            words = Arrays.copyOf(words, other.words.length);
        }
        for (int i = 0; i < other.words.length; i++) {
            words[i] |= other.words[i];
        }
        return this;
    }

    Bits minus(Bits other) {
        for (int i = 0; i < Math.min(words.length, other.words.length); i++) {
            words[i] &= ~other.words[i];
        }
        return this;
    }
}
