package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.Settlement;
import io.framebroker.wire.Lz4;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.WireFrame;
import java.nio.ReadOnlyBufferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Packed frames as a consumer gets them, from publishers of any kind. */
@Timeout(300)
class UnpackingTest {
    private static final int BYTES = 30_000;

    private final FakeTimers timers = new FakeTimers();
    private final FakeBroker broker = new FakeBroker();
    private final FrameBrokerClient client = broker.client(timers);
    private final List<ReceivedFrame> seen = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void stop() {
        ((Logger) LoggerFactory.getLogger(Handler.class)).setLevel(null);
        broker.close();
    }

    @Test
    void aHandlerDoesNotNoticeThatItsFrameWasPacked() {
        byte[] pixels = pixels(1);
        consumer().onFrame(frame -> {
            assertThat(frame.payload().remaining()).isEqualTo(BYTES);
            assertThat(frame.payloadBytes()).isEqualTo(pixels);
            assertThat(frame.payloadSize()).isEqualTo(BYTES);
            assertThat(frame.codec()).isEqualTo(Codec.CODEC_RAW);
            assertThat(frame.header())
                    .isEqualTo(FrameHeader.newBuilder()
                            .setCodec(Codec.CODEC_RAW)
                            .setFrameId("f")
                            .build());
            assertThatThrownBy(() -> frame.payload().put((byte) 0)).isInstanceOf(ReadOnlyBufferException.class);
            seen.add(frame);
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(packed(pixels)));

        assertThat(seen).hasSize(1);
        assertThat(call.settlements()).singleElement().matches(Settlement::hasAck);
    }

    @Test
    void thePayloadCanStillBeReadWhenTheFrameIsSettled() {
        byte[] pixels = pixels(1);
        consumer().onFrame(frame -> {
            frame.ack();
            assertThat(frame.payloadBytes()).isEqualTo(pixels);
            seen.add(frame);
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(packed(pixels)));

        assertThat(seen.get(0).payloadBytes()).isEqualTo(pixels);
        assertThat(seen.get(0).payload().remaining()).isEqualTo(BYTES);
    }

    @Test
    void whoWantsFramesAsTheyWereSentGetsThem() {
        byte[] pixels = pixels(1);
        consumer().keepPacked().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(packed(pixels)));

        FrameHeader header = seen.get(0).header();
        assertThat(header.getCompression()).isEqualTo(Compression.COMPRESSION_LZ4);
        assertThat(header.getUncompressedBytes()).isEqualTo(BYTES);
        assertThat(header.hasCrc32C()).isTrue();
        byte[] payload = seen.get(0).payloadBytes();
        assertThat(payload).hasSize(seen.get(0).payloadSize()).isEqualTo(block(pixels));
        assertThat(WireFrame.crc32c(payload, 0, payload.length)).isEqualTo(header.getCrc32C());
    }

    @Test
    void aHeaderWithoutItsPayloadIsLeftAlone() {
        consumer().metadataOnly().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(frame(new byte[0], BYTES, null)));

        assertThat(seen.get(0).header().getUncompressedBytes()).isEqualTo(BYTES);
        assertThat(seen.get(0).header().getCompression()).isEqualTo(Compression.COMPRESSION_LZ4);
        assertThat(seen.get(0).payloadSize()).isZero();
    }

    @Test
    void aPayloadLargerThanWantedIsAskedForAgainWithTheReason() {
        FrameConsumer consumer = consumer().maxUnpackedBytes(BYTES - 1).onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(packed(pixels(1))));

