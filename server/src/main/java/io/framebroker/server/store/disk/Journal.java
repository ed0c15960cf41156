package io.framebroker.server.store.disk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Records of one stream in a chunk, each written twice, into the lower and the upper half at the same place, so that
 * damage to one does no harm. The first record is the whole state; when the chunk is full the state goes into a fresh
 * one. Guarded by its owner.
 */
final class Journal {
    /** Checksum, then length and type in one number. */
    private static final int HEADER = 8;

    private static final int TYPE_BITS = 8;
    /** A record of the journal's own: that records in front of a place have been forced. */
    private static final byte FORCED = 127;

    private static final int MOST_LENGTH = (1 << 24) - 1;
    /** A chunk has room for so many times the state it begins with. */
    private static final int TIMES_STATE = 8;

    /** What is read from a journal. */
    interface Records {
        void record(byte type, RecordBuffer body);
    }

    /**
     * What was found in a chunk.
     *
     * @param end where the next record goes; 0 when the chunk does not begin with a whole state
     * @param mended where the damaged ones of those records lie of which one of the two was damaged
     * @param damaged places of the lower half where both were, and records were left out
     * @param torn whether the end did not get to the disk as a whole: the last record is there once, or what is behind the
     *     first gap that was not forced is left out, for it may tell of what is not there
     */
    record Found(int end, List<Integer> mended, List<Integer> damaged, boolean torn) {
        private static final Found NOTHING = new Found(0, List.of(), List.of(), false);

        boolean asWritten() {
            return mended.isEmpty() && damaged.isEmpty() && !torn;
        }
    }

    /**
     * @param gap whether something that cannot be read is in front of it
     * @param mended where the one of the two lies that is damaged; 0 when none is
     */
    private record Record(byte type, byte[] body, int at, boolean gap, int mended) {}

    private final CRC32C crc = new CRC32C();
    private byte[] record = new byte[128];
    private ByteBuffer fields = wrap(record);
    private final RecordBuffer own = new RecordBuffer();
    private Chunk chunk;
    private int end;
    /** Records in front of this have been forced to the disk. */
    private int forced;

    private int forcedWritten;

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    Chunk chunk() {
        return chunk;
    }

    /** Size of a chunk that is good for a state of so many bytes. */
    static long bytesFor(int stateBytes) {
        return 2L * (Chunk.DATA + TIMES_STATE * (HEADER + (long) stateBytes));
    }

    /** Size of the smallest chunk that takes it. */
    static long leastFor(int stateBytes) {
        return 2L * (Chunk.DATA + 3 * HEADER + (long) stateBytes);
    }

    /** Goes on in a chunk that was there before. */
    void resume(Chunk known, int endOfRecords) {
        chunk = known;
        end = endOfRecords;
    }

    /** Goes on in a fresh chunk that begins with the state. Returns the chunk before; null when there was none. */
    Chunk move(Chunk fresh, byte type, RecordBuffer state) {
        Chunk before = chunk;
        // What another use has left would be looked through at the next start, in vain.
        fresh.clear();
        chunk = fresh;
        forced = 0;
        forcedWritten = 0;
        end = Chunk.DATA;
        if (!add(type, state)) {
            throw new IllegalStateException(
                    "a state of " + state.length() + " bytes does not fit into a journal of " + fresh.size());
        }
        return before;
    }

    /** Adds a record. Returns false when it does not fit, or there is no chunk yet. */
    boolean add(byte type, RecordBuffer body) {
        if (forced > forcedWritten) {
            forcedWritten = forced;
            add(FORCED, own.clear().put(forced), HEADER);
        }
        return add(type, body, HEADER);
    }

    /** Where the next record goes. */
    int end() {
        return end;
    }

    /** What was in front of a place in a chunk has been forced. */
    void forced(Chunk in, int before) {
        if (in == chunk) {
            forced = before;
        }
    }

    /** Adds a record without a body, for which there is always room; the last one. */
    void addLast(byte type) {
        add(type, new RecordBuffer(), 0);
    }

