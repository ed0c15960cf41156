package io.framebroker.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The connections of a client: one for each role, or one that somebody else owns. */
final class Channels {
    /** Room for one message around the largest frame a broker takes, which is 32 MiB. */
    private static final int MAX_INBOUND_BYTES = 64 << 20;

    private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 10;
    private static final long TERMINATION_SECONDS = 2;
    private static final ClientInterceptor DEADLINE = new ClientInterceptor() {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return next.newCall(
                    method, options.getDeadline() == null ? options.withDeadlineAfter(5, TimeUnit.SECONDS) : options);
        }
    };

    private final ManagedChannel publishers;
    private final ManagedChannel consumers;
    private final ManagedChannel admin;
    private final boolean ours;

    private Channels(ManagedChannel publishers, ManagedChannel consumers, ManagedChannel admin, boolean ours) {
        this.publishers = publishers;
        this.consumers = consumers;
        this.admin = admin;
        this.ours = ours;
    }

    /** @param credentials null for none */
    static Channels to(
            String target, ChannelCredentials credentials, Duration keepAlive, List<ClientInterceptor> interceptors) {
        ChannelCredentials given = credentials == null ? InsecureChannelCredentials.create() : credentials;
        return new Channels(
                channel(target, given, keepAlive, interceptors),
                channel(target, given, keepAlive, interceptors),
                channel(target, given, keepAlive, interceptors),
                true);
    }

    static Channels shared(ManagedChannel channel) {
        return new Channels(channel, channel, channel, false);
    }

    ManagedChannel publishers() {
        return publishers;
    }

    ManagedChannel consumers() {
        return consumers;
    }

    /** For unary calls; one without a deadline gets 5 s. */
    Channel admin() {
        return ClientInterceptors.intercept(admin, DEADLINE);
    }

    void close() {
        if (!ours) {
            return;
        }
        List<ManagedChannel> all = List.of(publishers, consumers, admin);
        all.forEach(ManagedChannel::shutdownNow);
        try {
            for (ManagedChannel channel : all) {
                channel.awaitTermination(TERMINATION_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ManagedChannel channel(
            String target, ChannelCredentials credentials, Duration keepAlive, List<ClientInterceptor> interceptors) {
        return Grpc.newChannelBuilder(target, credentials)
                .keepAliveTime(keepAlive.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .keepAliveWithoutCalls(true)
                .maxInboundMessageSize(MAX_INBOUND_BYTES)
                .intercept(interceptors)
                .disableRetry()
                .build();
    }
}
