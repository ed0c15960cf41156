package io.framebroker.loadgen.worker;

import io.framebroker.loadgen.log.FrameSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Payloads that follow from the run's seed and the frame's name, so that whoever knows both can tell whether a payload is the right
 * one. Sizes follow too: from half of the largest to the largest.
 */
public final class CheckedPayload {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final long FNV_OFFSET = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x0000_0100_0000_01B3L;

    private CheckedPayload() {}

    /** @param mostBytes 2 or more */
    public static byte[] of(long seed, FrameSource source, long sequence, int mostBytes) {
        long state = hash(seed, source, sequence);
        byte[] payload = new byte[size(state, mostBytes)];
        int at = 0;
        for (; at + Long.BYTES <= payload.length; at += Long.BYTES) {
            state += GOLDEN;
            LONG.set(payload, at, mixed(state));
        }
        long last = mixed(state + GOLDEN);
        for (; at < payload.length; at++) {
            payload[at] = (byte) last;
            last >>>= Byte.SIZE;
        }
        return payload;
    }

    /** Whether these bytes are the payload of that frame. */
    public static boolean matches(ByteBuffer payload, long seed, FrameSource source, long sequence, int mostBytes) {
        return payload.equals(ByteBuffer.wrap(of(seed, source, sequence, mostBytes)));
    }

    /** A number that is as good as drawn, and always the same for the same frame. */
    static long hash(long seed, FrameSource source, long sequence) {
        long hash = FNV_OFFSET;
        String name = source.toString();
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * FNV_PRIME;
        }
        return mixed(hash ^ mixed(seed) ^ mixed(sequence * GOLDEN));
    }

    private static int size(long hash, int mostBytes) {
        int half = mostBytes / 2;
        return half + (int) Long.remainderUnsigned(hash, mostBytes - half + 1L);
    }

    /** Each input bit moves about half of the output bits. */
    private static long mixed(long bits) {
        long mixed = (bits ^ bits >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ mixed >>> 31;
    }
}