    private boolean add(byte type, RecordBuffer body, int spare) {
        if (chunk == null) {
            return false;
        }
        int length = HEADER + body.length();
        int half = chunk.size() / 2;
        if (body.length() > MOST_LENGTH || align(end + length) + spare > half) {
            return false;
        }
        if (length > record.length) {
            record = new byte[2 * length];
            fields = wrap(record);
        }
        System.arraycopy(body.bytes(), 0, record, HEADER, body.length());
        fields.putInt(4, body.length() << TYPE_BITS | type & 0xFF);
        fields.putInt(0, sum(chunk, end, record, length, crc));
        chunk.put(end, record, 0, length);
        chunk.put(half + end, record, 0, length);
        end = align(end + length);
        return true;
    }

    /** Where a record stands is part of its sum, so that none passes for another. */
    private static int sum(Chunk of, int at, byte[] record, int length, CRC32C crc) {
        of.begin(crc);
        crc.update(at);
        crc.update(at >> 8);
        crc.update(at >> 16);
        crc.update(at >> 24);
        crc.update(record, 4, length - 4);
        return (int) crc.getValue();
    }

    /** Reads the records of a chunk, as far as one of the two is as it was written. */
    static Found read(Chunk chunk, byte stateType, Records records) {
        List<Record> all = find(chunk);
        if (all.isEmpty() || all.get(0).gap || all.get(0).type != stateType) {
            return Found.NOTHING;
        }
        long forcedBefore = forcedBefore(all);
        Record last = all.get(all.size() - 1);
        // Of a process that was killed between the two: nobody has done it harm.
        boolean writtenOnce = last.mended > 0 && last.at >= forcedBefore;
        int end = 0;
        List<Integer> mended = new ArrayList<>();
        List<Integer> damaged = new ArrayList<>();
        for (Record each : all) {
            if (each.gap && end >= forcedBefore) {
                return new Found(end, mended, damaged, true);
            }
            if (each.gap) {
                damaged.add(end);
            }
            if (each.mended > 0 && !(each == last && writtenOnce)) {
                mended.add(each.mended);
            }
            if (each.type != FORCED) {
                records.record(each.type, new RecordBuffer(each.body));
            }
            end = align(each.at + HEADER + each.body.length);
        }
        return new Found(end, mended, damaged, writtenOnce);
    }

    private static long forcedBefore(List<Record> records) {
        long forcedBefore = 0;
        for (Record each : records) {
            if (each.type == FORCED) {
                forcedBefore = new RecordBuffer(each.body).next();
            }
        }
        return forcedBefore;
    }

    /** Whether a chunk that does not begin with a whole state once did: part of it had been forced. */
    static boolean wasWhole(Chunk chunk) {
        return forcedBefore(find(chunk)) > 0;
    }

    private static List<Record> find(Chunk chunk) {
        int half = chunk.size() / 2;
        List<Record> all = new ArrayList<>();
        boolean gap = false;
        for (int at = Chunk.DATA; at + HEADER <= half; ) {
            byte[] lower = recordAt(chunk, 0, at);
            byte[] upper = recordAt(chunk, half, at);
            byte[] found = lower == null ? upper : lower;
            if (found == null) {
                gap = true;
                at += Long.BYTES;
                continue;
            }
            byte[] body = Arrays.copyOfRange(found, HEADER, found.length);
            int mended = lower == null ? at : upper == null ? half + at : 0;
            all.add(new Record(found[4], body, at, gap, mended));
            gap = false;
            at = align(at + found.length);
        }
        return all;
    }

    private static int align(int bytes) {
        return bytes + 7 & ~7;
    }

    private static byte[] recordAt(Chunk chunk, int half, int at) {
        int lengthAndType = chunk.getInt(half + at + 4);
        int length = HEADER + (lengthAndType >>> TYPE_BITS);
        if ((byte) lengthAndType == 0 || at + length > chunk.size() / 2) {
            return null;
        }
        byte[] record = new byte[length];
        chunk.get(half + at, record, 0, length);
        return wrap(record).getInt(0) == sum(chunk, at, record, length, new CRC32C()) ? record : null;
    }
}
