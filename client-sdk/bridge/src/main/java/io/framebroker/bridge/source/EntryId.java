package io.framebroker.bridge.source;

import java.nio.charset.StandardCharsets;

/**
 * Id of an entry of a Redis Stream: {@code millis-number}, both unsigned and 64 bits wide, ordered as Redis orders them.
 *
 * <p>The broker knows a frame by its {@link #sequence}, which is made of nothing but the id: the lower {@value #NUMBER_BITS}
 * bits are the number, those above the milliseconds. It grows with the id as long as both parts fit, because then
 * {@code millis << 20 | number} is {@code millis * 2^20 + number} with {@code number < 2^20}: a larger number makes it larger
 * within a millisecond, and the next millisecond is larger than every number of the one before. Ids whose parts do not fit
 * have no sequence; nothing is cut off.
 */
public record EntryId(long millis, long number) implements Comparable<EntryId> {
    public static final EntryId ZERO = new EntryId(0, 0);

    private static final int NUMBER_BITS = 20;

    /** Up to the year 2248. */
    public static final long MOST_MILLIS = (1L << 63 - NUMBER_BITS) - 1;

    /** A million entries in a millisecond. */
    public static final long MOST_NUMBER = (1L << NUMBER_BITS) - 1;

    /** @throws IllegalArgumentException when the text is no id as Redis writes them */
    public static EntryId parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 1) {
            throw new IllegalArgumentException("'" + text + "' is no entry id of the form 1753608701224-0");
        }
        return new EntryId(
                Long.parseUnsignedLong(text, 0, dash, 10), Long.parseUnsignedLong(text, dash + 1, text.length(), 10));
    }

    static EntryId parse(byte[] text) {
        return parse(new String(text, StandardCharsets.US_ASCII));
    }

    public boolean hasSequence() {
        return Long.compareUnsigned(millis, MOST_MILLIS) <= 0 && Long.compareUnsigned(number, MOST_NUMBER) <= 0;
    }

    /**
     * Position in the source as one number, 1 or more.
     *
     * @throws IllegalStateException when a part of the id is too large
     */
    public long sequence() {
        if (!hasSequence()) {
            throw new IllegalStateException("entry id " + this + " is above " + MOST_MILLIS + "-" + MOST_NUMBER);
        }
        return millis << NUMBER_BITS | number;
    }

    /** The id that has this sequence. */
    public static EntryId ofSequence(long sequence) {
        return new EntryId(sequence >>> NUMBER_BITS, sequence & MOST_NUMBER);
    }

    @Override
    public int compareTo(EntryId other) {
        int byMillis = Long.compareUnsigned(millis, other.millis);
        return byMillis != 0 ? byMillis : Long.compareUnsigned(number, other.number);
    }

    public byte[] bytes() {
        return toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** As Redis writes it. */
    @Override
    public String toString() {
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(number);
    }
}
