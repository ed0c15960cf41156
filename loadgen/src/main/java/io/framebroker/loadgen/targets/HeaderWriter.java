package io.framebroker.loadgen.targets;

import io.framebroker.v1.Codec;
import java.util.Arrays;

/**
 * Writes the {@code FrameHeader} of a load frame: sequence, capture time, codec, checksum. By hand, because the yardstick
 * must not lose to the broker's client by building messages. A test compares it with the generated class.
 */
final class HeaderWriter {
    private static final int SEQUENCE = 1 << 3;
    private static final int CAPTURE_TIME = 2 << 3 | 2;
    private static final int CODEC = 3 << 3;
    private static final int CRC32C = 8 << 3 | 5;

    private static final int SECONDS = 1 << 3;
    private static final int NANOS = 2 << 3;

    private final int codec;
    private final byte[] scratch = new byte[64];
    private int used;

    HeaderWriter(Codec codec) {
        this.codec = codec.getNumber();
    }

    byte[] header(long sequence, long captureMicros) {
        begin(sequence, captureMicros);
        return Arrays.copyOf(scratch, used);
    }

    byte[] header(long sequence, long captureMicros, int crc32c) {
        begin(sequence, captureMicros);
        scratch[used++] = CRC32C;
        for (int shift = 0; shift < 32; shift += 8) {
            scratch[used++] = (byte) (crc32c >>> shift);
        }
        return Arrays.copyOf(scratch, used);
    }

    private void begin(long sequence, long captureMicros) {
        used = 0;
        field(SEQUENCE, sequence);
        scratch[used++] = CAPTURE_TIME;
        int lengthAt = used++;
        field(SECONDS, captureMicros / 1_000_000);
        field(NANOS, captureMicros % 1_000_000 * 1_000);
        scratch[lengthAt] = (byte) (used - lengthAt - 1);
        field(CODEC, codec);
    }

    private void field(int tag, long value) {
        if (value == 0) {
            return;
        }
        scratch[used++] = (byte) tag;
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            scratch[used++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        scratch[used++] = (byte) rest;
    }
}
