package io.framebroker.client;

import static io.framebroker.client.PublishSide.exception;
import static io.framebroker.v1.FrameOutcome.FRAME_OUTCOME_REJECTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import io.framebroker.wire.Lz4;
import io.framebroker.wire.WireFrame;
import io.grpc.Status;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Packed frames on their way to the broker. */
@Timeout(300)
class PackedPublishingTest {
    private static final int LIMIT = 32 << 20;

    private final FakeTimers timers = new FakeTimers();
    private final FakeBroker broker = new FakeBroker();
    private final FrameBrokerClient client = broker.client(timers);

    @BeforeAll
    static void load() {
        Lz4.fastest();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void rawPixelsTravelPackedByDefault() throws Exception {
        byte[] pixels = Pictures.bgr24(320, 240, Pictures.bars(320));
        FramePublisher publisher = client.publisher("cam1").open();
        PublishSide call = broker.publishCall().opened();

        publisher.publish(raw(pixels));

        WireFrame frame = call.messages().get(0).get(0);
        FrameHeader header = frame.header();
        assertThat(header.getCompression()).isEqualTo(Compression.COMPRESSION_LZ4);
        assertThat(header.getUncompressedBytes()).isEqualTo(pixels.length);
        assertThat(frame.payloadBytes()).isLessThan(pixels.length / 20);
        assertThat(frame.unpack(LIMIT)).isEqualTo(pixels);
        assertThat(publisher.stats().packed()).isEqualTo(1);
        assertThat(publisher.stats().savedBytes()).isEqualTo(pixels.length - frame.payloadBytes());
    }

    @Test
    void theChecksumIsThatOfWhatIsSent() {
        byte[] pixels = new byte[100_000];
        FramePublisher publisher = client.publisher("cam1").open();
        PublishSide call = broker.publishCall().opened();

        publisher.publish(raw(pixels));

        WireFrame frame = call.messages().get(0).get(0);
        assertThat(frame.hasCrc32c()).isTrue();
        assertThat(frame.crcMatches()).isTrue();
        assertThat(frame.declaredCrc32c()).isNotEqualTo(WireFrame.crc32c(pixels, 0, pixels.length));
    }

    @Test
    void whatIsNotPackedIsSentAsItAlwaysWas() {
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);
        FramePublisher publisher = client.publisher("cam1").open();
        PublishSide call = broker.publishCall().opened();

        publisher.publish(raw(noise));
        publisher.publish(OutgoingFrame.jpeg(new byte[100_000]));

        assertThat(call.messages().stream().flatMap(List::stream)).allSatisfy(frame -> {
            assertThat(frame.isPacked()).isFalse();
            assertThat(frame.header().getUncompressedBytes()).isZero();
            assertThat(frame.payloadBytes()).isEqualTo(100_000);
            assertThat(frame.crcMatches()).isTrue();
        });
        assertThat(publisher.stats().packed()).isZero();
    }

    @Test
    void packedAndOtherFramesKeepTheirOrder() {
        byte[] noise = new byte[20_000];
        new Random(1).nextBytes(noise);
        FramePublisher publisher = client.publisher("cam1").open();
        PublishSide call = broker.publishCall();
        publisher.publish(raw(new byte[20_000]));
        publisher.publish(OutgoingFrame.jpeg(noise));
        publisher.publish(List.of(raw(noise), raw(new byte[20_000]), OutgoingFrame.jpeg(noise)));

        call.opened();

        assertThat(call.sequences()).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(call.messages().stream().flatMap(List::stream).map(WireFrame::isPacked))
                .containsExactly(true, false, false, true, false);
    }

    @Test
    void theRingCountsWhatIsSent() {
        FramePublisher publisher = client.publisher("cam1").ringBytes(200_000).open();
        PublishSide call = broker.publishCall();

        IntStream.range(0, 100).forEach(i -> publisher.publish(raw(new byte[100_000])));
        call.opened();

        assertThat(call.sequences()).hasSize(100);
        assertThat(publisher.stats().droppedHere()).isZero();
    }

