package io.framebroker.server.grpc;

import com.google.protobuf.UnsafeByteOperations;
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
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireFrame;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.InputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

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
    private final StreamWatch watch;
    private final IntSupplier callsPassedOn;
    private final Set<PublishCall> publishing = ConcurrentHashMap.newKeySet();
    private final Set<ConsumeCall> consuming = ConcurrentHashMap.newKeySet();

    /** @param callsPassedOn counts those that other brokers answer */
    FrameBrokerEndpoint(Broker broker, EdgeSettings settings, StreamWatch watch, IntSupplier callsPassedOn) {
        this.broker = broker;
        this.settings = settings;
        this.watch = watch;
        this.callsPassedOn = callsPassedOn;
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
                    ConsumeCall started = new ConsumeCall(
                            call,
                            broker,
                            settings,
                            watch,
                            headers.containsKey(Owners.FORWARDED),
                            InboundLimits.ofCurrentCall());
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
        // Here, because the stream may have to be opened first, and then the call takes no more handlers.
        Room room = request.getUnpack() ? roomUntilOver((ServerCallStreamObserver<?>) response) : Room.NONE;
        Unary.about(broker, request.getStream(), response, () -> {
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
            return GetLatestFrameResponse.newBuilder()
                    .setId(Conversions.frameId(frame.id()))
                    .setFrame(wanted(request, wire, room))
                    .setSequence(frame.sequence())
                    .setReceivedTime(Conversions.timestamp(frame.receivedMicros()))
                    .build();
        });
    }

    private io.framebroker.v1.Frame wanted(GetLatestFrameRequest request, WireFrame frame, Room room) {
        if (request.getPayload() == PayloadMode.PAYLOAD_MODE_METADATA_ONLY) {
            return io.framebroker.v1.Frame.newBuilder()
                    .setHeader(frame.header())
                    .build();
        }
        if (!request.getUnpack() || !frame.isPacked()) {
            return frame.frame();
        }
        int mostBytes = PackedFrame.mostPayloadBytes(frame, settings.maxFrameBytes());
        try {
            if (Long.compareUnsigned(frame.uncompressedBytes(), mostBytes) <= 0) {
                room.fit((int) frame.uncompressedBytes());
            }
            byte[] payload = frame.unpack(mostBytes);
            return io.framebroker.v1.Frame.newBuilder()
                    .setHeader(PackedFrame.unpackedHeader(frame, payload))
                    .setPayload(UnsafeByteOperations.unsafeWrap(payload))
                    .build();
        } catch (UnreadablePayloadException e) {
            throw new BrokerException(
                    BrokerException.Kind.FAILED_PRECONDITION,
                    "PAYLOAD_UNREADABLE",
                    "newest " + frame + " of stream " + request.getStream() + ": payload " + e.getMessage()
                            + "; without `unpack` it comes as published");
        }
    }

    /** A client that does not read may not make the broker hold more than there is. */
    private Room roomUntilOver(ServerCallStreamObserver<?> call) {
        Room room = Room.outbound(broker.memory());
        call.setOnCloseHandler(room::close);
        call.setOnCancelHandler(room::close);
        return room;
    }

    /** Tells idle consumers why nothing comes, and publishers whose acks would say more than is true. */
    void heartbeats() {
        publishing.forEach(PublishCall::endIfLevelFell);
        publishing.forEach(call -> call.endUnlessOpened(settings.openMillis()));
        consuming.forEach(call -> call.endUnlessOpened(settings.openMillis()));
        consuming.forEach(call -> call.heartbeat(settings.heartbeatMillis()));
    }

    /** Those that are open. */
    void eachCall(Consumer<DrainableCall> action) {
        publishing.forEach(action);
        consuming.forEach(action);
    }

    int openCalls() {
        return publishing.size() + consuming.size() + callsPassedOn.getAsInt();
    }
}
