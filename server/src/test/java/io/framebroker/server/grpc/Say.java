package io.framebroker.server.grpc;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Ack;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.LostFrames;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishReport;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.Window;
import java.util.List;
import java.util.stream.LongStream;

/** What clients say. */
final class Say {
    private Say() {}

    static PublishFramesRequest publish(PublishOpen.Builder open) {
        return PublishFramesRequest.newBuilder().setOpen(open).build();
    }

    /** Opens publisher "camera" with epoch 1. */
    static PublishOpen.Builder publisher(String stream) {
        return PublishOpen.newBuilder()
                .setStream(stream)
                .setPublisherId("camera")
                .setEpoch(1);
    }

    static PublishFramesRequest open(String stream) {
        return publish(publisher(stream));
    }

    static Frame frame(long sequence) {
        return frame(sequence, ByteString.copyFromUtf8("pixels " + sequence));
    }

    static Frame frame(long sequence, ByteString payload) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setSequence(sequence))
                .setPayload(payload)
                .build();
    }

    static PublishFramesRequest frames(Frame... frames) {
        return frames(List.of(frames));
    }

    static PublishFramesRequest frames(List<Frame> frames) {
        return PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder().addAllFrames(frames))
                .build();
    }

    /** One message with frames of these sequences. */
    static PublishFramesRequest frames(long first, long last) {
        return frames(LongStream.rangeClosed(first, last).mapToObj(Say::frame).toList());
    }

    static PublishFramesRequest report(long id, String reason, long count) {
        return PublishFramesRequest.newBuilder()
                .setReport(PublishReport.newBuilder()
                        .setReportId(id)
                        .addLost(LostFrames.newBuilder().setReason(reason).setCount(count)))
                .build();
    }

    /** A consumer of a durable group that begins at the start. */
    static ConsumeOpen.Builder consumer(String stream, String group) {
        return ConsumeOpen.newBuilder()
                .addStreams(stream)
                .setGroup(group)
                .setSettings(GroupSettings.newBuilder()
                        .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST)));
    }

    static ConsumeOpen.Builder consumer(String stream, String group, int windowFrames) {
        return consumer(stream, group).setWindow(Window.newBuilder().setMaxFrames(windowFrames));
    }

    static ConsumeFramesRequest consume(ConsumeOpen.Builder open) {
        return ConsumeFramesRequest.newBuilder().setOpen(open).build();
    }

    static ConsumeFramesRequest window(int frames, long bytes) {
        return ConsumeFramesRequest.newBuilder()
                .setWindow(Window.newBuilder().setMaxFrames(frames).setMaxBytes(bytes))
                .build();
    }

    static DeliveryToken token(long ordinal, int attempt) {
        return DeliveryToken.newBuilder()
                .setGeneration(1)
                .setOrdinal(ordinal)
                .setAttempt(attempt)
                .build();
    }

    static Settlement.Builder ackOf(String stream, DeliveryToken token, int count) {
        return Settlement.newBuilder()
                .setStream(stream)
                .setToken(token)
                .setCount(count)
                .setAck(Ack.getDefaultInstance());
    }

    static ConsumeFramesRequest settle(Settlement.Builder... settlements) {
        Settle.Builder settle = Settle.newBuilder();
        for (Settlement.Builder settlement : settlements) {
            settle.addSettlements(settlement);
        }
        return ConsumeFramesRequest.newBuilder().setSettle(settle).build();
    }

    static ConsumeFramesRequest ack(String stream, DeliveryToken token) {
        return settle(ackOf(stream, token, 1));
    }

    /** Acks all of a message. */
    static ConsumeFramesRequest ackAll(ConsumeFramesResponse deliveries) {
        Settle.Builder settle = Settle.newBuilder();
        for (Delivery delivery : deliveries.getDeliveries().getDeliveriesList()) {
            settle.addSettlements(ackOf(deliveries.getDeliveries().getStream(), delivery.getToken(), 1));
        }
        return ConsumeFramesRequest.newBuilder().setSettle(settle).build();
    }
}
