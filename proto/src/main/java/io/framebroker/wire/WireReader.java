package io.framebroker.wire;

import com.google.protobuf.UnsafeByteOperations;
import java.nio.charset.StandardCharsets;

/**
 * Reads protobuf fields from a part of an array. Every read stays inside the part: bytes that lie about their length end
 * in {@link MalformedMessageException}, never in an index error.
 */
final class WireReader {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int LENGTH = 2;
    static final int FIXED32 = 5;

    private static final int MAX_GROUP_DEPTH = 32;

    private final byte[] array;
    private int position;
    private int limit;

    WireReader(byte[] array, int offset, int length) {
        this.array = array;
        this.position = offset;
        this.limit = offset + length;
    }

    boolean hasMore() {
        return position < limit;
    }

    int position() {
        return position;
    }

    int limit() {
        return limit;
    }

    /** Narrows the reader to the next {@code length} bytes; give the answer to {@link #leave}. */
    int enter(int length) {
        int outer = limit;
        limit = position + length;
        return outer;
    }

    void leave(int outerLimit) {
        position = limit;
        limit = outerLimit;
    }

    /** Field number and type of the next field, as {@code number << 3 | type}. */
    int tag() {
        long tag = varint();
        if (tag >>> 3 == 0 || tag >>> 32 != 0) {
            throw new MalformedMessageException("field number 0 or too large at byte " + position);
        }
        return (int) tag;
    }

    long varint() {
        if (position < limit && array[position] >= 0) {
            return array[position++];
        }
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (position >= limit) {
                throw truncated();
            }
            byte next = array[position++];
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new MalformedMessageException("varint longer than 10 bytes at byte " + position);
    }

    int fixed32() {
        int start = advance(4);
        return (array[start] & 0xFF)
                | (array[start + 1] & 0xFF) << 8
                | (array[start + 2] & 0xFF) << 16
                | (array[start + 3] & 0xFF) << 24;
    }

    /** Length of the next length-delimited value, which is known to be there. */
    int length() {
        long length = varint();
        if (length < 0 || length > limit - position) {
            throw new MalformedMessageException("length " + length + " at byte " + position + " is beyond the "
                    + (limit - position) + " bytes left");
        }
        return (int) length;
    }

    /** Passes over {@code length} bytes and returns where they start. */
    int advance(int length) {
        if (length > limit - position) {
            throw truncated();
        }
        int start = position;
        position += length;
        return start;
    }

    String string() {
        int length = stringLength();
        return new String(array, advance(length), length, StandardCharsets.UTF_8);
    }

    /** Returns where the string starts. */
    int skipString() {
        return advance(stringLength());
    }

    /** Length of the next string, which has to be UTF-8: a receiver with generated classes refuses anything else. */
    private int stringLength() {
        int length = length();
        for (int i = position; i < position + length; i++) {
            if (array[i] < 0) {
                if (!UnsafeByteOperations.unsafeWrap(array, i, position + length - i)
                        .isValidUtf8()) {
                    throw new MalformedMessageException("string at byte " + position + " is not UTF-8");
                }
                break;
            }
        }
        return length;
    }

    /** Passes over a message of which nothing is wanted, but which has to be one. */
    void skipMessage() {
        int outer = enter(length());
        while (hasMore()) {
            skip(tag());
        }
        leave(outer);
    }

    void skip(int tag) {
        skip(tag, 0);
    }

    private void skip(int tag, int depth) {
        switch (tag & 7) {
            case VARINT -> varint();
            case FIXED64 -> advance(8);
            case LENGTH -> advance(length());
            case FIXED32 -> advance(4);
            case 3 -> skipGroup(tag, depth);
            default -> throw new MalformedMessageException("wire type " + (tag & 7) + " at byte " + position);
        }
    }

    private void skipGroup(int startTag, int depth) {
        if (depth >= MAX_GROUP_DEPTH) {
            throw new MalformedMessageException("groups nested deeper than " + MAX_GROUP_DEPTH);
        }
        int endTag = startTag & ~7 | 4;
        for (int tag = tag(); tag != endTag; tag = tag()) {
            skip(tag, depth + 1);
        }
    }

    private MalformedMessageException truncated() {
        return new MalformedMessageException("message ends in the middle of a field at byte " + position);
    }
}
