package io.framebroker.bridge;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishWindow;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** A broker that stores nothing and says of each frame what its frame id asks for: REJECTED, DROPPED, UNKNOWN, else stored. */
final class PickyBroker extends FrameBrokerServiceGrpc.FrameBrokerServiceImplBase implements AutoCloseable {
    /** What it says it has from before, for each stream. */
    final ConcurrentMap<String, Long> lastSequences = new ConcurrentHashMap<>();

    final AtomicLong framesReceived = new AtomicLong();

    private final Server server;

    PickyBroker() throws IOException {
        server = NettyServerBuilder.forPort(0).addService(this).build().start();
    }

    String address() {
        return "localhost:" + server.getPort();
    }

    @Override
    public StreamObserver<PublishFramesRequest> publishFrames(StreamObserver<PublishFramesResponse> replies) {
        return new StreamObserver<>() {
            private long reported;
            private long storedThrough;

            @Override
            public void onNext(PublishFramesRequest request) {
                switch (request.getKindCase()) {
                    case OPEN -> {
                        storedThrough =
                                lastSequences.getOrDefault(request.getOpen().getStream(), 0L);
                        replies.onNext(PublishFramesResponse.newBuilder()
                                .setOpened(PublishOpened.newBuilder()
                                        .setLastSequence(storedThrough)
                                        .setAckLevel(AckLevel.ACK_LEVEL_STORED)
                                        .setWindow(PublishWindow.newBuilder()
                                                .setMaxFrames(1_000)
                                                .setMaxBytes(1 << 20)))
                                .build());
                    }
                    case REPORT -> reported = request.getReport().getReportId();
                    default -> request.getFrames().getFramesList().forEach(this::judge);
                }
                if (!request.hasOpen()) {
                    ack(PublishAck.newBuilder());
                }
            }

            private void judge(Frame frame) {
                framesReceived.incrementAndGet();
                storedThrough = frame.getHeader().getSequence();
                FrameOutcome outcome = switch (frame.getHeader().getFrameId()) {
                    case "REJECTED" -> FrameOutcome.FRAME_OUTCOME_REJECTED;
                    case "DROPPED" -> FrameOutcome.FRAME_OUTCOME_DROPPED;
                    case "UNKNOWN" -> FrameOutcome.FRAME_OUTCOME_UNKNOWN;
                    default -> null;
                };
                if (outcome != null) {
                    ack(PublishAck.newBuilder()
                            .addExceptions(FrameException.newBuilder()
                                    .setSequence(frame.getHeader().getSequence())
                                    .setOutcome(outcome)
                                    .setReason("AS_ASKED")
                                    .setMessage("it said so")));
                }
            }

            private void ack(PublishAck.Builder ack) {
                replies.onNext(PublishFramesResponse.newBuilder()
                        .setAck(ack.setStoredThrough(storedThrough)
                                .setReportedThrough(reported)
                                .setLevel(AckLevel.ACK_LEVEL_STORED))
                        .build());
            }

            @Override
            public void onError(Throwable gone) {
                // The call is over; there is nothing to give back.
            }

            @Override
            public void onCompleted() {
                replies.onCompleted();
            }
        };
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
