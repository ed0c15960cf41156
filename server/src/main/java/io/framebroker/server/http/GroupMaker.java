package io.framebroker.server.http;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.Window;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Makes the group that polls take frames for, so that what is posted before the first poll is kept for it. Thread-safe. */
final class GroupMaker {
    private static final long ANSWER_MILLIS = 5_000;

    private final Channel broker;
    private final String group;

    GroupMaker(Channel broker, String group) {
        this.broker = broker;
        this.group = group;
    }

    /**
     * Makes the group on a stream, from its oldest frame on, and with it the stream, where they are not there yet.
     *
     * @throws GatewayException the broker refuses
     */
    void make(String stream) throws InterruptedException {
        try {
            GroupServiceGrpc.newBlockingStub(broker)
                    .withDeadlineAfter(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                    .getGroup(GetGroupRequest.newBuilder()
                            .setStream(stream)
                            .setName(group)
                            .build());
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw GatewayException.of(e);
            }
            join(stream);
        }
    }

    /** A group comes into being with its first consumer. What that one gets it gives back as it leaves, uncounted. */
    private void join(String stream) throws InterruptedException {
        Joining joining = new Joining();
        StreamObserver<ConsumeFramesRequest> requests =
                FrameBrokerServiceGrpc.newStub(broker).consumeFrames(joining);
        requests.onNext(ConsumeFramesRequest.newBuilder()
                .setOpen(ConsumeOpen.newBuilder()
                        .addStreams(stream)
                        .setGroup(group)
                        .setWindow(Window.newBuilder().setMaxFrames(1).setMaxBytes(1))
                        .setSettings(GroupSettings.newBuilder()
                                .setMaxAttempts(0)
                                .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST))))
                .build());
        try {
            joining.opened.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
            requests.onCompleted();
            joining.ended.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            GatewayException refused = GatewayException.of(e.getCause());
            // Another one has just made it.
            if (!refused.reason().equals("GROUP_SETTINGS_DIFFER")) {
                throw refused;
            }
        } catch (TimeoutException e) {
            requests.onError(Status.CANCELLED.asException());
            throw new GatewayException(
                    503,
                    "STREAM_NOT_OPENED",
                    "stream " + stream + " has not been opened within " + ANSWER_MILLIS + " ms; try again");
        }
    }

    private static final class Joining implements StreamObserver<ConsumeFramesResponse> {
        private final CompletableFuture<Void> opened = new CompletableFuture<>();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        @Override
        public void onNext(ConsumeFramesResponse value) {
            if (value.hasOpened()) {
                opened.complete(null);
            }
        }

        @Override
        public void onError(Throwable t) {
            opened.completeExceptionally(t);
            ended.completeExceptionally(t);
        }

        @Override
        public void onCompleted() {
            opened.complete(null);
            ended.complete(null);
        }
    }
}
