package io.framebroker.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.PublishFramesRequest;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes of somebody who means harm. Whatever is accepted, protobuf accepts as well and reads the same. */
class HostileBytesTest {
    private static final int MUTATIONS = 10_000;

    /**
     * Where we are stricter than protobuf, which cuts field numbers and lengths to 32 bits, takes a number whose tenth
     * byte asks for an eleventh, lets groups nest 100 deep, and knows nothing of deliveries that must have a frame.
     */
    private static final String STRICTER = "field number 0 or too large.*|length \\d+ at byte.*|groups nested deeper.*"
            + "|varint longer than 10 bytes.*"
            + "|more than \\d+ frames.*|\\d+ bytes without frames.*|delivery .* carries no frame";

    @Test
    @Timeout(60)
    void hostilePublishRequestsAreMalformedOrReadAsProtobufReadsThem() {
        int accepted = 0;
        for (long seed = 1; seed <= MUTATIONS; seed++) {
            byte[] message = mutated(new RandomWire(seed % 997).publishRequest(), new Random(seed));
            PublishMessage read = Wires.parsePublish(message);
            PublishFramesRequest expected = null;
            try {
                expected = PublishFramesRequest.parseFrom(message);
            } catch (InvalidProtocolBufferException e) {
                assertThat(read).as("seed %d: %s", seed, e).isInstanceOf(PublishMessage.Malformed.class);
            }
            if (read instanceof PublishMessage.Malformed malformed) {
                assertThat(expected == null || malformed.reason().matches(STRICTER))
                        .as("seed %d: %s", seed, malformed)
                        .isTrue();
            } else if (read instanceof PublishMessage.Frames frames) {
                Wires.assertSame(frames.frames(), expected.getFrames().getFramesList());
                accepted++;
            } else {
                assertThat(read).as("seed %d", seed).isEqualTo(new PublishMessage.Control(expected));
                accepted++;
            }
        }
        assertThat(accepted).isGreaterThan(MUTATIONS / 20);
    }

    @Test
    @Timeout(60)
    void hostileConsumeResponsesAreMalformedOrReadAsProtobufReadsThem() {
        int accepted = 0;
        for (long seed = 1; seed <= MUTATIONS; seed++) {
            byte[] message = mutated(new RandomWire(seed % 997).consumeResponse(), new Random(seed));
            ConsumeMessage read = Wires.parseConsume(message);
            ConsumeFramesResponse expected = null;
            try {
                expected = ConsumeFramesResponse.parseFrom(message);
            } catch (InvalidProtocolBufferException e) {
                assertThat(read).as("seed %d: %s", seed, e).isInstanceOf(ConsumeMessage.Malformed.class);
            }
            if (read instanceof ConsumeMessage.Malformed malformed) {
                assertThat(expected == null || malformed.reason().matches(STRICTER))
                        .as("seed %d: %s", seed, malformed)
                        .isTrue();
            } else if (read instanceof ConsumeMessage.Deliveries deliveries) {
                assertThat(deliveries.deliveries())
                        .hasSameSizeAs(expected.getDeliveries().getDeliveriesList());
                deliveries.deliveries().forEach(delivery -> delivery.wireFrame().frame());
                accepted++;
            } else {
                accepted++;
            }
        }
        assertThat(accepted).isGreaterThan(MUTATIONS / 20);
    }

    @Test
    void everyTruncationIsToldFromTheWhole() throws Exception {
        for (long seed = 1; seed <= 100; seed++) {
            byte[] message = new RandomWire(seed).publishRequest();
            for (int length = 0; length < Math.min(message.length, 2000); length++) {
                byte[] cut = Arrays.copyOf(message, length);
                PublishMessage read = Wires.parsePublish(cut);
                if (!(read instanceof PublishMessage.Malformed)) {
                    PublishFramesRequest.parseFrom(cut);
                }
            }
        }
    }

    @Test
    void groupsNestedWithoutEndAreMalformed() {
        byte[] starts = new byte[100_000];
        Arrays.fill(starts, (byte) (100 << 3 & 0x7F | 3));

        assertThat(Wires.parsePublish(starts)).isInstanceOf(PublishMessage.Malformed.class);
        assertThat(Wires.parseConsume(starts)).isInstanceOf(ConsumeMessage.Malformed.class);
    }

    /** Used to be taken for the field 0 that its last 32 bits say. */
    @Test
    void aFieldNumberOfSixtyFourBitsIsMalformed() {
        byte[] tag = {-128, -128, -128, -128, -128, -128, -128, -128, -128, 1, 0};

        assertThat(Wires.parsePublish(tag)).isInstanceOf(PublishMessage.Malformed.class);
    }

    /** Flips bits, cuts, repeats, inserts, and makes lengths lie. */
    private static byte[] mutated(byte[] message, Random random) {
        byte[] bytes = message;
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes = mutatedOnce(bytes, random);
        }
        return bytes;
    }

    private static byte[] mutatedOnce(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            byte[] noise = new byte[random.nextInt(20)];
            random.nextBytes(noise);
            return noise;
        }
        // Most of what decides lies at the front.
        int at = random.nextInt(random.nextBoolean() ? Math.min(bytes.length, 40) : bytes.length);
        byte[] copy = bytes.clone();
        switch (random.nextInt(6)) {
            case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> copy[at] = (byte) random.nextInt();
            case 2 -> copy = Arrays.copyOf(copy, at);
            case 3 -> copy[at] += (byte) (random.nextInt(5) - 2);
            case 4 -> {
                byte[] long64 = new byte[bytes.length + 9];
                System.arraycopy(bytes, 0, long64, 0, at);
                Arrays.fill(long64, at, at + 9, (byte) 0xFF);
                System.arraycopy(bytes, at, long64, at + 9, bytes.length - at);
                copy = long64;
            }
            default -> {
                int length = random.nextInt(Math.min(bytes.length - at, 100)) + 1;
                copy = Arrays.copyOf(bytes, bytes.length + length);
                System.arraycopy(bytes, at, copy, bytes.length, length);
            }
        }
        return copy;
    }
}
