package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.framebroker.wire.FrameBrokerMethods;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The other side of a conversation. It says what the test tells it to; both sides run on the test's thread, so that what
 * was said has been heard when the test goes on.
 */
final class FakeBroker implements AutoCloseable {
    private final Queue<PublishSide> publishCalls = new ArrayDeque<>();
    private final Queue<ConsumeSide> consumeCalls = new ArrayDeque<>();
    private final Server server;
    private final ManagedChannel channel;

    private boolean reading = true;
    private Consumer<PublishSide> onPublishCall = publishCalls::add;

    FakeBroker() {
        String name = UUID.randomUUID().toString();
        ServerCallHandler<io.framebroker.wire.PublishMessage, io.framebroker.v1.PublishFramesResponse> publish =
                (call, headers) -> {
                    PublishSide side = new PublishSide(call, reading);
                    onPublishCall.accept(side);
                    return side;
                };
        ServerCallHandler<io.framebroker.v1.ConsumeFramesRequest, io.framebroker.wire.ConsumeMessage> consume =
                (call, headers) -> {
                    ConsumeSide side = new ConsumeSide(call);
                    consumeCalls.add(side);
                    return side;
                };
        try {
            server = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .addService(ServerServiceDefinition.builder("framebroker.v1.FrameBrokerService")
                            .addMethod(FrameBrokerMethods.PUBLISH_FRAMES, publish)
                            .addMethod(FrameBrokerMethods.CONSUME_FRAMES, consume)
                            .build())
                    .build()
                    .start();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        channel = InProcessChannelBuilder.forName(name)
                .directExecutor()
                .propagateCauseWithStatus(true)
                .build();
    }

    FrameBrokerClient client(Timers timers) {
        return FrameBrokerClient.builder("fake").channel(channel).timers(timers).build();
    }

    ManagedChannel channel() {
        return channel;
    }

    /** Calls from now on are not read beyond `open`: the transport is never ready for more. */
    void stopReading() {
        reading = false;
    }

    void onPublishCall(Consumer<PublishSide> onPublishCall) {
        this.onPublishCall = onPublishCall;
    }

    PublishSide publishCall() {
        assertThat(publishCalls).as("publish calls that were started").isNotEmpty();
        return publishCalls.remove();
    }

    ConsumeSide consumeCall() {
        assertThat(consumeCalls).as("consume calls that were started").isNotEmpty();
        return consumeCalls.remove();
    }

    boolean called() {
        return !publishCalls.isEmpty() || !consumeCalls.isEmpty();
    }

    /** A status as brokers give it. @param retryAfter null for none */
    static StatusRuntimeException failure(Status.Code code, String reason, Duration retryAfter) {
        com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage("said the broker")
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(reason)
                        .setDomain("framebroker.io")
                        .build()));
        if (retryAfter != null) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                            .setSeconds(retryAfter.toSeconds())
                            .setNanos(retryAfter.toNanosPart()))
                    .build()));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
