package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.disk.DiskFrameStore;
import io.framebroker.server.store.disk.DiskSettings;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.PublishFramesResponse;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls that stay when their broker stops, and what they had in hand. */
@Timeout(300)
class BrokerStopTest {
    @TempDir
    Path folder;

    private EdgeBroker starts() throws IOException {
        DiskSettings settings = new DiskSettings(
                folder, 64 << 20, 4 << 20, AckLevel.STORED, Duration.ofMillis(50), Duration.ofMillis(50));
        return EdgeBroker.setup()
                .store(new DiskFrameStore(settings))
                .graceMillis(0)
                .drainMillis(200)
                .inProcess();
    }

    private static void assertStopping(Refusal refusal) {
        assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refusal.reason()).isEqualTo("BROKER_STOPPING");
        assertThat(refusal.retry()).isTrue();
        assertThat(refusal.message()).contains("within 200 ms");
    }

    @Test
    void callsThatStayAreToldAndWhatTheyHeldCostsNoAttempt() throws IOException {
        try (EdgeBroker broker = starts()) {
            var camera = broker.publish(Say.open("gate"));
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));
            camera.say(Say.frames(1, 1));
            consumer.next(ConsumeFramesResponse::hasDeliveries);

            broker.server().close();

            camera.next(PublishFramesResponse::hasDrain);
            assertStopping(camera.refusal());
            consumer.next(ConsumeFramesResponse::hasDrain);
            assertStopping(consumer.refusal());
        }
        try (EdgeBroker next = starts()) {
            var other = next.consume(Say.consume(Say.consumer("gate", "detector")));

            var deliveries = other.next(ConsumeFramesResponse::hasDeliveries).getDeliveries();
            assertThat(deliveries.getDeliveries(0).getToken().getAttempt()).isEqualTo(1);
        }
    }
}
