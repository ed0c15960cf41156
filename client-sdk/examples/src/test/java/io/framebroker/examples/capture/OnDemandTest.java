package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.examples.Eventually;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.Ledger;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.DeleteGroupRequest;
import io.framebroker.v1.Demand;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A camera that publishes on demand, and a broker in this process that tells it of its consumers. */
@Timeout(300)
class OnDemandTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Longer than a busy machine keeps pictures away. */
    private static final Duration STALL = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final AtomicReference<ReceivedFrame> received = new AtomicReference<>();
    private BrokerServer server;
    private FrameBrokerClient client;
    private Camera camera;

    @BeforeEach
    void start() throws Exception {
        server = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64L << 20, 64L << 20));
        client = FrameBrokerClient.connect("localhost:" + server.port());
    }

    @AfterEach
    void stop() throws Exception {
        camera.stop();
        client.close();
        server.close();
    }

    @Test
    void whatNobodyTakesIsNeitherMadeNorPublishedNorLost() throws Exception {
        films("rtsp://host/cam", 3600);
        await("pictures left out", () -> leftOut() >= 20);
        long published = pictures();
        assertThat(stats().state()).isEqualTo(CameraStats.State.UP);

        FrameConsumer detector = detector();
        await("pictures for the detector", () -> received.get() != null && pictures() >= published + 20);
        long leftOut = leftOut();
        detector.close();
        long before = pictures();
        await("pictures for when it comes back", () -> pictures() >= before + 20);

        assertThat(leftOut()).isEqualTo(leftOut);
        assertThat(received.get().header().getWidth()).isEqualTo(160);
        camera.stop();
        // Its group holds the publisher back when a busy machine has let many more be filmed meanwhile.
        detector();
        await("outcome of every picture", () -> stats().publisher().unacked() == 0);
        Ledger.OfStream ledger = server.broker().ledger("cam").stream();
        assertThat(ledger.offered()).isEqualTo(pictures());
        assertThat(ledger.stored()).isEqualTo(pictures());
        assertThat(ledger.reported()).isEmpty();
        assertThat(stats().totals()).endsWith("left out " + leftOut);
    }

    @Test
    void whoWantsLessGetsItAndNoMoreIsPublished() throws Exception {
        films("synthetic:160x128@100", 3600);
        await("pictures left out", () -> leftOut() > 0);
        long published = pictures();
        long startedNanos = System.nanoTime();

        client.consumer("cam").mode(ConsumeMode.CONSUME_MODE_LATEST).maxFps(10).onFrame(received::set);
        await("twelve pictures", () -> pictures() >= published + 12);

        // In this order: time that passes between the two allows for more.
        long taken = pictures() - published;
        double seconds = (System.nanoTime() - startedNanos) / 1e9;
        assertThat((double) taken).isLessThanOrEqualTo(10 * seconds + 2);
        await("one of them here", () -> received.get() != null);
    }

    @Test
    void aCameraThatNobodyWantsIsClosedAndOpenedAgainWhenSomebodyDoes() throws Exception {
        films("rtsp://host/cam", 0);
        await("a camera that is open", () -> pictures() + leftOut() > 0);
        awaitLines("opened", "closed");
        await("rest", () -> stats().state() == CameraStats.State.RESTING);
        long published = pictures();

        FrameConsumer viewer = client.consumer("cam").autoAck().onFrame(received::set);
        awaitLines("opened", "closed", "opened");
        await("pictures", () -> received.get() != null && pictures() >= published + 5);
        viewer.close();
        awaitLines("opened", "closed", "opened", "closed");

        assertThat(stats().restarts()).isZero();
        assertThat(stats().unusable()).isZero();
        assertThat(server.broker().ledger("cam").stream().reported()).isEmpty();
    }

    @Test
    void aGroupWhoseConsumersAreAwayKeepsTheCameraOpenAndItsDeletionDoesNot() throws Exception {
        FrameConsumer detector = detector();
        films("rtsp://host/cam", 0);
        await("pictures", () -> received.get() != null);
        detector.close();
        long before = pictures();
        await("pictures for when it comes back", () -> pictures() >= before + 20);
        assertThat(lines()).containsExactly("opened");
        assertThat(leftOut()).isZero();

        client.groups()
                .deleteGroup(DeleteGroupRequest.newBuilder()
                        .setStream("cam")
                        .setName("detectors")
                        .setForce(true)
                        .build());

        awaitLines("opened", "closed");
    }

    @Test
    void aCameraThatIsLostWhileNobodyWantsItIsNotTriedAgain() throws Exception {
        films("rtsp://host/cam", 3600);
        await("pictures left out", () -> leftOut() > 0);

        Files.writeString(directory.resolve("broken"), "");

        await("rest", () -> stats().state() == CameraStats.State.RESTING);
        assertThat(stats().restarts()).isEqualTo(1);
        Files.delete(directory.resolve("broken"));
        client.consumer("cam").autoAck().onFrame(received::set);
        await("pictures", () -> received.get() != null);
        assertThat(lines()).containsExactly("opened", "opened");
    }

    /** A consumer that the broker knows of: who opens the camera after it is told of it. */
    private FrameConsumer detector() throws Exception {
        FrameConsumer detector = client.consumer("cam").group("detectors").onFrame(received::set);
        Eventually.await(
                "the detector being there", LIMIT, () -> detector.stats().connected(), detector::stats);
        return detector;
    }

    /** @param closeAfterSeconds as in {@code --close-after} */
    private void films(String url, long closeAfterSeconds) throws IOException {
        WantedPictures wanted =
                new WantedPictures(Duration.ofSeconds(closeAfterSeconds).toNanos());
        Consumer<Demand> demanded = demand -> wanted.told(demand, System.nanoTime());
        FramePublisher publisher = client.publisher("cam")
                .listener(new PublisherLog("cam", demanded))
                .open();
        CameraUrl parsed = CameraUrl.parse(url);
        camera = new Camera(
                parsed,
                source(parsed),
                publisher,
                new Backoff(Duration.ofMillis(1), Duration.ofMillis(2), new SplittableRandom(1)),
                new OutageMeter(0, Duration.ofSeconds(5).toNanos(), System.nanoTime()),
                wanted,
                0);
        camera.start();
    }

    private PictureSource source(CameraUrl url) throws IOException {
        if (url instanceof CameraUrl.Synthetic synthetic) {
            return new SyntheticSource("cam", synthetic, synthetic.fps(), PictureFormat.JPEG);
        }
        Path ffmpeg = directory.resolve("ffmpeg");
        Files.write(
                directory.resolve("picture.jpg"),
                new SyntheticPicture("cam", 160, 128)
                        .draw(1, Instant.EPOCH, PictureFormat.JPEG)
                        .bytes());
        // Half a picture is always on its way.
        Files.writeString(ffmpeg, """
                #!/bin/sh
                cd '%s'
                echo opened >> lines
                trap 'trap "" TERM; echo closed >> lines; exit 255' TERM
                head -c 1000 picture.jpg
                while [ ! -e broken ]; do tail -c +1001 picture.jpg; head -c 1000 picture.jpg; sleep 0.02; done
                exit 1
                """.formatted(directory));
        assertThat(ffmpeg.toFile().setExecutable(true)).isTrue();
        FfmpegCommand command = new FfmpegCommand(ffmpeg.toString(), "ffprobe", "tcp", STALL, 0, null, 3, true, false);
        return new FfmpegSource("cam", url, PictureFormat.JPEG, command, STALL, 1 << 20);
    }

    private CameraStats stats() {
        return camera.stats(System.nanoTime());
    }

    private long pictures() {
        return stats().pictures();
    }

    private long leftOut() {
        return stats().leftOut();
    }

    private List<String> lines() throws IOException {
        Path lines = directory.resolve("lines");
        return Files.exists(lines) ? Files.readAllLines(lines) : List.of();
    }

    private void awaitLines(String... expected) throws Exception {
        await("the camera to be " + List.of(expected), () -> {
            camera.tick(System.nanoTime());
            return lines().equals(List.of(expected));
        });
    }

    private void await(String what, Callable<Boolean> holds) throws Exception {
        Eventually.await(what, LIMIT, holds, () -> stats() + " " + lines());
    }
}
