package io.framebroker.client;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.PublishOpen;

/**
 * How a publisher was asked to be.
 *
 * @param compressWithinNanos longest time that packing a frame may be expected to take
 * @param resuming whether frames bring their sequences, and an earlier publisher of this id and epoch is gone on from
 * @param closeMillis how long {@code close} waits for outcomes
 * @param tracesPerSecond of how many frames a second at most a trace is begun
 */
record PublisherOptions(
        String stream,
        String publisherId,
        long epoch,
        boolean resuming,
        AckLevel ackLevel,
        int maxFrameBytes,
        int ringFrames,
        long ringBytes,
        WhenFull whenFull,
        boolean checksum,
        Compress compress,
        long compressWithinNanos,
        long closeMillis,
        PublishListener listener,
        double tracesPerSecond) {

    PublishOpen toOpen() {
        return PublishOpen.newBuilder()
                .setStream(stream)
                .setPublisherId(publisherId)
                .setEpoch(epoch)
                .setAckLevel(ackLevel)
                .setMaxFrameBytes(maxFrameBytes)
                .build();
    }

    /** The transport may buffer about two frames ahead: less starves it, more only ages the frames. */
    int onReadyThresholdBytes() {
        return (int) Math.min(16L << 20, Math.max(1L << 20, maxFrameBytes * 5L / 2));
    }

    @Override
    public String toString() {
        return "publisher " + publisherId + " (epoch " + epoch + ") of stream " + stream;
    }
}
