package io.framebroker.loadgen.targets;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishOpened;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.PublishMessage;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The least a gRPC broker of these marshallers can do: what a publisher sends goes to every consumer of the stream. No
 * acks, no checks, no storage, no groups. A publisher's next message is asked for when every consumer's call is ready,
 * so memory is bounded by the ready threshold. Everything runs on the event loops.
 */
public final class BareRelay implements AutoCloseable {
    static {
        // As the broker does.
        String leakDetection = "io.grpc.netty.shaded.io.netty.leakDetection.level";
        System.setProperty(leakDetection, System.getProperty(leakDetection, "disabled"));
    }

    private final int readyThresholdBytes;
    private final Map<String, RelayStream> streams = new ConcurrentHashMap<>();
    private final Server server;

    /**
     * Starts on a port of the loopback interface.
     *
     * @param port 0 for any
     * @param messageBytes size of a usual message
     */
    public BareRelay(int port, int messageBytes) throws IOException {
        this.readyThresholdBytes = Grpc.readyThresholdBytes(messageBytes);
        this.server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .directExecutor()
                .maxInboundMessageSize(Grpc.MAX_MESSAGE_BYTES)
                .addService(ServerServiceDefinition.builder(FrameBrokerServiceGrpc.SERVICE_NAME)
                        .addMethod(FrameBrokerMethods.PUBLISH_FRAMES, this::publish)
                        .addMethod(FrameBrokerMethods.CONSUME_FRAMES, this::consume)
                        .build())
                .build()
                .start();
    }

    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private RelayStream stream(String name) {
        return streams.computeIfAbsent(name, RelayStream::new);
    }

    private ServerCall.Listener<PublishMessage> publish(
            ServerCall<PublishMessage, PublishFramesResponse> call, Metadata headers) {
        call.sendHeaders(new Metadata());
        call.request(1);
        return new ServerCall.Listener<>() {
            private RelayStream stream;

            @Override
            public void onMessage(PublishMessage message) {
                if (message instanceof PublishMessage.Frames frames && stream != null) {
                    stream.relay(call, frames);
                } else if (message instanceof PublishMessage.Control control
                        && control.request().hasOpen()) {
                    PublishOpen open = control.request().getOpen();
                    stream = stream(open.getStream());
                    call.sendMessage(PublishFramesResponse.newBuilder()
                            .setOpened(PublishOpened.newBuilder().setPublisherId(open.getPublisherId()))
                            .build());
                    stream.wants(call);
                } else {
                    call.close(
                            Status.INVALID_ARGUMENT.withDescription("the relay takes open, then frames"),
                            new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                call.close(Status.OK, new Metadata());
            }
        };
    }

    private ServerCall.Listener<ConsumeFramesRequest> consume(
            ServerCall<ConsumeFramesRequest, ConsumeMessage> call, Metadata headers) {
        call.setOnReadyThreshold(readyThresholdBytes);
        call.sendHeaders(new Metadata());
        call.request(1);
        return new ServerCall.Listener<>() {
            private final List<RelayStream> taken = new ArrayList<>();

            @Override
            public void onMessage(ConsumeFramesRequest request) {
                ConsumeFramesResponse opened = ConsumeFramesResponse.newBuilder()
                        .setOpened(ConsumeOpened.newBuilder()
                                .addAllStreams(request.getOpen().getStreamsList()))
                        .build();
                synchronized (call) {
                    call.sendMessage(new ConsumeMessage.Control(opened));
                }
                for (String name : request.getOpen().getStreamsList()) {
                    RelayStream stream = stream(name);
                    stream.add(call);
                    taken.add(stream);
                }
            }

            @Override
            public void onReady() {
                taken.forEach(RelayStream::consumerReady);
            }

            @Override
            public void onHalfClose() {
                taken.forEach(stream -> stream.remove(call));
                call.close(Status.OK, new Metadata());
            }

            @Override
            public void onCancel() {
                taken.forEach(stream -> stream.remove(call));
            }
        };
    }
}
