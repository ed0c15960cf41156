package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLatestFrameResponse;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.PublishOpen;
import io.framebroker.wire.Lz4;
import io.framebroker.wire.WireFrame;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Packed frames for readers who cannot unpack, on request. */
@Timeout(300)
class UnpackTest {
    private static final int LARGEST = EdgeSettings.DEFAULT.maxFrameBytes();

    @Test
    void whoDoesNotAskGetsTheFrameAsPublished() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame packed = packed(1, pixels(50_000, 1));
            publish(broker, packed);

            assertThat(take(broker, Say.consumer("gate", "detector"), 1)).containsExactly(packed);
            assertThat(latest(broker, GetLatestFrameRequest.newBuilder()).getFrame())
                    .isEqualTo(packed);
        }
    }

    @Test
    void whoAsksGetsPixelsWithAHeaderAndAChecksumOfTheirOwn() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            byte[] pixels = pixels(50_000, 1);
            publish(broker, packed(1, pixels));

            Frame expected = Frame.newBuilder()
                    .setHeader(FrameHeader.newBuilder()
                            .setSequence(1)
                            .setCodec(Codec.CODEC_RAW)
                            .setFrameId("f")
                            .setCrc32C(WireFrame.crc32c(pixels, 0, pixels.length)))
                    .setPayload(ByteString.copyFrom(pixels))
                    .build();
            assertThat(take(broker, looker(), 1)).containsExactly(expected);
            assertThat(latest(broker, GetLatestFrameRequest.newBuilder().setUnpack(true))
                            .getFrame())
                    .isEqualTo(expected);
        }
    }

    @Test
    void aFrameWithoutChecksumIsGivenNone() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame packed = packed(1, pixels(50_000, 1));
            publish(broker, with(packed, packed.getHeader().toBuilder().clearCrc32C()));

            Frame unpacked = take(broker, looker(), 1).get(0);

            assertThat(unpacked.getHeader().hasCrc32C()).isFalse();
            assertThat(unpacked.getPayload().size()).isEqualTo(50_000);
        }
    }

    @Test
    void packedAndOtherFramesComeInOrder() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            List<Frame> published = new ArrayList<>();
            for (int i = 1; i <= 300; i++) {
                published.add(i % 2 == 0 ? packed(i, pixels(30_000, i)) : Say.frame(i));
            }
            List<Frame> taken = publishAndTake(broker, published);

            for (int i = 1; i <= 300; i++) {
                Frame frame = taken.get(i - 1);
                assertThat(frame.getHeader().getSequence()).isEqualTo(i);
                assertThat(frame.getHeader().getCompression()).isEqualTo(Compression.COMPRESSION_UNSPECIFIED);
                assertThat(frame.getPayload())
                        .isEqualTo(
                                i % 2 == 0
                                        ? ByteString.copyFrom(pixels(30_000, i))
                                        : Say.frame(i).getPayload());
            }
        }
    }

    @Test
    void aHeaderAloneIsAsPublished() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame packed = packed(1, pixels(50_000, 1));
            publish(broker, packed);

            Frame taken = take(broker, looker().setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY), 1)
                    .get(0);

            assertThat(taken).isEqualTo(packed.toBuilder().clearPayload().build());
            assertThat(latest(
                                    broker,
                                    GetLatestFrameRequest.newBuilder()
                                            .setUnpack(true)
                                            .setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY))
                            .getFrame())
                    .isEqualTo(taken);
        }
    }

    @Test
    void whatCannotBeUnpackedComesAsPublishedAndTheCallGoesOn() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame good = packed(4, pixels(50_000, 4));
            Frame larger = declaring(packed(1, pixels(50_000, 1)), 50_001);
            Frame huge = declaring(packed(2, pixels(50_000, 2)), -1);
            Frame garbage = declaring(Say.frame(3, ByteString.copyFrom(pixels(900, 3))), 1_000);
            publish(broker, larger, huge, garbage, good);

            List<Frame> taken = take(broker, looker(), 4);

            assertThat(taken.subList(0, 3)).containsExactly(larger, huge, garbage);
            assertThat(taken.get(3).getPayload().size()).isEqualTo(50_000);
        }
    }

    @Test
    void aNewestFrameThatCannotBeUnpackedIsRefusedWithTheReason() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame tooLarge = declaring(packed(1, pixels(50_000, 1)), LARGEST + 1L);
            publish(broker, tooLarge);

            StatusRuntimeException thrown = catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> latest(broker, GetLatestFrameRequest.newBuilder().setUnpack(true)));

            Refusal refusal = Refusal.of(thrown);
            assertThat(refusal.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(refusal.reason()).isEqualTo("PAYLOAD_UNREADABLE");
            assertThat(refusal.message())
                    .contains("frame 1")
                    .contains("stream gate")
                    .contains("unpacks to 33619969 bytes by its header, the limit here is 336199")
                    .contains("without `unpack`");
        }
    }

    @Test
    void theLargestFrameComesUnpackedOverARealConnection() {
        try (EdgeBroker broker = EdgeBroker.netty()) {
            int most = LARGEST - 100;
            publish(broker, packed(1, new byte[most]));

            assertThat(take(broker, looker(), 1).get(0).getPayload().size()).isEqualTo(most);
            assertThat(latest(broker, GetLatestFrameRequest.newBuilder().setUnpack(true))
                            .getFrame()
                            .getPayload()
                            .size())
                    .isEqualTo(most);
        }
    }

    /** Used to be sent, larger by its header than any frame that a broker takes in. */
    @Test
    void theHeaderCountsAsWell() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame packed = packed(1, new byte[LARGEST]);
            publish(broker, packed);

            assertThat(take(broker, looker(), 1)).containsExactly(packed);
        }
    }

    @Test
    void anotherBrokersFramesComeUnpackedToo() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            byte[] pixels = pixels(300_000, 1);
            EdgeBroker here = brokers.get(0);
            publishThrough(here, packed(1, pixels));

            assertThat(take(here, looker(), 1).get(0).getPayload()).isEqualTo(ByteString.copyFrom(pixels));
            assertThat(latest(here, GetLatestFrameRequest.newBuilder().setUnpack(true))
                            .getFrame()
                            .getPayload())
                    .isEqualTo(ByteString.copyFrom(pixels));
        }
    }

    /** Used to leave the caller without an answer: the handlers were set when the call took none any more. */
    @Test
    void aStreamThatHasToBeOpenedFirstGivesItsNewestFrameUnpacked() {
        byte[] pixels = pixels(50_000, 1);
        try (EdgeBroker broker = EdgeBroker.setup()
                .store(new SlowlyOpeningStore(packed(1, pixels)))
                .inProcess()) {
            assertThat(latest(broker, GetLatestFrameRequest.newBuilder().setUnpack(true))
                            .getFrame()
                            .getPayload())
                    .isEqualTo(ByteString.copyFrom(pixels));
            assertThat(broker.core().latestFrame("gate")).isPresent();
        }
    }

    /** A small frame may become 255 times as large: whoever has it unpacked and does not read pays from the same account. */
    @Test
    void memoryForUnpackedFramesIsReservedLikeAnyOther() {
        try (EdgeBroker broker = EdgeBroker.setup().outboundBytes(4 << 20).inProcess()) {
            publish(broker, packed(1, new byte[8 << 20]));

            assertThat(take(broker, Say.consumer("gate", "detector"), 1)).hasSize(1);
            var looking = broker.consume();
            looking.say(Say.consume(looker()));
            assertThat(looking.refusal().reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
            StatusRuntimeException thrown = catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> latest(broker, GetLatestFrameRequest.newBuilder().setUnpack(true)));
            assertThat(Refusal.of(thrown).reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
        }
    }

    /** Whatever is in a frame, it comes: unpacked or as published. */
    @Test
    void hostileFramesNeverEndTheCall() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            int frames = 900;
            List<Frame> published = new ArrayList<>();
            for (int seed = 1; seed <= frames; seed++) {
                published.add(hostile(seed));
            }
            List<Frame> taken = publishAndTake(broker, published);

            int unpacked = 0;
            for (int i = 0; i < frames; i++) {
                if (taken.get(i).getHeader().getCompression() == Compression.COMPRESSION_LZ4) {
                    assertThat(taken.get(i)).as("seed %d", i + 1).isEqualTo(published.get(i));
                } else {
                    unpacked++;
                    assertThat((long) taken.get(i).getPayload().size())
                            .as("seed %d", i + 1)
                            .isEqualTo(published.get(i).getHeader().getUncompressedBytes());
                }
            }
            assertThat(unpacked).isBetween(frames / 50, frames / 2);
        }
    }

    private static Frame hostile(int seed) {
        Random random = new Random(seed);
        Frame packed = packed(seed, pixels(1 + random.nextInt(20_000), seed));
        byte[] block = packed.getPayload().toByteArray();
        for (int i = random.nextInt(3); i > 0; i--) {
            block[random.nextInt(block.length)] ^= (byte) (1 << random.nextInt(8));
        }
        if (random.nextInt(4) == 0) {
            block = Arrays.copyOf(block, random.nextInt(2 * block.length));
        }
        FrameHeader.Builder header = packed.getHeader().toBuilder().clearCrc32C();
        if (random.nextInt(3) == 0) {
            header.setUncompressedBytes(random.nextLong() >>> random.nextInt(64));
        }
        return Frame.newBuilder()
                .setHeader(header)
                .setPayload(ByteString.copyFrom(block))
                .build();
    }

    private static ConsumeOpen.Builder looker() {
        return Say.consumer("gate", "").setUnpack(true).setAutoAck(true);
    }

    private static void publish(EdgeBroker broker, Frame... frames) {
        publishThrough(broker, frames);
        assertThat(broker.core().ledger("gate").stream().stored()).isEqualTo(frames.length);
    }

    private static void publishThrough(EdgeBroker broker, Frame... frames) {
        var camera = broker.publish(Say.publish(PublishOpen.newBuilder()
                .setStream("gate")
                .setPublisherId("camera")
                .setEpoch(1)
                .setMaxFrameBytes(LARGEST)));
        for (Frame frame : frames) {
            camera.say(Say.frames(frame));
        }
        camera.halfClose();
        camera.endsWell();
    }

    private static List<Frame> publishAndTake(EdgeBroker broker, List<Frame> frames) {
        var looking = broker.consume(
                Say.consume(Say.consumer("gate", "detector").setUnpack(true).setAutoAck(true)));
        publish(broker, frames.toArray(Frame[]::new));
        return take(looking, frames.size());
    }

    private static List<Frame> take(EdgeBroker broker, ConsumeOpen.Builder open, int frames) {
        return take(broker.consume(Say.consume(open)), frames);
    }

    private static List<Frame> take(Talk<?, ConsumeFramesResponse> consumer, int frames) {
        List<Frame> taken = new ArrayList<>();
        while (taken.size() < frames) {
            taken.addAll(
                    consumer.next(ConsumeFramesResponse::hasDeliveries).getDeliveries().getDeliveriesList().stream()
                            .map(Delivery::getFrame)
                            .toList());
        }
        consumer.cancel();
        return taken;
    }

    private static GetLatestFrameResponse latest(EdgeBroker broker, GetLatestFrameRequest.Builder request) {
        return FrameBrokerServiceGrpc.newBlockingStub(broker.channel())
                .withMaxInboundMessageSize(64 << 20)
                .getLatestFrame(request.setStream("gate").build());
    }

    private static Frame packed(long sequence, byte[] pixels) {
        byte[] block = new byte[pixels.length + 100];
        int length = Lz4.fastest().pack(pixels, 0, pixels.length, block, block.length);
        FrameHeader.Builder header = FrameHeader.newBuilder()
                .setSequence(sequence)
                .setCodec(Codec.CODEC_RAW)
                .setFrameId("f")
                .setCrc32C(WireFrame.crc32c(block, 0, length))
                .setCompression(Compression.COMPRESSION_LZ4)
                .setUncompressedBytes(pixels.length);
        return Frame.newBuilder()
                .setHeader(header)
                .setPayload(ByteString.copyFrom(block, 0, length))
                .build();
    }

    private static Frame declaring(Frame frame, long bytes) {
        return with(
                frame,
                frame.getHeader().toBuilder()
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(bytes));
    }

    private static Frame with(Frame frame, FrameHeader.Builder header) {
        return frame.toBuilder().setHeader(header).build();
    }

    private static byte[] pixels(int length, long seed) {
        byte[] pixels = new byte[length];
        new Random(seed).nextBytes(pixels);
        Arrays.fill(pixels, length / 20, length - length / 20, (byte) seed);
        return pixels;
    }
}
