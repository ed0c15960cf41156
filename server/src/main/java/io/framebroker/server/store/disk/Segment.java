package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * One file of chunks. Behind them lies a table with a copy of each chunk's header, so that no single damage hides a
 * chunk. What is free and what is not is guarded by {@link Chunks}; the bytes by whoever has the chunk.
 */
final class Segment {
    private static final int MAGIC = 0x46424331;
    private static final int HEADER = Chunk.DATA;

    private record Header(int size, Chunk.Kind kind, long stream, long number) {}

    private final int number;
    private final SegmentFile file;
    private final ByteBuffer bytes;
    private final int slots;
    private final Buddy buddy;
    private final Object forcing = new Object();
    /** Why it could not be forced; guarded by {@link #forcing}. */
    private IOException failure;
    /** What it is used for; FREE while nothing is taken. Guarded by {@link Chunks}. */
    private volatile Chunk.Kind use = Chunk.Kind.FREE;
    /** What is to be forced; guarded by this. */
    private int dirtyFrom = Integer.MAX_VALUE;

    private int dirtyTo;

    /** Size of the file of a segment. */
    static int fileBytes(int segmentBytes) {
        return segmentBytes + segmentBytes / Chunk.LEAST * HEADER;
    }

    Segment(int number, SegmentFile file, int segmentBytes) {
        this.number = number;
        this.file = file;
        this.bytes = file.bytes();
        this.slots = segmentBytes / Chunk.LEAST;
        this.buddy = new Buddy(slots);
    }

    int number() {
        return number;
    }

    ByteBuffer bytes() {
        return bytes;
    }

    Buddy buddy() {
        return buddy;
    }

    Chunk.Kind use() {
        return use;
    }

    void use(Chunk.Kind kind) {
        use = kind;
    }

    // ---- headers

    /** Makes all of it one free block. */
    void format(long headerNumber) {
        write(0, slots * Chunk.LEAST, Chunk.Kind.FREE, 0, headerNumber);
        buddy.release(0, order(slots * Chunk.LEAST));
    }

    /** Which order a block of so many bytes has. */
    static int order(int size) {
        return Integer.numberOfTrailingZeros(size / Chunk.LEAST);
    }

    /** Writes a header and its copy. Whichever is found alone later, the higher number is right. */
    void write(int slot, int size, Chunk.Kind kind, long stream, long headerNumber) {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0, MAGIC).putInt(8, size).putInt(12, kind.ordinal());
        header.putLong(16, stream).putLong(24, headerNumber).putInt(32, number).putInt(36, slot);
        header.putInt(4, crc(header));
        put(slot * Chunk.LEAST, header.array());
        put(slots * Chunk.LEAST + slot * HEADER, header.array());
    }

    /** Writes bytes, which are to be forced some time. */
    void put(int at, byte[] from, int offset, int length) {
        file.put(at, from, offset, length);
        touched(at, at + length);
    }

    private void put(int at, byte[] header) {
        put(at, header, 0, header.length);
    }

    private static int crc(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 8, HEADER - 8);
        return (int) crc.getValue();
    }

    private Header read(int at, int slot) {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        bytes.get(at, header.array());
        int size = header.getInt(8);
        int kind = header.getInt(12);
        boolean valid = header.getInt(0) == MAGIC
                && header.getInt(4) == crc(header)
                && header.getInt(32) == number
                && header.getInt(36) == slot
                && kind >= 0
                && kind < Chunk.Kind.values().length
                && size >= Chunk.LEAST
                && Integer.bitCount(size) == 1
                && slot % (size / Chunk.LEAST) == 0
                && slot + size / Chunk.LEAST <= slots;
        return valid ? new Header(size, Chunk.Kind.values()[kind], header.getLong(16), header.getLong(24)) : null;
    }

    // ---- at start

    /**
     * What a segment was found to hold.
     *
     * @param highest of all numbers in headers
     * @param damaged headers that were not as they were written
     * @param stale headers that were hidden, and are gone
     */
    record Found(List<Chunk> chunks, long highest, int damaged, int stale) {}

    /** Whether nobody has come to {@link #format} it. */
    boolean isBlank() {
        for (int slot = 0; slot < slots; slot++) {
            if (!isBlank(slot * Chunk.LEAST) || !isBlank(slots * Chunk.LEAST + slot * HEADER)) {
                return false;
            }
        }
        return true;
    }

    private boolean isBlank(int header) {
        for (int at = header; at < header + HEADER; at += Long.BYTES) {
            if (bytes.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Finds the chunks that somebody has; all others are free from now on. */
    Found walk(Findings findings) {
        List<Chunk> chunks = new ArrayList<>();
        long highest = 0;
        int damaged = 0;
        int stale = 0;
        int slot = 0;
        while (slot < slots) {
            Header own = read(slot * Chunk.LEAST, slot);
            Header copy = read(slots * Chunk.LEAST + slot * HEADER, slot);
            Header header = own == null || copy != null && copy.number > own.number ? copy : own;
            if (own == null || copy == null) {
                damaged++;
            }
            if (header == null) {
                findings.lostHeader(number, slot * Chunk.LEAST);
                slot++;
                continue;
            }
            if (own == null || copy == null) {
                int at = own == null ? slot * Chunk.LEAST : slots * Chunk.LEAST + slot * HEADER;
                findings.mendedHeader(number, at, isBlank(at));
            }
            if (!header.equals(own) || !header.equals(copy)) {
                write(slot, header.size, header.kind, header.stream, header.number);
            }
            highest = Math.max(highest, header.number);
            if (header.kind == Chunk.Kind.FREE) {
                buddy.release(slot, order(header.size));
            } else {
                int offset = slot * Chunk.LEAST;
                chunks.add(new Chunk(this, offset, header.size, header.kind, header.stream, header.number));
            }
            int end = slot + header.size / Chunk.LEAST;
            for (int inside = slot + 1; inside < end; inside++) {
                stale += forget(inside * Chunk.LEAST, inside) + forget(slots * Chunk.LEAST + inside * HEADER, inside);
            }
            slot = end;
        }
        return new Found(chunks, highest, damaged, stale);
    }

    /**
     * A loss of power can have taken back that a block was split, and kept the header of a chunk inside it with what was
     * written there. Neither may come back when the next loss of power keeps one half of the next split.
     */
    private int forget(int at, int slot) {
        Header hidden = read(at, slot);
        if (hidden == null || hidden.kind == Chunk.Kind.FREE) {
            return 0;
        }
        put(at, new byte[HEADER]);
        return 1;
    }

    // ---- forcing

    private synchronized void touched(int from, int to) {
        dirtyFrom = Math.min(dirtyFrom, from);
        dirtyTo = Math.max(dirtyTo, to);
    }

    /** Any of it may have been written by a process that was killed before it was forced. */
    void unsure() {
        touched(0, fileBytes(slots * Chunk.LEAST));
    }

    /** Blocks until everything that was written before the call is on the disk. Fails for ever when it failed once. */
    void force() throws IOException {
        // Whoever finds nothing to force has to wait for the one who found it.
        synchronized (forcing) {
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
            int from;
            int to;
            synchronized (this) {
                from = dirtyFrom;
                to = dirtyTo;
                dirtyFrom = Integer.MAX_VALUE;
                dirtyTo = 0;
            }
            if (from < to) {
                try {
                    file.force(from, to);
                } catch (IOException e) {
                    failure = e;
                    throw e;
                }
            }
        }
    }
}
