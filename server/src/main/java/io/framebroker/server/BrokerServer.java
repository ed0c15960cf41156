package io.framebroker.server;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerClock;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.FrameTraces;
import io.framebroker.server.grpc.ConnectionAge;
import io.framebroker.server.grpc.EdgeSettings;
import io.framebroker.server.grpc.GrpcEdge;
import io.framebroker.server.http.BrokerMetrics;
import io.framebroker.server.http.HealthReport;
import io.framebroker.server.http.HttpEdge;
import io.framebroker.server.http.HttpSettings;
import io.framebroker.server.http.Probes;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.server.telemetry.Tracing;
import io.framebroker.server.telemetry.TracingSettings;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running broker: store, core, edge and timer, started in this order and stopped in reverse. */
public final class BrokerServer implements BrokerMetrics.Surroundings, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BrokerServer.class);
    private static final long TICK_MILLIS = 10;
    private static final long OPEN_ALL_MILLIS = 5_000;
    /** A broker whose timer has not come round for so long is stuck. */
    private static final int MOST_SECONDS_OF_A_TICK = 30;

    /** For calls to end that are told that they are broken off, and for those that cannot be told. */
    private static final long BREAK_OFF_MILLIS = 1_000;

    private static final int MOST_CALLS_OF_A_CONNECTION = 1000;
    private static final int MOST_RESETS_A_SECOND = 200;

    private final long drainMillis;
    /** Null where nobody wants any. */
    private final Tracing tracing;

    private final FrameStore store;
    private final Broker broker;
    private final GrpcEdge edge;
    private final ScheduledExecutorService timer;
    private final Server server;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Null where there is none. */
    private final HttpEdge http;

    private volatile long lastTickNanos;

    private BrokerServer(
            ServerBuilder<?> transport,
            FrameStore store,
            IntFunction<String> address,
            BrokerSettings settings,
            FrameMemory memory,
            EdgeSettings edge,
            HttpSettings http,
            TracingSettings traces)
            throws IOException {
        this.drainMillis = edge.drainMillis();
        this.store = store;
        this.tracing = traces == null ? null : Tracing.to(traces, new FrameTraceReader());
        FrameTraces told = tracing == null ? FrameTraces.NONE : tracing.frames();
        this.broker = new Broker(settings, store, memory, new SystemBrokerClock(), told);
        this.edge = new GrpcEdge(broker, edge);
        if (tracing != null) {
            transport.intercept(tracing.calls());
        }
        this.server = this.edge.addTo(transport).build().start();
        store.serveAt(address.apply(server.getPort()));
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "frame-broker-timer");
            thread.setDaemon(true);
            return thread;
        });
        this.lastTickNanos = System.nanoTime();
        timer.scheduleWithFixedDelay(() -> logged(this::tick), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        long heartbeatTick = Math.min(1_000, edge.heartbeatMillis());
        timer.scheduleWithFixedDelay(
                () -> logged(this.edge::heartbeats), heartbeatTick, heartbeatTick, TimeUnit.MILLISECONDS);
        // What nobody has asked for yet is there to be looked at, and what a broker that is gone had goes on.
        timer.scheduleWithFixedDelay(() -> logged(broker::openAll), 0, OPEN_ALL_MILLIS, TimeUnit.MILLISECONDS);
        Clock clock = Clock.systemUTC();
        this.http = startHttp(http, edge, clock);
        log.info("{} store: {}", store.name(), store.durability());
    }

    private HttpEdge startHttp(HttpSettings settings, EdgeSettings edge, Clock clock) throws IOException {
        try {
            Probes probes = new Probes(
                    new Status(),
                    new HealthReport(broker, edge.version(), clock.millis()),
                    new BrokerMetrics(broker, this, edge.version()),
                    () -> store.trouble() == null || broker.settings().degrade(),
                    clock);
            return HttpEdge.start(settings, probes, this.edge.self());
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** As seen on HTTP. */
    private final class Status implements Probes.Status {
        @Override
        public boolean isAlive() {
            return System.nanoTime() - lastTickNanos < TimeUnit.SECONDS.toNanos(MOST_SECONDS_OF_A_TICK);
        }

        @Override
        public boolean isDraining() {
            return closed.get();
        }
    }

    private void tick() {
        try {
            broker.tick();
        } finally {
            lastTickNanos = System.nanoTime();
        }
    }

    /** Starts a broker that listens on the network. */
    static BrokerServer start(ServerConfig config) throws IOException {
        InetSocketAddress address = new InetSocketAddress(config.grpcHost, config.grpcPort);
        EdgeSettings edge = config.edge();
        NettyServerBuilder netty = NettyServerBuilder.forAddress(address)
                .keepAliveTime(config.keepAliveTime.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(config.keepAliveTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxConcurrentCallsPerConnection(MOST_CALLS_OF_A_CONNECTION)
                .maxRstFramesPerWindow(MOST_RESETS_A_SECOND, 1);
        ConnectionAge.limit(netty, edge);
        return new BrokerServer(
                netty,
                config.store(),
                config::address,
                config.broker(),
                config.memory(),
                edge,
                config.http(),
                config.traces());
    }

    /**
     * Starts a broker inside this process, on any gRPC transport; for tests of services that use it.
     *
     * @param transport for instance an in-process server builder; the broker adds its services to it
     */
    public static BrokerServer start(ServerBuilder<?> transport, BrokerSettings settings, FrameMemory memory)
            throws IOException {
        return start(transport, settings, memory, EdgeSettings.DEFAULT);
    }

    /** As above, with other settings of the edge. */
    public static BrokerServer start(
            ServerBuilder<?> transport, BrokerSettings settings, FrameMemory memory, EdgeSettings edge)
            throws IOException {
        return start(transport, new MemoryFrameStore(), settings, memory, edge);
    }

    /** As above, on another store, which the broker closes when it ends. */
    public static BrokerServer start(
            ServerBuilder<?> transport,
            FrameStore store,
            BrokerSettings settings,
            FrameMemory memory,
            EdgeSettings edge)
            throws IOException {
        return start(transport, store, settings, memory, edge, HttpSettings.NONE);
    }

    /** As above, with HTTP. */
    public static BrokerServer start(
            ServerBuilder<?> transport,
            FrameStore store,
            BrokerSettings settings,
            FrameMemory memory,
            EdgeSettings edge,
            HttpSettings http)
            throws IOException {
        return start(transport, store, settings, memory, edge, http, null);
    }

    /**
     * As above, with traces.
     *
     * @param traces where they go; null for none
     */
    public static BrokerServer start(
            ServerBuilder<?> transport,
            FrameStore store,
            BrokerSettings settings,
            FrameMemory memory,
            EdgeSettings edge,
            HttpSettings http,
            TracingSettings traces)
            throws IOException {
        return new BrokerServer(transport, store, port -> "127.0.0.1:" + port, settings, memory, edge, http, traces);
    }

    /** The core, for looking inside. */
    public Broker broker() {
        return broker;
    }

    @Override
    public int openCalls() {
        return edge.openCalls();
    }

    @Override
    public long spansLost() {
        return tracing == null ? 0 : tracing.spansLost();
    }

    @Override
    public long dropsWithoutSpan() {
        return tracing == null ? 0 : tracing.dropsLeftOut();
    }

    /** Port it listens on; -1 where the transport has none. */
    public int port() {
        return server.getPort();
    }

    /** Port of HTTP; -1 where there is none. */
    public int httpPort() {
        return http == null ? -1 : http.port();
    }

    void awaitStopped() throws InterruptedException {
        server.awaitTermination();
    }

    String storeName() {
        return store.name();
    }

    /** A timer that threw once would never run again. */
    private static void logged(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | AssertionError e) {
            log.error("timer work failed", e);
        }
    }

    /**
     * Tells clients, gives them the drain time to leave, then ends what is left, in two seconds more; and in another two
     * where traces are sent and their receiver is away. Idempotent.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        log.info("draining {} calls, up to {} ms", edge.openCalls(), drainMillis);
        edge.drain("the broker is stopping");
        server.shutdown();
        try {
            boolean haveLeft = server.awaitTermination(drainMillis, TimeUnit.MILLISECONDS);
            // First: what consumers have in hand then is not to be held against it.
            logged(broker::leave);
            if (!haveLeft) {
                log.info("{} calls have not left; ending them", edge.openCalls());
                logged(edge::breakOff);
                if (!server.awaitTermination(BREAK_OFF_MILLIS, TimeUnit.MILLISECONDS)) {
                    server.shutdownNow().awaitTermination(BREAK_OFF_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            logged(broker::leave);
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        edge.close();
        store.close();
        broker.stopped();
        if (http != null) {
            http.close();
        }
        if (tracing != null) {
            tracing.close();
        }
        log.info("stopped");
    }

    private static final class SystemBrokerClock implements BrokerClock {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long wallMicros() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
        }
    }
}