    /** Otherwise a camera would publish by day and have its frames dropped by night, when pictures are noisy. */
    @Test
    void whetherAFrameIsTooLargeDoesNotHangOnHowWellItPacks() {
        HeardOutcomes heard = new HeardOutcomes();
        FramePublisher publisher = client.publisher("cam1")
                .maxFrameBytes(100_000)
                .compress(Compress.ALWAYS)
                .listener(heard)
                .open();
        PublishSide call = broker.publishCall().opened();

        publisher.publish(raw(new byte[100_000]));
        publisher.publish(raw(new byte[99_900]));

        assertThat(heard.reasons).containsEntry(1L, "FRAME_TOO_LARGE");
        assertThat(call.sequences()).containsExactly(2L);
    }

    @Test
    void howLongPackingMayTakeIsNotNegative() {
        FramePublisher.Builder publisher = client.publisher("cam1");

        assertThatThrownBy(() -> publisher.compressWithin(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** An array that were used again too early would carry another picture under this one's header. */
    @Test
    void whateverIsSentAgainIsWhatWasPublished() throws Exception {
        for (long seed = 1; seed <= 100; seed++) {
            whateverIsSentAgainIsWhatWasPublished(seed);
        }
    }

    private void whateverIsSentAgainIsWhatWasPublished(long seed) throws Exception {
        Random random = new Random(seed);
        FramePublisher publisher = client.publisher("cam1").ringFrames(12).open();
        Map<Long, byte[]> published = new HashMap<>();
        PublishSide call = broker.publishCall().opened();
        int checked = 0;

        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(6)) {
                case 0 -> {
                    long taken = taken(call, random);
                    call.end(Status.UNAVAILABLE);
                    publish(publisher, random, published);
                    timers.advance(Duration.ofSeconds(10));
                    call = broker.publishCall();
                    publish(publisher, random, published);
                    call.opened(taken);
                    checked = 0;
                }
                case 1 -> call.ack(taken(call, random));
                case 2 -> {
                    long taken = taken(call, random);
                    call.ack(taken, exception(taken, FRAME_OUTCOME_REJECTED, "FIELD_INVALID"));
                }
                default -> publish(publisher, random, published);
            }
            List<WireFrame> sent =
                    call.messages().stream().flatMap(List::stream).toList();
            for (; checked < sent.size(); checked++) {
                WireFrame frame = sent.get(checked);
                assertThat(frame.crcMatches()).as("seed %d, %s", seed, frame).isTrue();
                assertThat(frame.isPacked()).as("seed %d, %s", seed, frame).isTrue();
                assertThat(frame.unpack(LIMIT)).isEqualTo(published.get(frame.sequence()));
            }
        }
        PublishSide last = call;
        publisher.closeAsync();
        last.ack(Long.MAX_VALUE);
        last.end();
        assertThat(publisher.stats().unacked()).as("seed %d", seed).isZero();
    }

    /** Some sequence that has come in this call; 0 when none has. */
    private static long taken(PublishSide call, Random random) {
        List<Long> sent = call.sequences();
        return sent.isEmpty() ? 0 : sent.get(random.nextInt(sent.size()));
    }

    /** Frames of which a half is noise, so that they are packed and still large enough to be packed in arrays of the pool. */
    private static void publish(FramePublisher publisher, Random random, Map<Long, byte[]> published) {
        byte[] pixels = new byte[80_000 + random.nextInt(10_000)];
        byte[] noise = new byte[40_000];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, pixels, 0, noise.length);
        published.put(publisher.publish(raw(pixels)), pixels);
    }

    private static OutgoingFrame raw(byte[] pixels) {
        return OutgoingFrame.raw(pixels, PixelFormat.PIXEL_FORMAT_GRAY8, pixels.length, 1);
    }
}
