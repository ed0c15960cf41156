package io.framebroker.loadgen.targets;

import java.time.Duration;
import java.util.Map;

/** The way of one camera's frames into a target. Used by one thread. */
public interface FrameSink extends AutoCloseable {
    /**
     * Sends the next frames of the camera's pool as one message, waiting while the target holds the publisher back.
     *
     * @param dueMicros when each frame was due, in microseconds since 1970; its length is the number of frames
     * @throws TargetException when the target ended the call
     */
    void send(long[] dueMicros) throws InterruptedException;

    /**
     * Waits until every frame sent has an outcome, where the target tells outcomes.
     *
     * @return the sequences the target did not store, and why; a reason of {@code UNKNOWN} leaves open whether it did
     * @throws TargetException when outcomes are still missing after the timeout
     */
    Map<Long, String> flush(Duration timeout) throws InterruptedException;

    /** Frames whose storage the target confirmed; for one that confirms nothing, those sent. Any thread may ask. */
    long confirmed();

    @Override
    void close();
}
