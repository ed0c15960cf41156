package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLatestFrameResponse;
import io.framebroker.v1.PayloadMode;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.WireFrame;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.InputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** {@code FrameBrokerService}: starts the two kinds of streaming calls and knows those that are open. */
final class FrameBrokerEndpoint implements BindableService {
    /** Stands for bytes that are no request, so that the call can say what was wrong. Known by identity. */
    static final ConsumeFramesRequest MALFORMED =
            ConsumeFramesRequest.newBuilder().build();

    private static final MethodDescriptor<ConsumeFramesRequest, ConsumeMessage> CONSUME_FRAMES =
            FrameBrokerMethods.CONSUME_FRAMES.toBuilder(
                            new OrMalformed(), FrameBrokerMethods.CONSUME_FRAMES.getResponseMarshaller())
                    .build();

    private static final class OrMalformed implements MethodDescriptor.Marshaller<ConsumeFramesRequest> {
        private final MethodDescriptor.Marshaller<ConsumeFramesRequest> generated =
                FrameBrokerMethods.CONSUME_FRAMES.getRequestMarshaller();

        @Override
        public InputStream stream(ConsumeFramesRequest request) {
            return generated.stream(request);
        }

        @Override
        public ConsumeFramesRequest parse(InputStream in) {
            try {
                return generated.parse(in);
            } catch (StatusRuntimeException e) {
                return MALFORMED;
            }
        }
    }

    private final Broker broker;
    private final EdgeSettings settings;
    private final Set<PublishCall> publishing = ConcurrentHashMap.newKeySet();
    private final Set<ConsumeCall> consuming = ConcurrentHashMap.newKeySet();

    FrameBrokerEndpoint(Broker broker, EdgeSettings settings) {
        this.broker = broker;
        this.settings = settings;
    }

    @Override
    public ServerServiceDefinition bindService() {
        ServiceDescriptor contract = FrameBrokerServiceGrpc.getServiceDescriptor();
        ServiceDescriptor spliced = ServiceDescriptor.newBuilder(contract.getName())
                .setSchemaDescriptor(contract.getSchemaDescriptor())
                .addMethod(FrameBrokerMethods.PUBLISH_FRAMES)
                .addMethod(CONSUME_FRAMES)
                .addMethod(FrameBrokerServiceGrpc.getGetLatestFrameMethod())
                .build();
        return ServerServiceDefinition.builder(spliced)
                .addMethod(FrameBrokerMethods.PUBLISH_FRAMES, (call, headers) -> {
                    if (isFull()) {
                        return refuse(call);
                    }
                    PublishCall started = new PublishCall(call, broker, settings, InboundLimits.ofCurrentCall());
                    return new Registered<>(started, publishing, started);
                })
                .addMethod(CONSUME_FRAMES, (call, headers) -> {
                    if (isFull()) {
                        return refuse(call);
                    }
                    ConsumeCall started = new ConsumeCall(call, broker, InboundLimits.ofCurrentCall());
                    return new Registered<>(started, consuming, started);
                })
                .addMethod(
                        FrameBrokerServiceGrpc.getGetLatestFrameMethod(),
                        ServerCalls.asyncUnaryCall(this::getLatestFrame))
                .build();
    }

    private boolean isFull() {
        return openCalls() >= settings.maxCalls();
    }

    private <A, B> ServerCall.Listener<A> refuse(ServerCall<A, B> call) {
        Refusals.end(
                call,
                Refusals.toStatus(new BrokerException(
                        BrokerException.Kind.EXHAUSTED,
                        "TOO_MANY_CALLS",
                        openCalls() + " of " + settings.maxCalls()
                                + " calls are open; end some, take several streams in one"
                                + " ConsumeFrames, or let the broker take more calls")));
        return new ServerCall.Listener<A>() {};
    }

    private void getLatestFrame(GetLatestFrameRequest request, StreamObserver<GetLatestFrameResponse> response) {
        Unary.answer(response, () -> {
            if (request.getPayload() == PayloadMode.UNRECOGNIZED) {
                throw BrokerException.invalid("payload", request.getPayloadValue() + " is no PayloadMode");
            }
            Frame frame = broker.latestFrame(request.getStream())
                    .orElseThrow(() -> new BrokerException(
                            BrokerException.Kind.NOT_FOUND,
                            "STREAM_EMPTY",
                            "stream " + request.getStream() + " has no frame yet"));
            FrameContent content = frame.content();
            WireFrame wire = WireFrame.read(content.array(), content.offset(), content.length());
            io.framebroker.v1.Frame whole = request.getPayload() == PayloadMode.PAYLOAD_MODE_METADATA_ONLY
                    ? io.framebroker.v1.Frame.newBuilder()
                            .setHeader(wire.header())
                            .build()
                    : wire.frame();
            return GetLatestFrameResponse.newBuilder()
                    .setId(Conversions.frameId(frame.id()))
                    .setFrame(whole)
                    .setSequence(frame.sequence())
                    .setReceivedTime(Conversions.timestamp(frame.receivedMicros()))
                    .build();
        });
    }

    /** Tells idle consumers why nothing comes. */
    void heartbeats() {
        publishing.forEach(call -> call.endUnlessOpened(settings.openMillis()));
        consuming.forEach(call -> call.endUnlessOpened(settings.openMillis()));
        consuming.forEach(call -> call.heartbeat(settings.heartbeatMillis()));
    }

    /** Tells all calls that the broker is about to end them. */
    void drain(long deadlineMillis, String reason) {
        publishing.forEach(call -> call.drain(deadlineMillis, reason));
        consuming.forEach(call -> call.drain(deadlineMillis, reason));
    }

    int openCalls() {
        return publishing.size() + consuming.size();
    }
}
