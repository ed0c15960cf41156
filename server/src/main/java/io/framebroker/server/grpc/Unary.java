package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Answers a unary call, or refuses it with the status of the refusal. */
final class Unary {
    private Unary() {}

    /** Answers a call about one stream that exists, once it is open here. */
    static <T> void about(Broker broker, String stream, StreamObserver<T> response, Supplier<T> work) {
        whenOpen(broker, stream, response, () -> answer(response, work));
    }

    /**
     * Does what a call about one stream that exists asks for, once it is open here.
     *
     * @param work answers, now or later, or throws a {@link BrokerException}
     */
    static <T> void whenOpen(Broker broker, String stream, StreamObserver<T> response, Runnable work) {
        Broker.Prepared prepared = new Broker.Prepared() {
            @Override
            public void here() {
                try {
                    work.run();
                } catch (BrokerException e) {
                    failed(e);
                }
            }

            @Override
            public void elsewhere(Map<String, String> addresses) {
                failed(Refusals.elsewhere(addresses));
            }

            @Override
            public void failed(BrokerException why) {
                response.onError(Refusals.toStatus(why));
            }
        };
        try {
            broker.prepare(List.of(stream), false, prepared);
        } catch (BrokerException e) {
            prepared.failed(e);
        }
    }

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

    /** Answers a deletion, of so many frames, when it is certain. */
    static <T> Broker.Deleted whenDeleted(StreamObserver<T> response, LongFunction<T> answer) {
        return new Broker.Deleted() {
            @Override
            public void deleted(long frames) {
                response.onNext(answer.apply(frames));
                response.onCompleted();
            }

            @Override
            public void failed(BrokerException why) {
                response.onError(Refusals.toStatus(why));
            }
        };
    }
}
