package io.framebroker.wire;

import static io.framebroker.wire.Wires.assertSame;
import static io.framebroker.wire.Wires.bytes;
import static io.framebroker.wire.Wires.parseConsume;
import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.DeliveryToken;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsumeMessageTest {

    @Test
    void whatProtobufReadsIsReadTheSame() throws Exception {
        for (long seed = 1; seed <= 4000; seed++) {
            byte[] message = new RandomWire(seed).consumeResponse();
            ConsumeFramesResponse expected = ConsumeFramesResponse.parseFrom(message);

            ConsumeMessage read = parseConsume(message);

            if (read instanceof ConsumeMessage.Deliveries deliveries) {
                assertThat(expected.hasDeliveries()).as("seed %d", seed).isTrue();
                assertDeliveriesSame(deliveries, expected.getDeliveries());
            } else {
                assertThat(read).as("seed %d", seed).isEqualTo(new ConsumeMessage.Control(expected));
            }
        }
    }

    private static void assertDeliveriesSame(ConsumeMessage.Deliveries wire, Deliveries expected) {
        assertThat(wire.stream()).isEqualTo(expected.getStream());
        assertThat(wire.publisherId()).isEqualTo(expected.getPublisherId());
        assertThat(wire.epoch()).isEqualTo(expected.getEpoch());
        assertThat(wire.leaseMillis())
                .isEqualTo(expected.getLease().getSeconds() * 1_000
                        + expected.getLease().getNanos() / 1_000_000);
        assertThat(wire.deliveries()).hasSameSizeAs(expected.getDeliveriesList());
        for (int i = 0; i < wire.deliveries().size(); i++) {
            WireDelivery one = wire.deliveries().get(i);
            Delivery other = expected.getDeliveries(i);
            DeliveryToken token = other.getToken();
            assertThat(one.generation()).isEqualTo(token.getGeneration());
            assertThat(one.ordinal()).isEqualTo(token.getOrdinal());
            assertThat(one.attempt()).isEqualTo(token.getAttempt());
            assertThat(one.sequence()).isEqualTo(other.getSequence());
            assertThat(one.receivedMicros())
                    .isEqualTo(other.getReceivedTime().getSeconds() * 1_000_000
                            + other.getReceivedTime().getNanos() / 1_000);
            assertSame(one.wireFrame(), other.getFrame());
        }
    }

    @Test
    void deliveriesAreWrittenSoThatProtobufReadsThem() throws Exception {
        for (long seed = 1; seed <= 1500; seed++) {
            RandomWire random = new RandomWire(seed);
            List<WireDelivery> list = new ArrayList<>();
            List<byte[]> frames = new ArrayList<>();
            for (int i = random.below(5); i > 0; i--) {
                byte[] frame = random.frame();
                frames.add(frame);
                list.add(new WireDelivery(
                        random.below(3) - 1L,
                        1L << random.below(64),
                        random.below(3),
                        -1L >>> random.below(64),
                        random.below(2) == 0 ? 0 : 1_700_000_000_123_456L,
                        WireFrame.read(frame, 0, frame.length)));
            }
            ConsumeMessage.Deliveries message = new ConsumeMessage.Deliveries(
                    random.below(2) == 0 ? "" : "gaté/1", "publisher", random.below(2) == 0 ? 0 : -1, 30_500, list);

            byte[] written = bytes(message::toStream);

            Deliveries expected = ConsumeFramesResponse.parseFrom(written).getDeliveries();
            assertDeliveriesSame(message, expected);
            ConsumeMessage.Deliveries again = (ConsumeMessage.Deliveries) parseConsume(written);
            assertDeliveriesSame(again, expected);
            for (int i = 0; i < frames.size(); i++) {
                WireFrame survived = again.deliveries().get(i).wireFrame();
                assertThat(Wires.serialized(survived)).as("seed %d", seed).isEqualTo(frames.get(i));
            }
        }
    }

    @Test
    void aDeliveryWithoutFrameIsMalformed() {
        byte[] message = ConsumeFramesResponse.newBuilder()
                .setDeliveries(Deliveries.newBuilder()
                        .addDeliveries(Delivery.newBuilder()
                                .setToken(DeliveryToken.newBuilder()
                                        .setGeneration(1)
                                        .setOrdinal(9))))
                .build()
                .toByteArray();

        assertThat(parseConsume(message)).isEqualTo(new ConsumeMessage.Malformed("delivery 1-9 carries no frame"));
    }
}
