package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.broker.StreamState;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ServerBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A broker on a transport, and clients of it. Closing it checks that nothing was left behind and nothing was lost. */
final class EdgeBroker implements AutoCloseable {
    static final StreamSettings STREAMS = new StreamSettings(1000, 256 << 20, 100, 64 << 20, 0);

    /** What a test may want different. Time that a client has is longer than any pause of the machine. */
    static final class Setup {
        private boolean autoCreate = true;
        private StreamSettings streams = STREAMS;
        private long graceMillis = 600_000;
        private long inboundBytes = 512 << 20;
        private long heartbeatMillis = 600_000;
        private int maxStreams = 100;
        private int maxCalls = 2_000;
        private long openMillis = 600_000;
        private long drainMillis = 60_000;
        private long maxConnectionAgeMillis;
        private long outboundBytes = 512 << 20;
        private long keptBytes = 512 << 20;
        private FrameStore store = new MemoryFrameStore();

        Setup autoCreate(boolean create) {
            autoCreate = create;
            return this;
        }

        Setup backlogFrames(int frames) {
            streams = new StreamSettings(frames, 256 << 20, 100, 64 << 20, 0);
            return this;
        }

        Setup graceMillis(long millis) {
            graceMillis = millis;
            return this;
        }

        Setup inboundBytes(long bytes) {
            inboundBytes = bytes;
            return this;
        }

        Setup heartbeatMillis(long millis) {
            heartbeatMillis = millis;
            return this;
        }

        Setup openMillis(long millis) {
            openMillis = millis;
            return this;
        }

        Setup drainMillis(long millis) {
            drainMillis = millis;
            return this;
        }

        Setup outboundBytes(long bytes) {
            outboundBytes = bytes;
            return this;
        }

        Setup keptBytes(long bytes) {
            keptBytes = bytes;
            return this;
        }

        Setup store(FrameStore other) {
            store = other;
            return this;
        }

        Setup maxCalls(int most) {
            maxCalls = most;
            return this;
        }

        Setup maxConnectionAgeMillis(long most) {
            maxConnectionAgeMillis = most;
            return this;
        }

        Setup maxStreams(int most) {
            maxStreams = most;
            return this;
        }

        EdgeBroker inProcess() {
            String name = InProcessServerBuilder.generateName();
            return new EdgeBroker(this, InProcessServerBuilder.forName(name), name);
        }

        EdgeBroker netty() {
            return netty(NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)));
        }

        private EdgeSettings edge() {
            return new EdgeSettings(
                    EdgeSettings.DEFAULT.maxFrameBytes(),
                    4 << 20,
                    maxCalls,
                    openMillis,
                    heartbeatMillis,
                    drainMillis,
                    maxConnectionAgeMillis,
                    "test");
        }

        EdgeBroker netty(NettyServerBuilder transport) {
            ConnectionAge.limit(transport, edge());
            return new EdgeBroker(this, transport, null);
        }
    }

    private final BrokerServer server;
    private final String inProcessName;
    private final ManagedChannel channel;
    private final List<ManagedChannel> channels = new ArrayList<>();

    private EdgeBroker(Setup setup, ServerBuilder<?> transport, String inProcessName) {
        this.inProcessName = inProcessName;
        try {
            this.server = BrokerServer.start(
                    transport,
                    setup.store,
                    new BrokerSettings(setup.autoCreate, setup.maxStreams, setup.graceMillis, setup.streams),
                    new FrameMemory(setup.keptBytes, setup.inboundBytes, setup.outboundBytes),
                    setup.edge());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.channel = newChannel();
    }

    static Setup setup() {
        return new Setup();
    }

    static EdgeBroker inProcess() {
        return setup().inProcess();
    }

    static EdgeBroker netty() {
        return setup().netty();
    }

    Broker core() {
        return server.broker();
    }

    BrokerServer server() {
        return server;
    }

    Channel channel() {
        return channel;
    }

    /** A connection of its own. */
    ManagedChannel newChannel() {
        return inProcessName == null
                ? newChannel(server.port())
                : kept(InProcessChannelBuilder.forName(inProcessName)
                        .directExecutor()
                        .build());
    }

    /** A connection to a port in front of the broker. */
    ManagedChannel newChannel(int port) {
        return kept(NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build());
    }

    private ManagedChannel kept(ManagedChannel made) {
        channels.add(made);
        return made;
    }

    Talk<PublishFramesRequest, PublishFramesResponse> publish() {
        return publish(channel);
    }

    static Talk<PublishFramesRequest, PublishFramesResponse> publish(Channel channel) {
        return new Talk<>(channel, FrameBrokerServiceGrpc.getPublishFramesMethod());
    }

    /** Says `open` and takes the answer. */
    Talk<PublishFramesRequest, PublishFramesResponse> publish(PublishFramesRequest open) {
        var talk = publish();
        talk.say(open);
        assertThat(talk.next().hasOpened()).isTrue();
        return talk;
    }

    Talk<ConsumeFramesRequest, ConsumeFramesResponse> consume() {
        return consume(channel);
    }

    static Talk<ConsumeFramesRequest, ConsumeFramesResponse> consume(Channel channel) {
        return new Talk<>(channel, FrameBrokerServiceGrpc.getConsumeFramesMethod());
    }

    /** Says `open` and takes the answer. */
    Talk<ConsumeFramesRequest, ConsumeFramesResponse> consume(ConsumeFramesRequest open) {
        var talk = consume();
        talk.say(open);
        assertThat(talk.next().hasOpened()).isTrue();
        return talk;
    }

    /** A publisher that never takes what it is told. */
    Talk<PublishFramesRequest, PublishFramesResponse> deafPublisher() {
        return new Talk<>(channel, FrameBrokerServiceGrpc.getPublishFramesMethod(), CallOptions.DEFAULT, false);
    }

    /** A consumer that never takes what it is told. */
    Talk<ConsumeFramesRequest, ConsumeFramesResponse> deafConsumer() {
        return new Talk<>(channel, FrameBrokerServiceGrpc.getConsumeFramesMethod(), CallOptions.DEFAULT, false);
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Talk.PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("waited for: %s", what).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    void assertBalanced() {
        for (StreamState stream : core().streams()) {
            assertThat(core().ledger(stream.name()).balances())
                    .as("%s", core().ledger(stream.name()))
                    .isTrue();
        }
    }

    /** Waits until every call has ended, and looks for what they have left. */
    void assertDeserted() {
        await("no open calls", () -> server.openCalls() == 0);
        await("inbound memory given back", () -> core().memory().inboundBytes() == 0);
        await("outbound memory given back", () -> core().memory().outboundBytes() == 0);
        for (StreamState stream : core().streams()) {
            String name = stream.name();
            await("no consumers of " + name, () -> core().stream(name).consumers() == 0);
            await(
                    "no publisher of " + name,
                    () -> core().stream(name).publisherId().isEmpty());
        }
        assertBalanced();
    }

    /** All its clients vanish. */
    void hangUp() {
        channels.forEach(ManagedChannel::shutdownNow);
    }

    @Override
    public void close() {
        hangUp();
        try {
            assertDeserted();
        } finally {
            server.close();
        }
    }
}
