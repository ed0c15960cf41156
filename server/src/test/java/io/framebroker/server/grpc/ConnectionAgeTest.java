package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that stay on a connection that is too old. The transport has no age of its own here. */
@Timeout(300)
class ConnectionAgeTest {

    /** What clients have time for before they are broken off. */
    private static final long DRAIN_MILLIS = 5_000;

    private static final long AGE_MILLIS = 3_000;

    private static void assertTooOld(Refusal refusal, long ageMillis, long drainMillis) {
        assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refusal.reason()).isEqualTo("CONNECTION_TOO_OLD");
        assertThat(refusal.retry()).isTrue();
        assertThat(refusal.message()).contains("older than " + ageMillis + " ms", "within " + drainMillis + " ms");
    }

    /** Used to get nothing, and not to know, until the transport ended its connection. */
    @Test
    void aConsumerThatStaysIsBrokenOffAndKeepsWhatItHolds() {
        // Long enough for a frame to come, also where the machine pauses.
        try (EdgeBroker broker = EdgeBroker.setup()
                .maxConnectionAgeMillis(AGE_MILLIS)
                .heartbeatMillis(20)
                .drainMillis(DRAIN_MILLIS)
                .inProcess()) {
            var worker = Say.consumer("gate", "detector").setConsumerId("worker");
            var camera = broker.publish(Say.open("gate"));
            var consumer = broker.consume(Say.consume(worker));
            camera.say(Say.frames(1, 1));
            consumer.next(ConsumeFramesResponse::hasDeliveries);

            consumer.next(ConsumeFramesResponse::hasDrain);
            assertTooOld(consumer.refusal(), AGE_MILLIS, DRAIN_MILLIS);

            var again = EdgeBroker.consume(broker.newChannel());
            again.say(Say.consume(
                    worker.addHeld(HeldDeliveries.newBuilder().setStream("gate").setToken(Say.token(1, 1)))));
            assertThat(again.next(ConsumeFramesResponse::hasSettled)
                            .getSettled()
                            .getResults(0)
                            .getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
        }
    }

    @Test
    void aPublisherThatStaysIsBrokenOff() {
        try (EdgeBroker broker = EdgeBroker.setup()
                .maxConnectionAgeMillis(1)
                .heartbeatMillis(20)
                .drainMillis(100)
                .inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            camera.next(PublishFramesResponse::hasDrain);

            assertTooOld(camera.refusal(), 1, 100);
        }
    }
}
