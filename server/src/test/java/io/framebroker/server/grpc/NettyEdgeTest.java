package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Frame;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.Window;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NettyEdgeTest {

    @Test
    void rawFourKFramesPassSeveralInFlightByteForByte() {
        int frames = 5;
        byte[] pixels = new byte[32 << 20];
        new Random(4).nextBytes(pixels);
        try (EdgeBroker broker = EdgeBroker.setup().backlogFrames(3).netty()) {
            var consumer = broker.consume(Say.consume(Say.consumer("4k", "detector")
                    .setWindow(Window.newBuilder().setMaxFrames(3).setMaxBytes(200 << 20))));
            var camera = broker.publish();
            camera.say(Say.publish(Say.publisher("4k").setMaxFrameBytes(EdgeSettings.DEFAULT.maxFrameBytes())));
            camera.next();

            int sent = 0;
            for (int taken = 0; taken < frames; ) {
                while (sent < frames && sent < taken + 3) {
                    sent++;
                    camera.say(Say.frames(frame(sent, pixels)));
                }
                var told = consumer.next(ConsumeFramesResponse::hasDeliveries);
                for (Delivery delivery : told.getDeliveries().getDeliveriesList()) {
                    taken++;
                    assertThat(delivery.getFrame().equals(frame(taken, pixels)))
                            .as("frame %d came as it was sent", taken)
                            .isTrue();
                }
                consumer.say(Say.ackAll(told));
            }

            camera.next(told -> told.getAck().getStoredThrough() == frames);
            camera.halfClose();
            camera.endsWell();
            EdgeBroker.await(
                    "all settled",
                    () -> broker.core().ledger("4k").groups().get(0).acked() == frames);
        }
    }

    /** The same pixels but for where they start, so that a frame in the place of another is noticed. */
    private static Frame frame(int sequence, byte[] pixels) {
        ByteString payload = UnsafeByteOperations.unsafeWrap(pixels, sequence, pixels.length - sequence)
                .concat(UnsafeByteOperations.unsafeWrap(pixels, 0, sequence));
        return Say.frame(sequence, payload);
    }

    /** Else who connected first would keep what others could take. */
    @Test
    void aConnectionThatIsTooOldIsLeftInOrder() {
        try (EdgeBroker broker = EdgeBroker.setup()
                .maxConnectionAgeMillis(1_000)
                .heartbeatMillis(100)
                .netty()) {
            var camera = broker.publish(Say.open("gate"));
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));

            var notice = consumer.next(ConsumeFramesResponse::hasDrain).getDrain();
            camera.next(PublishFramesResponse::hasDrain);
            camera.say(Say.frames(1, 3));
            camera.halfClose();
            assertThat(camera.rest()).anyMatch(told -> told.getAck().getStoredThrough() == 3);
            camera.endsWell();
            var successor = broker.consume(Say.consume(Say.consumer("gate", "detector")));

            assertThat(notice.getReason()).contains("is older than 1000 ms");
            assertThat(successor
                            .next(ConsumeFramesResponse::hasDeliveries)
                            .getDeliveries()
                            .getDeliveries(0)
                            .getToken()
                            .getAttempt())
                    .isEqualTo(1);
            consumer.halfClose();
            assertThat(consumer.rest()).noneMatch(ConsumeFramesResponse::hasDeliveries);
            consumer.endsWell();
        }
    }

    @Test
    void conversationsEndWellOverANetwork() {
        try (EdgeBroker broker = EdgeBroker.netty()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 1000)));
            var camera = broker.publish(Say.open("gate"));
            for (int i = 0; i < 50; i++) {
                camera.say(Say.frames(i * 10 + 1, i * 10 + 10));
            }
            camera.halfClose();
            var rest = camera.rest();
            camera.endsWell();
            PublishFramesResponse last = rest.get(rest.size() - 1);
            assertThat(last.getAck().getStoredThrough()).isEqualTo(500);

            int settled = 0;
            int taken = 0;
            while (settled < 500) {
                var told = consumer.next();
                if (told.hasDeliveries()) {
                    taken += told.getDeliveries().getDeliveriesCount();
                    consumer.say(Say.ackAll(told));
                }
                settled += told.getSettled().getResultsList().stream()
                        .mapToInt(result -> result.getCount())
                        .sum();
            }
            consumer.halfClose();
            consumer.endsWell();
            assertThat(taken).isEqualTo(500);
        }
    }
}
