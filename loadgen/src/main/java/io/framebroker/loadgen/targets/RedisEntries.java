package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32C;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/**
 * How frames lie in a Redis stream. An entry's id is the sequence of its last frame, so an entry that is sent twice
 * cannot be stored twice. A large frame has two fields: {@code c}, its CRC-32C (4 bytes, little-endian), and {@code p},
 * the payload as it is, without a copy. Small frames lie in {@code p} alone, one or several: for each, length (4 bytes,
 * little-endian), CRC-32C (4) and payload; a field more would cost Redis more than the copy costs us (at 184 bytes a
 * twentieth of its time). Used by one thread.
 */
final class RedisEntries {
    static final int PREFIX_BYTES = 8;

    private static final byte[] CHECKSUM = {'c'};
    private static final byte[] PAYLOAD = {'p'};

    /** Below this a payload is copied. */
    private static final int SMALL_BYTES = 4_096;

    private final int entryFrames;
    private final boolean packed;
    private final boolean verify;
    private final CRC32C crc = new CRC32C();

    RedisEntries(Target target, Workload workload) {
        this.entryFrames = framesOf(target, workload);
        this.packed = entryFrames > 1 || workload.frameBytes() < SMALL_BYTES;
        this.verify = workload.verify();
    }

    /** Frames of an entry. */
    static int framesOf(Target target, Workload workload) {
        return target == Target.REDIS_BATCH ? workload.batch() : 1;
    }

    static byte[] id(long sequence) {
        return (sequence + "-0").getBytes(StandardCharsets.US_ASCII);
    }

    /** What {@link #id} was made of. */
    static long sequence(byte[] id) {
        long sequence = 0;
        for (byte digit : id) {
            if (digit == '-') {
                return sequence;
            }
            sequence = sequence * 10 + digit - '0';
        }
        throw new TargetException("'" + new String(id, StandardCharsets.UTF_8) + "' is no entry id");
    }

    /** Takes the next frame, or for a packed entry the next {@code dueMicros.length}, from the pool. */
    CommandArguments add(byte[] key, FramePool pool, long... dueMicros) {
        CommandArguments command = new CommandArguments(Command.XADD).add(key);
        if (packed) {
            byte[] frames = pack(pool, dueMicros);
            return command.add(id(pool.lastSequence())).add(PAYLOAD).add(frames);
        }
        byte[] payload = pool.take(dueMicros[0]);
        command.add(id(pool.lastSequence()));
        if (verify) {
            int sum = pool.crc32c(payload);
            byte[] checksum = {(byte) sum, (byte) (sum >>> 8), (byte) (sum >>> 16), (byte) (sum >>> 24)};
            command.add(CHECKSUM).add(checksum);
        }
        return command.add(PAYLOAD).add(payload);
    }

    private byte[] pack(FramePool pool, long[] dueMicros) {
        ByteBuffer frames = null;
        for (long due : dueMicros) {
            byte[] payload = pool.take(due);
            if (frames == null) {
                frames = ByteBuffer.allocate(dueMicros.length * (PREFIX_BYTES + payload.length))
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            frames.putInt(payload.length)
                    .putInt(verify ? pool.crc32c(payload) : 0)
                    .put(payload);
        }
        return frames.array();
    }

    /**
     * Hands the frames of an entry to an inbox.
     *
     * @param fields names and values in turn, as the server has them
     * @return how many frames there were
     */
    int take(byte[] id, List<?> fields, int camera, Inbox inbox) {
        byte[] value = (byte[]) fields.get(fields.size() - 1);
        ByteBuffer buffer = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        long first = sequence(id) - entryFrames + 1;
        if (!packed) {
            boolean matches = !verify || matches(value, 0, value.length, checksum((byte[]) fields.get(1)));
            inbox.accept(camera, buffer, 0, value.length, 1, first, matches);
            return 1;
        }
        int frames = 0;
        while (buffer.remaining() >= PREFIX_BYTES) {
            int length = buffer.getInt();
            int declared = buffer.getInt();
            int start = buffer.position();
            if (length < 0 || length > buffer.remaining()) {
                throw new TargetException("entry " + sequence(id) + " holds a frame of " + length + " bytes where "
                        + buffer.remaining() + " are left");
            }
            boolean matches = !verify || matches(value, start, length, declared);
            inbox.accept(camera, buffer, start, length, 1, first + frames, matches);
            buffer.position(start + length);
            frames++;
        }
        return frames;
    }

    private boolean matches(byte[] array, int offset, int length, int declared) {
        crc.reset();
        crc.update(array, offset, length);
        return (int) crc.getValue() == declared;
    }

    private static int checksum(byte[] field) {
        return ByteBuffer.wrap(field).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }
}
