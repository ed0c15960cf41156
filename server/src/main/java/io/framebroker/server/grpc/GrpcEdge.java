package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.time.Clock;
import java.util.List;

/** Everything the broker serves over gRPC, put on any server: Netty's in production, in-process in tests. */
public final class GrpcEdge {
    private static final int CHANNELZ_PAGE = 100;
    private static final List<String> SERVED = List.of(
            "",
            FrameBrokerServiceGrpc.SERVICE_NAME,
            StreamServiceGrpc.SERVICE_NAME,
            GroupServiceGrpc.SERVICE_NAME,
            DiagnosticsServiceGrpc.SERVICE_NAME);

    private final FrameBrokerEndpoint frames;
    private final HealthStatusManager health = new HealthStatusManager();
    private final InboundLimits limits = new InboundLimits();
    private final Broker broker;
    private final EdgeSettings settings;

    public GrpcEdge(Broker broker, EdgeSettings settings) {
        this.broker = broker;
        this.settings = settings;
        this.frames = new FrameBrokerEndpoint(broker, settings);
    }

    /** Adds the services. Calls run directly on the transport's threads. */
    @SuppressWarnings("deprecation") // Reflection v1alpha: what older grpcurl versions ask for.
    public ServerBuilder<?> addTo(ServerBuilder<?> server) {
        SERVED.forEach(service -> health.setStatus(service, ServingStatus.SERVING));
        return server.directExecutor()
                .maxInboundMessageSize(settings.maxMessageBytes())
                .addStreamTracerFactory(limits)
                .intercept(limits)
                .addService(frames)
                .addService(new StreamEndpoint(broker))
                .addService(new DiagnosticsEndpoint(broker, settings, Clock.systemUTC()))
                .addService(new GroupEndpoint(broker).bindService())
                .addService(NotServedYet.service(
                        DeadLetterServiceGrpc.getServiceDescriptor(), "frames are tried again without end for now"))
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance())
                .addService(io.grpc.protobuf.services.ProtoReflectionService.newInstance())
                .addService(ChannelzService.newInstance(CHANNELZ_PAGE));
    }

    /** Tells idle consumers why nothing comes; to be called about once a second. */
    public void heartbeats() {
        frames.heartbeats();
    }

    /** Health says NOT_SERVING, and every call is told to end within the deadline. */
    public void drain(long deadlineMillis, String reason) {
        health.enterTerminalState();
        frames.drain(deadlineMillis, reason);
    }

    /** Streaming calls that are open. */
    public int openCalls() {
        return frames.openCalls();
    }
}
