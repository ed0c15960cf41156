package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Calls that a test can cut: both sides see what they see when the connection between them is lost. */
final class CutCalls implements ClientInterceptor {
    private final BlockingQueue<ClientCall<?, ?>> started = new LinkedBlockingQueue<>();

    /** Cuts the oldest call that was not cut. */
    void cut() throws InterruptedException {
        awaitNext().cancel("connection lost", null);
    }

    /** The next call after the one that was cut last; until it is there, that one may still be used. */
    ClientCall<?, ?> awaitNext() throws InterruptedException {
        ClientCall<?, ?> next = started.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("call that was started").isNotNull();
        return next;
    }

    @Override
    public <Q, P> ClientCall<Q, P> interceptCall(MethodDescriptor<Q, P> method, CallOptions options, Channel next) {
        ClientCall<Q, P> call = next.newCall(method, options);
        return new SimpleForwardingClientCall<>(call) {
            @Override
            public void start(Listener<P> listener, Metadata headers) {
                super.start(lost(listener), headers);
                started.add(call);
            }
        };
    }

    private static <P> ClientCall.Listener<P> lost(ClientCall.Listener<P> listener) {
        return new SimpleForwardingClientCallListener<>(listener) {
            @Override
            public void onClose(Status status, Metadata trailers) {
                boolean cut = status.getCode() == Status.Code.CANCELLED;
                super.onClose(cut ? Status.UNAVAILABLE.withDescription(status.getDescription()) : status, trailers);
            }
        };
    }
}
