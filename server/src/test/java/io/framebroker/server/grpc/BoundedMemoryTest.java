package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.server.broker.StreamState;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients cannot make the broker hold. */
@Timeout(300)
class BoundedMemoryTest {
    private static final int MEGA = 1 << 20;

    /** Each stream used to keep its newest frame whatever the others kept: thirty megabytes a stream, without end. */
    @Test
    void theNewestFramesOfManyStreamsGoWhenMemoryIsShort() {
        try (EdgeBroker broker = EdgeBroker.setup().keptBytes(8 * MEGA).inProcess()) {
            for (int i = 0; i < 40; i++) {
                var camera = broker.publish(Say.open("m" + i));
                camera.say(Say.frames(Say.frame(1, ByteString.copyFrom(new byte[MEGA]))));
                camera.halfClose();
                camera.endsWell();
            }

            EdgeBroker.await(
                    "memory below its limit", () -> broker.core().memory().keptBytes() <= 8 * MEGA);
            assertThat(broker.core().streams().stream().filter(stream -> stream.frames() > 0))
                    .hasSizeBetween(1, 8);
        }
    }

    /** A small frame used to keep the large message it came in alive, uncounted. */
    @Test
    void aSmallFrameCountsForTheMessageItKeepsAlive() {
        try (EdgeBroker broker = EdgeBroker.setup().keptBytes(64 * MEGA).inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(
                    Say.frame(1, ByteString.copyFrom(new byte[3 * MEGA])), Say.frame(2, ByteString.copyFromUtf8("x"))));
            camera.next(told -> told.getAck().getStoredThrough() == 2);
            broker.core().updateStream("gate", new io.framebroker.server.broker.StreamSettings(10, MEGA, 1, MEGA, 0));

            StreamState gate = broker.core().stream("gate");
            assertThat(gate.bytes()).isLessThan(1_000);
            assertThat(broker.core().memory().keptBytes()).isGreaterThan(3 * MEGA);
            camera.halfClose();
            camera.endsWell();
        }
    }

    @Test
    void aConsumerThatThereIsNoMemoryForIsRefused() {
        try (EdgeBroker broker = EdgeBroker.setup().outboundBytes(2 * MEGA).inProcess()) {
            var first = broker.consume(Say.consume(Say.consumer("gate", "one")));

            var second = broker.consume();
            second.say(Say.consume(Say.consumer("gate", "two")));

            Refusal refusal = second.refusal();
            assertThat(refusal.reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
            first.halfClose();
            first.endsWell();
        }
    }

    @Test
    void aFrameThatThereIsNoMemoryForGoesToSomebodyElse() {
        try (EdgeBroker broker = EdgeBroker.setup().outboundBytes(2 * MEGA).inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));
            var camera = broker.publish(Say.open("gate"));

            camera.say(Say.frames(Say.frame(1, ByteString.copyFrom(new byte[3 * MEGA]))));

            assertThat(consumer.refusal().reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
            EdgeBroker.await(
                    "the frame waits again",
                    () -> broker.core().groups("gate").get(0).lag().pending() == 1);
            camera.halfClose();
            camera.endsWell();
        }
    }

    @Test
    void aCallThatNeverOpensEnds() {
        try (EdgeBroker broker = EdgeBroker.setup().openMillis(200).inProcess()) {
            for (Status end : List.of(broker.publish().end(), broker.consume().end())) {
                assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                assertThat(end.getDescription()).contains("no `open` within 200 ms");
            }
        }
    }
}
