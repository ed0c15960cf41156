package io.framebroker.client;

import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * Arrays that are used again: those that frames are packed in, and those that packed frames wait in until they have their
 * outcome. One for all publishers of a client. Keeps at most {@link #MOST_BYTES} while nobody uses them, the latest ones.
 * Thread-safe.
 */
final class PackBuffers {
    static final long MOST_BYTES = 32L << 20;

    /** Smaller arrays are left to the garbage collector, which is good at them. */
    private static final int LEAST_BYTES = 32 * 1024;

    private final ArrayDeque<byte[]> free = new ArrayDeque<>();
    private long freeBytes;

    /** An array of at least this size, and at most half as much again; what it holds is anybody's. */
    byte[] take(int leastBytes) {
        if (leastBytes < LEAST_BYTES) {
            return new byte[leastBytes];
        }
        byte[] found = find(leastBytes);
        // With something to spare, for the next picture that packs a little less well.
        return found == null ? new byte[(int) Math.min(Integer.MAX_VALUE - 8, leastBytes * 9L / 8)] : found;
    }

    /** Nobody may use the array any more. */
    synchronized void give(byte[] array) {
        if (array.length < LEAST_BYTES) {
            return;
        }
        free.addLast(array);
        freeBytes += array.length;
        while (freeBytes > MOST_BYTES) {
            freeBytes -= free.removeFirst().length;
        }
    }

    synchronized long freeBytes() {
        return freeBytes;
    }

    private synchronized byte[] find(int leastBytes) {
        for (Iterator<byte[]> latest = free.descendingIterator(); latest.hasNext(); ) {
            byte[] array = latest.next();
            if (array.length >= leastBytes && array.length <= leastBytes + leastBytes / 2L) {
                latest.remove();
                freeBytes -= array.length;
                return array;
            }
        }
        return null;
    }
}
