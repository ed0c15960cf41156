package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.redis.RedisFrameStore;
import io.framebroker.server.store.redis.RedisProcess;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.Window;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets frames while Redis stands still, and what is said of them. */
@Timeout(300)
class StalledRedisTest {
    /** Longer than any pause of the machine: what stands still is Redis, and nobody gives it up. */
    private static final int PATIENCE_MILLIS = 60_000;

    private static ConsumeOpen.Builder early(String group) {
        ConsumeOpen.Builder open = Say.consumer("gate", group);
        open.getSettingsBuilder().setEarly(true);
        return open.setWindow(Window.newBuilder().setMaxFrames(1));
    }

    private static ConsumeOpen.Builder latest() {
        return ConsumeOpen.newBuilder().addStreams("gate").setMode(ConsumeMode.CONSUME_MODE_LATEST);
    }

    private static ConsumeFramesResponse deliveries(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer) {
        return consumer.next(ConsumeFramesResponse::hasDeliveries);
    }

    private static long sequence(ConsumeFramesResponse deliveries) {
        assertThat(deliveries.getDeliveries().getDeliveriesCount()).isEqualTo(1);
        return deliveries.getDeliveries().getDeliveries(0).getSequence();
    }

    private static SettleOutcome outcome(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer) {
        return consumer.next(ConsumeFramesResponse::hasSettled)
                .getSettled()
                .getResults(0)
                .getOutcome();
    }

    @Test
    void earlyGroupsAndWhoWantsTheNewestDoNotWaitForIt() {
        try (RedisProcess redis = RedisProcess.started();
                EdgeBroker broker = EdgeBroker.setup()
                        .store(new RedisFrameStore(
                                redis.settings()
                                        .withTimeouts(PATIENCE_MILLIS, PATIENCE_MILLIS)
                                        .withLeaseMillis(PATIENCE_MILLIS),
                                0,
                                null))
                        .inProcess()) {
            var archive = broker.consume(Say.consume(Say.consumer("gate", "archive")));
            var detector = broker.consume(Say.consume(early("detector")));
            var viewer = broker.consume(Say.consume(latest()));
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(1, 1));
            archive.say(Say.ackAll(deliveries(archive)));
            assertThat(outcome(archive)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            for (var each : List.of(detector, viewer)) {
                each.say(Say.ackAll(deliveries(each)));
                assertThat(outcome(each)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            }

            redis.suspend();
            camera.say(Say.frames(2, 2));

            ConsumeFramesResponse second = deliveries(detector);
            assertThat(sequence(second)).isEqualTo(2);
            detector.say(Say.ackAll(second));
            assertThat(sequence(deliveries(viewer))).isEqualTo(2);
            camera.say(Say.frames(3, 3));
            // It took what was said of the second, or it would not be given the third beside a window of one.
            assertThat(sequence(deliveries(detector))).isEqualTo(3);
            assertThat(broker.core().ledger("gate").stream().appending()).isEqualTo(2);
            assertThat(archive.heardNothing()).isTrue();
            assertThat(detector.heardNothing()).isTrue();

            redis.resume();
            assertThat(outcome(detector)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            // The third may be with it.
            assertThat(deliveries(archive).getDeliveries().getDeliveries(0).getSequence())
                    .isEqualTo(2);
            camera.halfClose();
            long stored = 0;
            for (PublishFramesResponse told : camera.rest()) {
                stored = Math.max(stored, told.getAck().getStoredThrough());
            }
            assertThat(stored).isEqualTo(3);
            camera.endsWell();
        }
    }
}
