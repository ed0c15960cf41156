package io.framebroker.client;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBrokerMethods;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;

/**
 * One {@code ConsumeFrames} call. The verbs are for one thread at a time (the session's drainer); what comes goes to the
 * session on the transport's thread, in order. The next message is asked for when one has been handed over, so that what
 * lies here is bounded by the window.
 */
final class ConsumeCall extends ClientCall.Listener<ConsumeMessage> implements SessionCall {
    private static final int MESSAGES_AHEAD = 4;

    private final ConsumeSession session;
    private final boolean endsByCancel;
    private final ClientCall<ConsumeFramesRequest, ConsumeMessage> call;

    /** @param endsByCancel whether the broker does not take a half-close for the end */
    ConsumeCall(ConsumeSession session, Channel channel, boolean endsByCancel) {
        this.session = session;
        this.endsByCancel = endsByCancel;
        this.call = channel.newCall(FrameBrokerMethods.CONSUME_FRAMES, CallOptions.DEFAULT.withExecutor(Runnable::run));
    }

    void start(ConsumeOpen open) {
        call.start(this, new Metadata());
        call.request(MESSAGES_AHEAD);
        send(ConsumeFramesRequest.newBuilder().setOpen(open).build());
    }

    @Override
    public boolean isReady() {
        return call.isReady();
    }

    void send(ConsumeFramesRequest request) {
        call.sendMessage(request);
    }

    @Override
    public void halfClose() {
        if (endsByCancel) {
            cancel("closed");
        } else {
            call.halfClose();
        }
    }

    @Override
    public void cancel(String why) {
        call.cancel(why, null);
    }

    @Override
    public void onMessage(ConsumeMessage message) {
        session.hear(true);
        try {
            if (message instanceof ConsumeMessage.Deliveries deliveries) {
                session.delivered(this, deliveries);
            } else if (message instanceof ConsumeMessage.Control control) {
                heard(control.response());
            } else if (message instanceof ConsumeMessage.Malformed malformed) {
                session.giveUp(this, "message cannot be read: " + malformed.reason());
            }
        } finally {
            session.hear(false);
        }
        call.request(1);
    }

    private void heard(ConsumeFramesResponse response) {
        switch (response.getKindCase()) {
            case OPENED -> session.opened(this, response.getOpened());
            case SETTLED -> session.settled(this, response.getSettled());
            case GAP -> session.gap(response.getGap());
            case HEARTBEAT -> session.heartbeat(response.getHeartbeat());
            case STREAMS_CHANGED -> session.streamsChanged(response.getStreamsChanged());
            case DRAIN ->
                session.drained(this, response.getDrain().getDeadline().getSeconds());
            case DELIVERIES, KIND_NOT_SET -> {
                // Deliveries come as such; the rest is what a newer broker says and this client does not know.
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
