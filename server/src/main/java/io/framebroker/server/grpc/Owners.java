package io.framebroker.server.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to other brokers, shared by all calls that go there: made when first needed, closed when nobody has used
 * them for long. Every call over them says that it was passed on once, so that it is not passed on again. Thread-safe.
 *
 * <p>A connection carries a hundred calls, then there is another one. Two limits of the broker at its end ask for that:
 * it takes a thousand calls from a connection and lets the others wait, and it hangs up on whoever resets two hundred
 * calls within a second, as happens when the clients of so many calls vanish together.
 */
final class Owners implements AutoCloseable {
    /** Present on calls that come from another broker. */
    static final Metadata.Key<String> FORWARDED =
            Metadata.Key.of("framebroker-forwarded", Metadata.ASCII_STRING_MARSHALLER);

    /** Stands for the address of this broker itself. */
    static final String SELF = "";

    private static final Logger log = LoggerFactory.getLogger(Owners.class);
    private static final int MOST_CALLS = 100;
    private static final int CONNECT_MILLIS = 3_000;
    private static final int KEEPALIVE_SECONDS = 12;
    private static final int KEEPALIVE_TIMEOUT_SECONDS = 4;
    /** What a call that is not read may have on its way to us, in bytes. */
    private static final int UNREAD_BYTES = 1 << 20;

    private final Supplier<Channel> self;
    private final ClientInterceptor mark;
    /** By address; guarded by this, as are the counts of the connections. */
    private final Map<String, List<Connection>> connections = new HashMap<>();

    private boolean closed;

    /** @param self leads to this broker itself */
    Owners(Supplier<Channel> self) {
        this.self = self;
        Metadata forwarded = new Metadata();
        forwarded.put(FORWARDED, "1");
        this.mark = MetadataUtils.newAttachHeadersInterceptor(forwarded);
    }

    /** Where the calls of one connection begin. */
    private final class Connection implements ClientInterceptor {
        private final ManagedChannel channel;
        private int calls;
        private long idleSinceNanos = System.nanoTime();

        Connection(String address) {
            this.channel = connect(address);
        }

        /** Whether its last attempt to connect has failed, and the next one is some time away. */
        boolean isBroken() {
            return channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE;
        }

        boolean isIdle(long forNanos) {
            return calls == 0 && System.nanoTime() - idleSinceNanos > forNanos;
        }

        void count(int change) {
            synchronized (Owners.this) {
                calls += change;
                idleSinceNanos = System.nanoTime();
            }
        }

        @Override
        public <A, B> ClientCall<A, B> interceptCall(MethodDescriptor<A, B> method, CallOptions options, Channel next) {
            return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<B> listener, Metadata headers) {
                    count(1);
                    super.start(
                            new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
                                @Override
                                public void onClose(Status status, Metadata trailers) {
                                    count(-1);
                                    super.onClose(status, trailers);
                                }
                            },
                            headers);
                }
            };
        }
    }

    /**
     * What calls to a broker are made on.
     *
     * @param address as host:port, or {@link #SELF}
     * @throws RuntimeException when it is no address, or this broker stops
     */
    synchronized Channel to(String address) {
        if (closed) {
            throw new IllegalStateException("this broker stops");
        }
        if (address.equals(SELF)) {
            return ClientInterceptors.intercept(self.get(), mark);
        }
        List<Connection> known = connections.computeIfAbsent(address, key -> new ArrayList<>());
        // One that could not connect tries again after growing pauses; a client that comes back is not to wait for
        // them.
        closeIf(known, Connection::isBroken);
        Connection free = known.stream()
                .filter(connection -> connection.calls < MOST_CALLS)
                .findFirst()
                .orElse(null);
        if (free == null) {
            free = new Connection(address);
            known.add(free);
            log.info("connection {} to the broker at {}", known.size(), address);
        }
        return ClientInterceptors.intercept(free.channel, free, mark);
    }

    private static ManagedChannel connect(String address) {
        return NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .proxyDetector(target -> null)
                .directExecutor()
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .flowControlWindow(UNREAD_BYTES)
                .maxInboundMessageSize(Integer.MAX_VALUE)
                // A retry would keep what was sent, and a message is gone once it is sent.
                .disableRetry()
                .build();
    }

    private static void closeIf(List<Connection> known, Predicate<Connection> unwanted) {
        for (Iterator<Connection> rest = known.iterator(); rest.hasNext(); ) {
            Connection connection = rest.next();
            if (unwanted.test(connection)) {
                rest.remove();
                connection.channel.shutdown();
            }
        }
    }

    /** Closes what nobody has used for so long. */
    synchronized void closeIdle(long forNanos) {
        connections.values().forEach(known -> closeIf(known, connection -> connection.isIdle(forNanos)));
        connections.values().removeIf(List::isEmpty);
    }

    synchronized int connections() {
        return connections.values().stream().mapToInt(List::size).sum();
    }

    @Override
    public synchronized void close() {
        closed = true;
        connections.values().forEach(known -> known.forEach(connection -> connection.channel.shutdownNow()));
        connections.clear();
    }
}
