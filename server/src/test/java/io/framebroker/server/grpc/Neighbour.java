package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Created;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;

/** A well-behaved publisher and consumer on a stream of their own, who must not notice what others do. */
final class Neighbour {
    private static final String STREAM = "neighbour";

    private final EdgeBroker broker;
    private final Talk<PublishFramesRequest, PublishFramesResponse> camera;
    private final Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer;
    private long sequence;

    Neighbour(EdgeBroker broker) {
        this.broker = broker;
        this.consumer = broker.consume(Say.consume(Say.consumer(STREAM, "detector", 10)));
        this.camera = broker.publish(Say.open(STREAM));
    }

    static void create(EdgeBroker broker) {
        Created.stream(broker.core(), STREAM, EdgeBroker.STREAMS);
    }

    /** Publishes and settles some frames, and checks that none is missing anywhere. */
    void goesOn() {
        for (int i = 0; i < 20; i++) {
            sequence++;
            camera.say(Say.frames(sequence, sequence));
            var deliveries = consumer.next(ConsumeFramesResponse::hasDeliveries);
            assertThat(deliveries.getDeliveries().getDeliveriesList())
                    .singleElement()
                    .satisfies(delivery -> assertThat(delivery.getFrame()).isEqualTo(Say.frame(sequence)));
            consumer.say(Say.ackAll(deliveries));
            assertThat(consumer.next(ConsumeFramesResponse::hasSettled)
                            .getSettled()
                            .getResults(0)
                            .getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
        }
        var ledger = broker.core().ledger(STREAM);
        assertThat(ledger.stream().stored()).isEqualTo(sequence);
        assertThat(ledger.groups().get(0).acked()).isEqualTo(sequence);
        broker.assertBalanced();
    }
}
