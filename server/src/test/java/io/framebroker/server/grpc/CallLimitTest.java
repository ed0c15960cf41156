package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

class CallLimitTest {
    @Test
    void aCallBeyondTheLimitIsRefusedUntilAnotherEnds() {
        try (EdgeBroker broker = EdgeBroker.setup().maxCalls(2).inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            var detector = broker.consume(Say.consume(Say.consumer("gate", "detector")));

            Status tooMany = broker.consume().end();
            camera.halfClose();
            camera.endsWell();
            EdgeBroker.await("the camera's place", () -> broker.server().openCalls() == 1);
            var recorder = broker.consume(Say.consume(Say.consumer("gate", "recorder")));

            assertThat(tooMany.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(tooMany.getDescription()).contains("2 of 2 calls");
            detector.halfClose();
            recorder.halfClose();
            detector.endsWell();
            recorder.endsWell();
        }
    }
}
