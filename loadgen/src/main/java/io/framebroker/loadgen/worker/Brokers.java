package io.framebroker.loadgen.worker;

import io.framebroker.client.FrameBrokerClient;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Clients of one broker or of several that serve alike: one of them is used, and another when it is gone. */
public final class Brokers {
    private static final String SCHEME = "framebrokers";

    /** Quick enough for rounds of a few seconds. */
    private static final Duration MIN_BACKOFF = Duration.ofMillis(50);

    private static final Duration MAX_BACKOFF = Duration.ofSeconds(1);

    /** The shortest that brokers permit: a connection that goes nowhere is given up after twice that. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

    static {
        NameResolverRegistry.getDefaultRegistry().register(new Lists());
    }

    private Brokers() {}

    /** @param addresses {@code host:port}, or several with commas between */
    public static FrameBrokerClient connect(String addresses) {
        String target = addresses.contains(",") ? SCHEME + ":///" + addresses : addresses;
        return FrameBrokerClient.builder(target)
                .reconnectBackoff(MIN_BACKOFF, MAX_BACKOFF)
                .keepAlive(KEEP_ALIVE)
                .build();
    }

    /** Teaches gRPC targets that list their addresses. */
    private static final class Lists extends NameResolverProvider {
        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args args) {
            return SCHEME.equals(target.getScheme())
                    ? new Fixed(target.getPath().substring(1))
                    : null;
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            // Behind DNS, whose scheme stays that of targets without one.
            return 1;
        }
    }

    private static final class Fixed extends NameResolver {
        private final List<EquivalentAddressGroup> addresses;

        Fixed(String list) {
            addresses = Arrays.stream(list.split(",")).map(Fixed::address).toList();
        }

        private static EquivalentAddressGroup address(String hostAndPort) {
            int colon = hostAndPort.lastIndexOf(':');
            return new EquivalentAddressGroup(new InetSocketAddress(
                    hostAndPort.substring(0, colon), Integer.parseInt(hostAndPort.substring(colon + 1))));
        }

        @Override
        public String getServiceAuthority() {
            return "brokers";
        }

        @Override
        public void start(Listener2 listener) {
            listener.onResult(ResolutionResult.newBuilder()
                    .setAddressesOrError(io.grpc.StatusOr.fromValue(addresses))
                    .build());
        }

        @Override
        public void shutdown() {}
    }
}
