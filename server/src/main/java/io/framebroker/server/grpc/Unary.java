package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** Answers a unary call, or refuses it with the status of the refusal. */
final class Unary {
    private Unary() {}

    static <T> void answer(StreamObserver<T> response, Supplier<T> work) {
        T answer;
        try {
            answer = work.get();
        } catch (BrokerException e) {
            response.onError(Refusals.toStatus(e));
            return;
        }
        response.onNext(answer);
        response.onCompleted();
    }
}
