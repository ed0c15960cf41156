package io.framebroker.loadgen.targets;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/** The gRPC settings the bare relay and its clients share. */
final class Grpc {
    static final int MAX_MESSAGE_BYTES = 64 << 20;

    private static final int MIN_READY_BYTES = 1 << 20;
    private static final int MAX_READY_BYTES = 16 << 20;

    private Grpc() {}

    /** Bytes a call may have queued and still be ready: room for about two and a half messages, so that it never runs dry. */
    static int readyThresholdBytes(int messageBytes) {
        return (int) Math.max(MIN_READY_BYTES, Math.min(MAX_READY_BYTES, messageBytes * 5L / 2));
    }

    static ManagedChannel channel(String address) {
        return NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .directExecutor()
                .disableRetry()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
    }
}
