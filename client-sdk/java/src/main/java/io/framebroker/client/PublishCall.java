package io.framebroker.client;

import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishReport;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.PublishMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;

/**
 * One {@code PublishFrames} call. The verbs are for one thread at a time (the session's drainer); what comes back goes to
 * the session on the transport's thread, in order.
 */
final class PublishCall extends ClientCall.Listener<PublishFramesResponse> implements SessionCall {
    private final PublishSession session;
    private final ClientCall<PublishMessage, PublishFramesResponse> call;

    PublishCall(PublishSession session, Channel channel, int onReadyThresholdBytes) {
        this.session = session;
        CallOptions options =
                CallOptions.DEFAULT.withExecutor(Runnable::run).withOnReadyThreshold(onReadyThresholdBytes);
        this.call = channel.newCall(FrameBrokerMethods.PUBLISH_FRAMES, options);
    }

    void start(PublishOpen open) {
        call.start(this, new Metadata());
        // Acks are small, and there are no more of them than frames in the window.
        call.request(Integer.MAX_VALUE);
        send(PublishFramesRequest.newBuilder().setOpen(open).build());
    }

    @Override
    public boolean isReady() {
        return call.isReady();
    }

    void send(List<RingFrame> batch) {
        call.sendMessage(new PublishMessage.NewFrames(batch));
    }

    void send(PublishReport report) {
        send(PublishFramesRequest.newBuilder().setReport(report).build());
    }

    @Override
    public void halfClose() {
        call.halfClose();
    }

    @Override
    public void cancel(String why) {
        call.cancel(why, null);
    }

    private void send(PublishFramesRequest request) {
        call.sendMessage(new PublishMessage.Control(request));
    }

    @Override
    public void onMessage(PublishFramesResponse response) {
        switch (response.getKindCase()) {
            case OPENED -> session.opened(this, response.getOpened());
            case ACK -> session.acked(this, response.getAck());
            case WINDOW -> session.windowed(this, response.getWindow());
            case DEMAND -> session.demanded(this, response.getDemand());
            case DRAIN ->
                session.drained(this, response.getDrain().getDeadline().getSeconds());
            case KIND_NOT_SET -> {
                // Something a newer broker says and this client does not know.
            }
        }
    }

    @Override
    public void onReady() {
        session.drain();
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        session.ended(this, CallFailure.of(status, trailers));
    }
}
