package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;

/** A transport that does as it is told, and insists on what gRPC insists on: one sender at a time, none after close. */
final class FakeCall<A> extends ServerCall<Object, A> {
    final List<A> sent = new ArrayList<>();
    /** What the next questions are answered; when empty, {@link #ready}. */
    final Queue<Boolean> nextReady = new ArrayDeque<>();

    volatile boolean ready = true;
    int requested;
    Status closed;
    Runnable whileSending = () -> {};
    private final AtomicBoolean busy = new AtomicBoolean();

    @Override
    public void request(int messages) {
        requested += messages;
    }

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(A message) {
        assertThat(busy.compareAndSet(false, true)).as("nobody else is sending").isTrue();
        assertThat(closed).as("sending after the end").isNull();
        sent.add(message);
        whileSending.run();
        busy.set(false);
    }

    @Override
    public void close(Status status, Metadata trailers) {
        assertThat(busy.compareAndSet(false, true)).as("nobody is sending").isTrue();
        assertThat(closed).as("closed twice").isNull();
        closed = status;
        busy.set(false);
    }

    @Override
    public boolean isReady() {
        synchronized (nextReady) {
            Boolean scripted = nextReady.poll();
            return scripted == null ? ready : scripted;
        }
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public MethodDescriptor<Object, A> getMethodDescriptor() {
        throw new UnsupportedOperationException();
    }
}
