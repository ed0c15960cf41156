package io.framebroker.loadgen.check;

import io.framebroker.loadgen.load.Stamp;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * One consumer's side of the account: hands each delivery to the check of its camera and times it from the moment the
 * frame was due. {@link #accept} is called by one thread at a time, the rest by any.
 */
public final class Inbox {
    private static final int HISTOGRAM_DIGITS = 3;

    private final int member;
    private final int frameBytes;
    private final GroupCheck[] checks;
    private final SingleWriterRecorder latencyMicros = new SingleWriterRecorder(HISTOGRAM_DIGITS);
    private final AtomicLong frames = new AtomicLong();

    /** Given back to the recorder at the next call; owned by the thread that takes latencies. */
    private Histogram taken;

    /**
     * @param member index of the consumer in its group
     * @param frameBytes what every payload must measure
     * @param checks of the group, by camera
     */
    public Inbox(int member, int frameBytes, GroupCheck[] checks) {
        this.member = member;
        this.frameBytes = frameBytes;
        this.checks = checks;
    }

    /**
     * Takes one delivery of a camera's stream.
     *
     * @param payload little-endian buffer; the payload lies at {@code offset}
     * @param attempt 1 for a first delivery
     * @param labelled sequence on the envelope; 0 for none
     * @param crcMatches whether the checksum is right, or was not asked for
     */
    public void accept(
            int camera, ByteBuffer payload, int offset, int length, int attempt, long labelled, boolean crcMatches) {
        if (length < Stamp.BYTES) {
            checks[camera].unreadable(length);
        } else {
            boolean intact = crcMatches && length == frameBytes && Stamp.intact(payload, offset);
            long sequence = Stamp.sequence(payload, offset);
            checks[camera].delivered(
                    member,
                    attempt,
                    Stamp.runId(payload, offset),
                    Stamp.camera(payload, offset),
                    sequence,
                    labelled,
                    intact);
            if (intact) {
                latencyMicros.recordValue(Math.max(0, Stamp.nowMicros() - Stamp.intendedMicros(payload, offset)));
            }
        }
        frames.lazySet(frames.getPlain() + 1);
    }

    /** Frames of a camera's stream of which the target says that it leaves them out. */
    public void leftOut(int camera, long frames) {
        checks[camera].leftOut(frames);
    }

    /** Deliveries so far. */
    public long frames() {
        return frames.get();
    }

    /** Latencies since the last call, in microseconds. Valid until the next call; for one thread. */
    public Histogram takeLatencies() {
        taken = latencyMicros.getIntervalHistogram(taken);
        return taken;
    }
}
