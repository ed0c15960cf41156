package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.Drain;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.Channel;
import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Everything the broker serves over gRPC, put on any server: Netty's in production, in-process in tests. */
public final class GrpcEdge implements AutoCloseable {
    private static final int CHANNELZ_PAGE = 100;
    private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final List<String> SERVED = List.of(
            "",
            FrameBrokerServiceGrpc.SERVICE_NAME,
            StreamServiceGrpc.SERVICE_NAME,
            GroupServiceGrpc.SERVICE_NAME,
            DeadLetterServiceGrpc.SERVICE_NAME,
            DiagnosticsServiceGrpc.SERVICE_NAME);

    private final FrameBrokerEndpoint frames;
    /** The broker's own: streams that another broker has are asked for there. */
    private final List<ServerServiceDefinition> services;

    private final Owners owners;
    private final Loopback loopback;
    private final StreamWatch watch;
    private final Forwarding forwarding;
    private final HealthStatusManager health = new HealthStatusManager();
    private final InboundLimits limits = new InboundLimits();
    private final Broker broker;
    private final EdgeSettings settings;
    private final ConnectionAge age;
    private volatile Drain draining;

    public GrpcEdge(Broker broker, EdgeSettings settings) {
        this.broker = broker;
        this.settings = settings;
        this.age = new ConnectionAge(settings.maxConnectionAgeMillis(), settings.drainMillis());
        this.owners = new Owners(this::self);
        this.watch = new StreamWatch(broker);
        this.forwarding = new Forwarding(broker.memory(), settings, owners, watch::add);
        this.frames = new FrameBrokerEndpoint(broker, settings, watch, forwarding::openCalls);
        this.services = Stream.of(
                        frames,
                        new StreamEndpoint(broker, owners),
                        new DiagnosticsEndpoint(broker, settings, Clock.systemUTC()),
                        new GroupEndpoint(broker),
                        new DeadLetterEndpoint(broker))
                .map(endpoint -> forwarding.forwardable(endpoint.bindService()))
                .toList();
        this.loopback = new Loopback(services);
    }

    /** The broker as its own client, without a network; for as long as this edge is open. */
    public Channel self() {
        return loopback.channel();
    }

    /** Adds the services. Calls run directly on the transport's threads. */
    @SuppressWarnings("deprecation") // Reflection v1alpha: what older grpcurl versions ask for.
    public ServerBuilder<?> addTo(ServerBuilder<?> server) {
        SERVED.forEach(service -> health.setStatus(service, ServingStatus.SERVING));
        return server.directExecutor()
                .maxInboundMessageSize(settings.maxMessageBytes())
                .addTransportFilter(age)
                .addStreamTracerFactory(limits)
                .intercept(limits)
                .addServices(services)
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance())
                .addService(io.grpc.protobuf.services.ProtoReflectionService.newInstance())
                .addService(ChannelzService.newInstance(CHANNELZ_PAGE));
    }

    private void eachCall(Consumer<DrainableCall> action) {
        frames.eachCall(action);
        forwarding.eachCall(action);
    }

    /**
     * Tells idle consumers why nothing comes, looks for streams that calls with globs are to have, and leaves connections
     * that are too old or unused; to be called about once a second.
     */
    public void heartbeats() {
        frames.heartbeats();
        watch.look();
        Drain notice = draining;
        // A call may have begun as the others were told.
        eachCall(notice == null ? age::check : call -> call.drain(notice));
        owners.closeIdle(IDLE_NANOS);
    }

    /** Health says NOT_SERVING, and every call is told to end within the drain time. */
    public void drain(String reason) {
        health.enterTerminalState();
        Drain notice = Drain.newBuilder()
                .setDeadline(Conversions.duration(settings.drainMillis()))
                .setReason(reason)
                .build();
        draining = notice;
        eachCall(call -> call.drain(notice));
    }

    /** Ends the calls that have not ended in the drain time, with a status that says so. */
    public void breakOff() {
        BrokerException why = new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "BROKER_STOPPING",
                "the broker is stopping, and the call has not ended within " + settings.drainMillis()
                        + " ms of being told to; open it again, at the broker that comes next");
        eachCall(call -> call.breakOff(why));
    }

    /** Streaming calls that are open. */
    public int openCalls() {
        return frames.openCalls();
    }

    /** Closes the connections to other brokers. The calls over them end. */
    @Override
    public void close() {
        owners.close();
        loopback.close();
    }
}
