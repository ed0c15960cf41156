package io.framebroker.client;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.function.Consumer;

/** The ten lines of the README, as they stand there. */
final class ReadmeExample implements AutoCloseable {
    private final FrameBrokerClient client;
    private final FrameConsumer detector;
    private final FramePublisher camera;

    ReadmeExample(String address, Consumer<ByteBuffer> detections) {
        // README begin
        FrameBrokerClient client = FrameBrokerClient.connect(address);
        FramePublisher camera = client.publisher("cam1").open();
        FrameConsumer detector = client.consumer("cam1")
                .group("detector")
                .concurrency(4)
                .onFrame(frame -> detections.accept(frame.payload())); // return: ack; exception: another attempt
        // README end
        this.client = client;
        this.camera = camera;
        this.detector = detector;
    }

    boolean connected() {
        return detector.stats().connected();
    }

    void take(byte[] picture) {
        // README begin
        camera.publish(OutgoingFrame.jpeg(picture).size(640, 360).capturedAt(Instant.now()));
        // README end
    }

    @Override
    public void close() {
        detector.close();
        camera.close();
        client.close();
    }
}
