package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.Codec;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Capture and processor, as their command lines start them, around a broker in this process. */
@Timeout(300)
class PipelineTest {

    @TempDir
    Path directory;

    private BrokerServer server;
    private String broker;

    @BeforeEach
    void start() throws Exception {
        server = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64L << 20, 64L << 20));
        broker = "localhost:" + server.port();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyPictureOfEveryCameraIsProcessedInOrderAndCanBeLookedAt() throws Exception {
        Path results = directory.resolve("results.jsonl");
        CompletableFuture<Integer> processor = run(
                "sample-processor --from-start --limit 120 --delay-ms 0 --health-port 0 --streams left,right --results "
                        + results + " --save-frames " + directory);
        CompletableFuture<Integer> capture = run("rtsp-capture --limit 60 --no-pacing"
                + " --camera left=synthetic:320x240 --camera right=synthetic:160x128");

        assertThat(capture.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(processor.get(60, TimeUnit.SECONDS)).isZero();

        List<ResultLine> lines = ResultLine.read(results);
        for (String stream : List.of("left", "right")) {
            List<ResultLine> own =
                    lines.stream().filter(line -> line.stream().equals(stream)).toList();
            assertThat(own).extracting(ResultLine::sequence).containsExactlyElementsOf(sequences(60));
            assertThat(own).allMatch(line -> line.attempt() == 1 && line.decoded());
            assertThat(own).allMatch(line -> line.width() == (stream.equals("left") ? 320 : 160));
            for (ResultLine line : own) {
                Path file = directory.resolve(stream).resolve(line.sequence() + ".jpg");
                assertThat(NumberStrip.read(ImageIO.read(file.toFile()))).isEqualTo(line.sequence());
            }
            assertThat(server.broker().ledger(stream).balances()).isTrue();
        }
        assertThat(lines).filteredOn(line -> line.score() > 0.5).hasSizeGreaterThan(100);
    }

    @Test
    void rawPicturesAreProcessedAndKeptAsJpeg() throws Exception {
        CompletableFuture<Integer> processor =
                run("sample-processor --from-start --limit 5 --delay-ms 0 --health-port -1 --streams cam --save-frames "
                        + directory);
        CompletableFuture<Integer> capture =
                run("rtsp-capture --format raw --fps 30 --limit 5 --camera cam=synthetic:320x240");

        assertThat(capture.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(processor.get(60, TimeUnit.SECONDS)).isZero();

        assertThat(NumberStrip.read(ImageIO.read(directory.resolve("cam/5.jpg").toFile())))
                .isEqualTo(5);
    }

    @Test
    void theLimitHoldsAlsoWhenManyPicturesComeAtOnce() throws Exception {
        Path ffmpeg = directory.resolve("ffmpeg");
        Files.write(directory.resolve("black.jpg"), blackJpeg());
        Files.writeString(ffmpeg, "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do cat " + directory + "/black.jpg; done\n");
        assertThat(ffmpeg.toFile().setExecutable(true)).isTrue();

        CompletableFuture<Integer> capture = run("rtsp-capture --limit 4 --camera cam=file:any.mp4 --ffmpeg " + ffmpeg);

        assertThat(capture.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(server.broker().ledger("cam").stream().stored()).isEqualTo(4);
    }

    @Test
    void aDamagedPictureComesAgainAndOneThatIsNotReadHereIsLeftOutByName() throws Exception {
        Path results = directory.resolve("results.jsonl");
        try (FrameBrokerClient client = FrameBrokerClient.connect(broker)) {
            FramePublisher publisher = client.publisher("cam").open();
            publisher.publish(
                    OutgoingFrame.jpeg(new byte[] {(byte) 0xFF, (byte) 0xD8, 1}).capturedAt(Instant.now()));
            publisher.publish(OutgoingFrame.of(Codec.CODEC_H264, new byte[] {0, 0, 1})
                    .keyframe(true)
                    .capturedAt(Instant.now()));
            publisher.flush().get(60, TimeUnit.SECONDS);

            CompletableFuture<Integer> processor = run(
                    "sample-processor --from-start --limit 3 --delay-ms 0 --health-port -1 --streams cam --group g --results "
                            + results);
            assertThat(processor.get(60, TimeUnit.SECONDS)).isZero();

            assertThat(ResultLine.read(results))
                    .allMatch(line -> !line.decoded())
                    .filteredOn(line -> line.sequence() == 1)
                    .extracting(ResultLine::attempt)
                    .containsExactly(1, 2);
            Eventually.await(
                    "the skip",
                    Duration.ofSeconds(60),
                    () -> ledger(client).getGroups(0).getSkippedMap().containsKey("UNSUPPORTED_PICTURE"),
                    () -> ledger(client));
            assertThat(ledger(client).getGroups(0).getImbalance()).isZero();
        }
    }

    private static GetLedgerResponse ledger(FrameBrokerClient client) {
        return client.diagnostics()
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .getLedger(GetLedgerRequest.newBuilder().setStream("cam").build());
    }

    private CompletableFuture<Integer> run(String arguments) {
        String[] line = (arguments + " --broker " + broker).split(" ");
        return CompletableFuture.supplyAsync(
                () -> Examples.commandLine().execute(line), command -> new Thread(command, line[0]).start());
    }

    private static byte[] blackJpeg() throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(64, 48, BufferedImage.TYPE_3BYTE_BGR), "jpeg", jpeg);
        return jpeg.toByteArray();
    }

    private static List<Long> sequences(long count) {
        return LongStream.rangeClosed(1, count).boxed().toList();
    }
}
