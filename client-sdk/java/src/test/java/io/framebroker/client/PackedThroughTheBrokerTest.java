package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.wire.Lz4;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From one end to the other: what is published is what is consumed, however it travelled. */
@Timeout(300)
class PackedThroughTheBrokerTest {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;

    private BrokerServer server;
    private ManagedChannel channel;
    private FrameBrokerClient client;
    private final BlockingQueue<ReceivedFrame> seen = new LinkedBlockingQueue<>();

    @BeforeAll
    static void load() {
        Lz4.fastest();
    }

    @BeforeEach
    void start() throws IOException {
        String name = InProcessServerBuilder.generateName();
        server = BrokerServer.start(
                InProcessServerBuilder.forName(name), BrokerSettings.DEFAULT, new FrameMemory(256L << 20, 256L << 20));
        channel = InProcessChannelBuilder.forName(name).build();
        client = FrameBrokerClient.builder(name).channel(channel).build();
    }

    @AfterEach
    void stop() {
        client.close();
        channel.shutdownNow();
        server.close();
    }

    /** Odd sizes have a half column and row of chroma; the smallest are not worth packing, and travel as they are. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"PIXEL_FORMAT_UNSPECIFIED", "UNRECOGNIZED"})
    void everyPixelFormatOfEverySizeComesOutAsItWentIn(PixelFormat format) throws Exception {
        List<byte[]> published = new ArrayList<>();
        // Whatever it takes: on a busy machine it takes longer than it is worth.
        FramePublisher publisher = client.publisher("cam1")
                .maxFrameBytes(8 << 20)
                .compress(Compress.ALWAYS)
                .open();
        for (int[] size :
                new int[][] {{1, 1}, {2, 1}, {1, 3}, {17, 5}, {63, 65}, {640, 480}, {641, 479}, {1919, 1079}}) {
            Pictures.Content bars = Pictures.bars(size[0]);
            Pictures.Content gradient = Pictures.gradient(size[0], size[1]);
            byte[] pixels =
                    Pictures.pixels(format, size[0], size[1], (x, y) -> (y < size[1] / 2 ? bars : gradient).rgb(x, y));
            published.add(pixels);
            publisher.publish(OutgoingFrame.raw(pixels, format, size[0], size[1]));
        }

        consumer().onFrame(seen::add);

        for (byte[] pixels : published) {
            ReceivedFrame frame = next();
            assertThat(frame.payloadBytes()).isEqualTo(pixels);
            assertThat(frame.header().getPixelFormat()).isEqualTo(format);
            assertThat(frame.header().getCompression()).isEqualTo(Compression.COMPRESSION_UNSPECIFIED);
        }
        assertThat(publisher.stats().packed()).isBetween(3L, 7L);
    }

    @ParameterizedTest
    @EnumSource
    void realPicturesComeOutAsTheyWentIn(Compress when) throws Exception {
        byte[] jpeg = Pictures.jpeg(1280, 720, 0.8f);
        List<OutgoingFrame> frames = List.of(
                raw(Pictures.bars(WIDTH)),
                raw(Pictures.gradient(WIDTH, HEIGHT)),
                raw(Pictures.fractal(WIDTH, HEIGHT)),
                raw(Pictures.scene(1, 3)),
                raw(Pictures.noise(4)),
                OutgoingFrame.jpeg(jpeg),
                OutgoingFrame.raw(
                        Pictures.bgr24(1280, 720, Pictures.decoded(jpeg)), PixelFormat.PIXEL_FORMAT_BGR24, 1280, 720));
        FramePublisher publisher =
                client.publisher("cam1").maxFrameBytes(8 << 20).compress(when).open();
        consumer().window(2, 64 << 20).onFrame(seen::add);

        publisher.publish(frames);

        for (OutgoingFrame published : frames) {
            ReceivedFrame frame = next();
            assertThat(frame.codec()).isEqualTo(published.codec);
            assertThat(frame.payloadBytes()).isEqualTo(published.payload);
        }
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(publisher.stats().stored()).isEqualTo(7);
        switch (when) {
            case NEVER -> assertThat(publisher.stats().packed()).isZero();
            // What AUTO takes hangs on how busy this machine is; the JPEG and the noise it never takes.
            case AUTO -> assertThat(publisher.stats().packed()).isLessThanOrEqualTo(5);
            case ALWAYS -> assertThat(publisher.stats().packed()).isBetween(4L, 5L);
        }
    }

    @Test
    void packedAndOtherFramesComeInTheOrderInWhichTheyWerePublished() throws Exception {
        byte[] flat = new byte[50_000];
        byte[] noise = Pictures.bgr24(100, 100, Pictures.noise(1));
        FramePublisher publisher = client.publisher("cam1").open();
        // A stream that nobody wants yet keeps a hundred frames.
        Eventually.connected(consumer().onFrame(seen::add));

        for (int i = 0; i < 500; i++) {
            publisher.publish(OutgoingFrame.raw(i % 3 == 0 ? noise : flat, PixelFormat.PIXEL_FORMAT_GRAY8, 0, 0)
                    .frameId("f" + i));
        }

        for (int i = 0; i < 500; i++) {
            ReceivedFrame frame = next();
            assertThat(frame.header().getFrameId()).isEqualTo("f" + i);
            assertThat(frame.payloadSize()).isEqualTo(i % 3 == 0 ? noise.length : flat.length);
        }
        assertThat(publisher.stats().packed()).isBetween(1L, 333L);
    }

    @Test
    void theBrokerKeepsAndSendsThePackedFrame() throws Exception {
        byte[] pixels = Pictures.bgr24(WIDTH, HEIGHT, Pictures.bars(WIDTH));
        FramePublisher publisher = client.publisher("cam1")
                .maxFrameBytes(8 << 20)
                .compress(Compress.ALWAYS)
                .open();
        publisher.publish(OutgoingFrame.raw(pixels, PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT));
        publisher.flush().get(60, TimeUnit.SECONDS);

        assertThat(server.broker().memory().keptBytes()).isBetween(1L, pixels.length / 50L);
        consumer().keepPacked().onFrame(seen::add);
        ReceivedFrame frame = next();
        assertThat(frame.payloadSize()).isLessThan(pixels.length / 50);
        assertThat(frame.header().getUncompressedBytes()).isEqualTo(pixels.length);
    }

    @Test
    void theNewestFrameComesUnpacked() throws Exception {
        byte[] pixels = Pictures.bgr24(640, 480, Pictures.bars(640));
        FramePublisher publisher = client.publisher("cam1").open();
        publisher.publish(OutgoingFrame.raw(pixels, PixelFormat.PIXEL_FORMAT_BGR24, 640, 480));
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(publisher.stats().packed()).isEqualTo(1);

        LatestFrame latest = client.latestFrame("cam1").orElseThrow();

        assertThat(latest.payload().toByteArray()).isEqualTo(pixels);
        assertThat(latest.header().getCompression()).isEqualTo(Compression.COMPRESSION_UNSPECIFIED);
        assertThat(latest.header().getWidth()).isEqualTo(640);
        assertThat(latest.header().hasCrc32C()).isFalse();
    }

    @Test
    void aNewestFrameThatCannotBeUnpackedIsNamed() throws Exception {
        publishByHand(FrameHeader.newBuilder()
                .setCodec(Codec.CODEC_RAW)
                .setCompression(Compression.COMPRESSION_LZ4)
                .setUncompressedBytes(1L << 40));

        assertThatThrownBy(() -> client.latestFrame("cam1")).isInstanceOfSatisfying(FrameBrokerException.class, e -> {
            assertThat(e.reason()).isEqualTo("PAYLOAD_UNREADABLE");
            assertThat(e).hasMessageContaining("cam1").hasMessageContaining("1099511627776");
        });
    }

    /** Somebody's bad frame comes again and again; the others go on as if it were not there. */
    @Test
    void aFrameThatCannotBeUnpackedHoldsNobodyUp() throws Exception {
        FrameConsumer consumer = consumer().onFrame(seen::add);
        publishByHand(FrameHeader.newBuilder()
                .setFrameId("bad")
                .setCompression(Compression.COMPRESSION_LZ4)
                .setUncompressedBytes(500));
        FramePublisher publisher = client.publisher("cam1").open();

        for (int i = 0; i < 20; i++) {
            publisher.publish(OutgoingFrame.raw(new byte[50_000], PixelFormat.PIXEL_FORMAT_GRAY8, 0, 0)
                    .frameId("f" + i));
        }

        for (int i = 0; i < 20; i++) {
            assertThat(next().header().getFrameId()).isEqualTo("f" + i);
        }
        assertThat(consumer.stats().corrupt()).isPositive();
        assertThat(consumer.stats().reconnects()).isZero();
    }

