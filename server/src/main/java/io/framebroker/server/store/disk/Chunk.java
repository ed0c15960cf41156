package io.framebroker.server.store.disk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A piece of a segment that belongs to one stream. Positions count from its beginning, where {@link #DATA} bytes are its
 * header.
 *
 * <p>A chunk is used again and again, and never under the same number: checksums of what is in it begin with that, so
 * that what an earlier use has left never passes for its own.
 */
final class Chunk {
    /** What it is used for, as it stands in headers. */
    enum Kind {
        FREE,
        FRAMES,
        JOURNAL,
        LETTERS;

        /** What a segment is used for that has such chunks: only journals have segments of their own. */
        Kind ofSegment() {
            return this == LETTERS ? FRAMES : this;
        }
    }

    static final int LEAST = 256 << 10;
    /** Where data begin. */
    static final int DATA = 64;

    private static final byte[] ZEROS = new byte[1 << 16];

    private final Segment segment;
    private final int offset;
    private final int size;
    private final Kind kind;
    private final long stream;
    private final long number;
    private final byte[] seed;

    /**
     * A chunk that is taken.
     *
     * @param offset of its first byte in the segment
     * @param number grows with each allocation, over all segments and starts
     */
    Chunk(Segment segment, int offset, int size, Kind kind, long stream, long number) {
        this.segment = segment;
        this.offset = offset;
        this.size = size;
        this.kind = kind;
        this.stream = stream;
        this.number = number;
        this.seed = ByteBuffer.allocate(2 * Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(stream)
                .putLong(number)
                .array();
    }

    Segment segment() {
        return segment;
    }

    int offset() {
        return offset;
    }

    int size() {
        return size;
    }

    Kind kind() {
        return kind;
    }

    long stream() {
        return stream;
    }

    long number() {
        return number;
    }

    int getInt(int at) {
        return segment.bytes().getInt(offset + at);
    }

    void get(int at, byte[] into, int from, int length) {
        segment.bytes().get(offset + at, into, from, length);
    }

    /** The bytes are to be forced some time. */
    void put(int at, byte[] bytes, int from, int length) {
        segment.put(offset + at, bytes, from, length);
    }

    /** Clears all but the header. */
    void clear() {
        for (int at = DATA; at < size; at += ZEROS.length) {
            put(at, ZEROS, 0, Math.min(ZEROS.length, size - at));
        }
    }

    /** A checksum that has seen whose chunk this is. */
    void begin(CRC32C crc) {
        crc.reset();
        crc.update(seed, 0, seed.length);
    }

    @Override
    public String toString() {
        return kind + " chunk " + number + " at " + offset + " of segment " + segment.number();
    }
}
