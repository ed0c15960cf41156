package io.framebroker.loadgen.load;

import java.util.Random;
import java.util.zip.CRC32C;

/**
 * Payloads of one camera, used in turn. They hold incompressible bytes, drawn once; a frame differs from the one before
 * it by its variant and its {@link Stamp}. The bytes of a frame stay as they are until {@link #size} more were taken, so
 * the pool must be larger than what can be in flight. Used by one thread.
 */
public final class FramePool {
    private final Workload workload;
    private final int camera;
    private final byte[][] payloads;
    private final CRC32C crc = new CRC32C();

    private long sequence;

    public FramePool(Workload workload, int camera) {
        this.workload = workload;
        this.camera = camera;
        this.payloads = new byte[workload.inFlight() + 2 * workload.batch()][workload.frameBytes()];
        Random random = new Random(workload.runId() + camera);
        for (byte[] payload : payloads) {
            random.nextBytes(payload);
        }
    }

    public int size() {
        return payloads.length;
    }

    public int camera() {
        return camera;
    }

    /** Sequence of the last frame taken; 0 before the first. */
    public long lastSequence() {
        return sequence;
    }

    /** Stamps the next frame and returns its payload. Its sequence is {@link #lastSequence} then. */
    public byte[] take(long intendedMicros) {
        long next = ++sequence;
        byte[] payload = payloads[(int) (next % payloads.length)];
        Stamp.write(payload, 0, workload.runId(), camera, next, intendedMicros);
        return payload;
    }

    /** CRC-32C of a payload just taken. */
    public int crc32c(byte[] payload) {
        crc.reset();
        crc.update(payload);
        return (int) crc.getValue();
    }
}
