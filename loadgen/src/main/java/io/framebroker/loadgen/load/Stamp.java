package io.framebroker.loadgen.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * The first bytes of every payload: which frame it is and when it was due. They travel inside the payload, so that all
 * targets carry them alike, the checksum covers them, and reading them costs the same everywhere. Little-endian: run id
 * (8 bytes), sequence (8), intended send time in microseconds since 1970 (8), camera (4), check (4).
 */
public final class Stamp {
    public static final int BYTES = 32;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Stamp() {}

    public static void write(byte[] array, int offset, long runId, int camera, long sequence, long intendedMicros) {
        LONG.set(array, offset, runId);
        LONG.set(array, offset + 8, sequence);
        LONG.set(array, offset + 16, intendedMicros);
        INT.set(array, offset + 24, camera);
        INT.set(array, offset + 28, check(runId, sequence, camera));
    }

    /** Run id of a payload that starts at {@code offset} of a little-endian buffer. */
    public static long runId(ByteBuffer payload, int offset) {
        return payload.getLong(offset);
    }

    public static long sequence(ByteBuffer payload, int offset) {
        return payload.getLong(offset + 8);
    }

    public static long intendedMicros(ByteBuffer payload, int offset) {
        return payload.getLong(offset + 16);
    }

    public static int camera(ByteBuffer payload, int offset) {
        return payload.getInt(offset + 24);
    }

    /** Whether run, sequence and camera are as they were written; holds also where checksums are not compared. */
    public static boolean intact(ByteBuffer payload, int offset) {
        return payload.getInt(offset + 28)
                == check(runId(payload, offset), sequence(payload, offset), camera(payload, offset));
    }

    /** Microseconds since 1970, by the clock all processes of a machine share. */
    public static long nowMicros() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }

    private static int check(long runId, long sequence, int camera) {
        long mixed = (runId ^ Long.rotateLeft(sequence, 17) ^ (long) camera << 40) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32);
    }
}