    private FrameConsumer.Builder consumer() {
        return client.consumer("cam1").group("g").fromEarliest();
    }

    private ReceivedFrame next() throws InterruptedException {
        ReceivedFrame next = seen.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("a frame within 60 s").isNotNull();
        return next;
    }

    private static OutgoingFrame raw(Pictures.Content content) {
        return OutgoingFrame.raw(Pictures.bgr24(WIDTH, HEIGHT, content), PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT);
    }

    /** As any client may: the broker does not look into payloads. */
    private void publishByHand(FrameHeader.Builder header) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        StreamObserver<PublishFramesRequest> call = FrameBrokerServiceGrpc.newStub(channel)
                .publishFrames(new StreamObserver<>() {
                    @Override
                    public void onNext(PublishFramesResponse response) {}

                    @Override
                    public void onError(Throwable t) {
                        done.completeExceptionally(t);
                    }

                    @Override
                    public void onCompleted() {
                        done.complete(null);
                    }
                });
        call.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder().setStream("cam1"))
                .build());
        call.onNext(PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder()
                        .addFrames(
                                Frame.newBuilder().setHeader(header).setPayload(ByteString.copyFromUtf8("no block"))))
                .build());
        call.onCompleted();
        done.get(60, TimeUnit.SECONDS);
    }
}
