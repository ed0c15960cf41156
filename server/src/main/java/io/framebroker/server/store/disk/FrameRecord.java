package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.PublisherKey;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * How a frame lies in a chunk: a header with a checksum of its own and one of the frame, the publisher's id, the header's
 * checksum again; the frame as it came; then zero to seven bytes, so that the next one begins at a multiple of eight. A
 * header that is damaged hides only its own frame. Its checksum stands at both ends, so that half of one and half of
 * another that was written there after a crash make none, alike as they may be.
 *
 * @param at where its header begins in the chunk
 * @param received in microseconds since 1970
 * @param length of the frame in bytes
 */
record FrameRecord(
        Chunk chunk,
        int at,
        long generation,
        long ordinal,
        long sequence,
        long received,
        PublisherKey publisher,
        boolean keyframe,
        int idLength,
        int length,
        int crc) {
    private static final int MAGIC = 0x46424652;
    private static final int HEADER = 64;
    private static final int TRAILER = 4;
    private static final int KEYFRAME = 1;
    private static final int MOST_ID = 4096;

    /** Bytes a frame takes in a chunk at most. */
    static long bytes(Frame frame) {
        return align(HEADER + TRAILER + 3L * frame.publisher().id().length() + frame.bytes());
    }

    private static long align(long bytes) {
        return bytes + 7 & ~7L;
    }

    /** Where the next record begins. */
    int end() {
        return (int) align((long) at + HEADER + idLength + TRAILER + length);
    }

    /** Writes frames; keeps what it can use again. Guarded by its owner. */
    static final class Writer {
        private final CRC32C crc = new CRC32C();
        private PublisherKey publisher;
        private byte[] id;
        private byte[] header;
        private ByteBuffer fields;

        /** Writes a frame that fits. Returns where it ends. */
        int write(Chunk chunk, int at, Frame frame) {
            if (!frame.publisher().equals(publisher)) {
                publisher = frame.publisher();
                id = publisher.id().getBytes(StandardCharsets.UTF_8);
                header = new byte[HEADER + id.length + TRAILER];
                fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
                System.arraycopy(id, 0, header, HEADER, id.length);
            }
            FrameContent content = frame.content();
            crc.reset();
            crc.update(content.array(), content.offset(), content.length());
            fields.putInt(0, MAGIC).putInt(8, content.length()).putInt(12, (int) crc.getValue());
            fields.putLong(16, frame.generation()).putLong(24, frame.ordinal());
            fields.putLong(32, frame.sequence()).putLong(40, frame.receivedMicros());
            fields.putLong(48, publisher.epoch());
            fields.putInt(56, content.keyframe() ? KEYFRAME : 0).putInt(60, id.length);
            chunk.begin(crc);
            crc.update(header, 8, header.length - TRAILER - 8);
            fields.putInt(4, (int) crc.getValue());
            fields.putInt(header.length - TRAILER, (int) crc.getValue());
            chunk.put(at + header.length, content.array(), content.offset(), content.length());
            // Whoever finds the header after a crash of this process has to find the frame behind it.
            VarHandle.releaseFence();
            chunk.put(at, header, 0, header.length);
            return (int) align((long) at + header.length + content.length());
        }
    }

    /** The record whose header begins there; null when none does, or it is damaged. */
    static FrameRecord at(Chunk chunk, int at) {
        if (at + HEADER > chunk.size() || chunk.getInt(at) != MAGIC) {
            return null;
        }
        int idLength = chunk.getInt(at + 60);
        int length = chunk.getInt(at + 8);
        if (idLength < 0
                || idLength > MOST_ID
                || length < 0
                || (long) at + HEADER + idLength + TRAILER + length > chunk.size()) {
            return null;
        }
        byte[] header = new byte[HEADER + idLength + TRAILER];
        chunk.get(at, header, 0, header.length);
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        CRC32C crc = new CRC32C();
        chunk.begin(crc);
        crc.update(header, 8, header.length - TRAILER - 8);
        int sum = (int) crc.getValue();
        if (fields.getInt(4) != sum || fields.getInt(header.length - TRAILER) != sum) {
            return null;
        }
        String id = new String(header, HEADER, idLength, StandardCharsets.UTF_8);
        return new FrameRecord(
                chunk,
                at,
                fields.getLong(16),
                fields.getLong(24),
                fields.getLong(32),
                fields.getLong(40),
                new PublisherKey(id, fields.getLong(48)),
                (fields.getInt(56) & KEYFRAME) != 0,
                fields.getInt(60),
                fields.getInt(8),
                fields.getInt(12));
    }

    /** The first record whose header begins there or later; null when there is none. */
    static FrameRecord from(Chunk chunk, int at) {
        for (int each = at; each + HEADER <= chunk.size(); each += 8) {
            FrameRecord record = at(chunk, each);
            if (record != null) {
                return record;
            }
        }
        return null;
    }

    /** The frame; null when its bytes are not what was written. */
    Frame frame() {
        byte[] bytes = new byte[length];
        chunk.get(at + HEADER + idLength + TRAILER, bytes, 0, length);
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        if ((int) sum.getValue() != crc) {
            return null;
        }
        FrameContent content = new FrameContent(bytes, 0, length, sequence, keyframe, null);
        return new Frame(content, generation, ordinal, sequence, received, publisher);
    }

    /** Makes sure that nobody finds it again. */
    void erase() {
        chunk.put(at, new byte[HEADER], 0, HEADER);
    }
}
