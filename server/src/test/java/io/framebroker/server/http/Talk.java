package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** What a call answers. */
final class Talk<T> implements StreamObserver<T> {
    private static final Object END = new Object();
    private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

    @Override
    public void onNext(T value) {
        heard.add(value);
    }

    @Override
    public void onError(Throwable t) {
        heard.add(t);
    }

    @Override
    public void onCompleted() {
        heard.add(END);
    }

    private Object next() {
        try {
            Object next = heard.poll(60, TimeUnit.SECONDS);
            assertThat(next).as("an answer").isNotNull();
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("unchecked")
    T awaitOne(Predicate<T> wanted) {
        while (true) {
            Object next = next();
            assertThat(next).isNotInstanceOf(Throwable.class).isNotSameAs(END);
            if (wanted.test((T) next)) {
                return (T) next;
            }
        }
    }

    void awaitEnd() {
        Object next = next();
        while (next != END) {
            assertThat(next).isNotInstanceOf(Throwable.class);
            next = next();
        }
    }
}