        assertThat(seen).isEmpty();
        assertThat(nackReason(call))
                .startsWith("PAYLOAD_UNREADABLE")
                .contains("unpacks to 30000 bytes")
                .contains("limit here is 29999")
                .contains("raise maxUnpackedBytes");
        assertThat(consumer.stats().corrupt()).isEqualTo(1);
        assertThat(consumer.stats().nacked()).isEqualTo(1);
    }

    @Test
    void theDefaultLimitIsTheLargestFrameOfABroker() {
        consumer().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(packed(new byte[(32 << 20) + (64 << 10)])));
        call.deliver(2, List.of(packed(new byte[(32 << 20) + (64 << 10) + 1])));

        assertThat(seen).extracting(ReceivedFrame::ordinal).containsExactly(1L);
        assertThat(nackReason(call)).contains("the limit here is 33619968");
    }

    @Test
    void aPayloadThatUnpacksToAnotherSizeOrNotAtAllIsAskedForAgain() {
        byte[] block = block(pixels(1));
        consumer().onFrame(seen::add);

        assertNacked(frame(block, BYTES + 1, null), "unpacks to 30000 bytes, its header says 30001");
        assertNacked(frame(block, BYTES - 1, null), "is no LZ4 block of 29999 bytes");
        assertNacked(frame(block, 0, null), "does not say to how many bytes");
        assertNacked(frame(Arrays.copyOf(block, block.length / 2), BYTES, null), "cut, damaged");
        assertNacked(frame(new byte[0], BYTES, null), "more than 0 bytes of LZ4 can hold");
        assertThat(seen).isEmpty();
    }

    private void assertNacked(NewFrame frame, String why) {
        FrameConsumer consumer = consumer().onFrame(seen::add);
        ConsumeSide call = newestCall().opened();
        call.deliver(1, List.of(frame));
        assertThat(nackReason(call)).startsWith("PAYLOAD_UNREADABLE").contains(why);
        assertThat(consumer.stats().corrupt()).isEqualTo(1);
    }

    private ConsumeSide newestCall() {
        ConsumeSide newest = broker.consumeCall();
        while (broker.called()) {
            newest = broker.consumeCall();
        }
        return newest;
    }

    @Test
    void aPackingOfTheFutureIsNotHandedOutAsPixels() {
        consumer().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();
        FrameHeader header = FrameHeader.newBuilder().setCompressionValue(9).build();

        call.deliver(1, List.of(new NewFrame(header, new byte[5], 0, 5)));

        assertThat(seen).isEmpty();
        assertThat(nackReason(call)).contains("compression 9");
    }

    @Test
    void damageOnTheWayIsFoundByTheChecksumBeforeAnythingIsUnpacked() {
        byte[] block = block(pixels(1));
        int crc32c = WireFrame.crc32c(block, 0, block.length);
        block[block.length / 2] ^= 1;
        FrameConsumer consumer = consumer().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, List.of(frame(block, BYTES, crc32c)));

        assertThat(seen).isEmpty();
        assertThat(nackReason(call)).isEqualTo("CRC_MISMATCH");
        assertThat(consumer.stats().corrupt()).isEqualTo(1);
    }

    @Test
    void aBadFrameTakesNoOthersOfItsBatchAlong() throws Exception {
        BlockingQueue<List<Long>> batches = new LinkedBlockingQueue<>();
        client.consumer("cam1")
                .group("g")
                .onBatch(
                        5,
                        Duration.ofMinutes(1),
                        frames -> batches.add(
                                frames.stream().map(ReceivedFrame::ordinal).toList()));
        ConsumeSide call = broker.consumeCall().opened();
        List<NewFrame> frames = new ArrayList<>();
        IntStream.range(1, 6).forEach(i -> frames.add(packed(pixels(i))));
        frames.set(2, frame(new byte[300], BYTES, null));

        call.deliver(1, frames);

        assertThat(batches.poll(60, TimeUnit.SECONDS)).containsExactly(1L, 2L, 4L, 5L);
    }

    /** Whatever comes, each frame is handed out whole or asked for again, and the call lives. */
    @Test
    void hostileFramesEndWithTheHandlerOrWithTheReason() {
        int frames = 2_000;
        ((Logger) LoggerFactory.getLogger(Handler.class)).setLevel(Level.ERROR);
        consumer().maxUnpackedBytes(50_000).onFrame(frame -> {
            assertThat(frame.payloadBytes()).hasSize(frame.payloadSize());
            seen.add(frame);
        });
        ConsumeSide call = broker.consumeCall().opened();

        for (int seed = 1; seed <= frames; seed++) {
            call.deliver(seed, List.of(hostile(new Random(seed))));
        }
        call.deliver(frames + 1, List.of(packed(pixels(1))));

        assertThat(call.cancelled()).isFalse();
        assertThat(seen.get(seen.size() - 1).payloadBytes()).isEqualTo(pixels(1));
        assertThat(seen).hasSizeBetween(frames / 50, frames / 2);
        List<Settlement> nacks =
                call.settlements().stream().filter(Settlement::hasNack).toList();
        assertThat(nacks)
                .hasSize(frames + 1 - seen.size())
                .allSatisfy(nack ->
                        assertThat(nack.getNack().getReason()).matches("CRC_MISMATCH|PAYLOAD_UNREADABLE: payload .+"));
    }

    /** Used to hold all of them until the message was done: 1.2 GB of pixels in a message of 5 MB. */
    @Test
    void unpackedPayloadsDoNotWaitForTheRestOfTheirMessage() {
        NewFrame packed = packed(new byte[4 << 20]);
        FrameConsumer consumer = consumer().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, Collections.nCopies(300, packed));

        assertThat(seen).hasSize(300);
        assertThat(consumer.stats().nacked()).isZero();
    }

    private FrameConsumer.Builder consumer() {
        return client.consumer("cam1").group("g").direct();
    }

    private static String nackReason(ConsumeSide call) {
        assertThat(call.settlements())
                .filteredOn(Settlement::hasNack)
                .singleElement()
                .satisfies(it -> assertThat(it.getNack().getVerb()).isEqualTo(NackVerb.NACK_VERB_RETRY));
        return call.settlements().stream()
                .filter(Settlement::hasNack)
                .findFirst()
                .orElseThrow()
                .getNack()
                .getReason();
    }

    private static NewFrame hostile(Random random) {
        byte[] pixels = pixels(random.nextInt(100));
        byte[] block = block(pixels);
        int crc32c = WireFrame.crc32c(block, 0, block.length);
        for (int i = random.nextInt(3); i > 0; i--) {
            block[random.nextInt(block.length)] ^= (byte) (1 << random.nextInt(8));
        }
        if (random.nextInt(4) == 0) {
            block = Arrays.copyOf(block, random.nextInt(2 * block.length));
        }
        long declared = random.nextInt(3) == 0 ? random.nextLong() >>> random.nextInt(64) : BYTES;
        return frame(block, declared, random.nextBoolean() ? crc32c : null);
    }

    private static NewFrame packed(byte[] pixels) {
        byte[] block = block(pixels);
        return frame(block, pixels.length, WireFrame.crc32c(block, 0, block.length));
    }

    /** @param crc32c null for none */
    private static NewFrame frame(byte[] block, long declaredBytes, Integer crc32c) {
        FrameHeader.Builder header = FrameHeader.newBuilder()
                .setCodec(Codec.CODEC_RAW)
                .setFrameId("f")
                .setCompression(Compression.COMPRESSION_LZ4)
                .setUncompressedBytes(declaredBytes);
        if (crc32c != null) {
            header.setCrc32C(crc32c);
        }
        return new NewFrame(header.build(), block, 0, block.length);
    }

    private static byte[] block(byte[] pixels) {
        byte[] block = new byte[pixels.length];
        return Arrays.copyOf(block, Lz4.fastest().pack(pixels, 0, pixels.length, block, block.length));
    }

    private static byte[] pixels(long seed) {
        byte[] pixels = new byte[BYTES];
        new Random(seed).nextBytes(pixels);
        Arrays.fill(pixels, 1_000, BYTES - 1_000, (byte) seed);
        return pixels;
    }
}
