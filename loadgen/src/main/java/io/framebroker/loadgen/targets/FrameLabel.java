package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * What stands on a message beside a frame's payload: its sequence and its CRC-32C in hexadecimal digits, as
 * {@code 17-1a2b3c4d}. Used by one thread.
 */
final class FrameLabel {
    /** No frame has it. */
    private static final long UNREADABLE = -1;

    private final boolean verify;
    private final CRC32C crc = new CRC32C();

    FrameLabel(Workload workload) {
        this.verify = workload.verify();
    }

    /** Label of the frame just taken from a pool. */
    String of(FramePool pool, byte[] payload) {
        return pool.lastSequence() + "-" + Integer.toHexString(verify ? pool.crc32c(payload) : 0);
    }

    /** Hands a message's frame to an inbox; one whose label is missing or wrong counts as damaged. */
    void take(String label, byte[] payload, int camera, int attempt, Inbox inbox) {
        ByteBuffer buffer = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        long sequence = UNREADABLE;
        boolean matches = false;
        int dash = label == null ? -1 : label.indexOf('-');
        try {
            if (dash > 0) {
                sequence = Long.parseLong(label, 0, dash, 10);
                matches = !verify || checksum(payload) == Integer.parseUnsignedInt(label, dash + 1, label.length(), 16);
            }
        } catch (NumberFormatException e) {
            matches = false;
        }
        inbox.accept(camera, buffer, 0, payload.length, attempt, sequence, matches);
    }

    private int checksum(byte[] payload) {
        crc.reset();
        crc.update(payload);
        return (int) crc.getValue();
    }
}
