package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settled;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.WireDelivery;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** A consume call as the broker sees it. */
final class ConsumeSide extends ServerCall.Listener<ConsumeFramesRequest> {
    static final int LEASE_SECONDS = 8;

    private final ServerCall<ConsumeFramesRequest, ConsumeMessage> call;
    private final List<ConsumeFramesRequest> heard = new ArrayList<>();

    private ConsumeOpen open;
    private boolean halfClosed;
    private boolean cancelled;

    ConsumeSide(ServerCall<ConsumeFramesRequest, ConsumeMessage> call) {
        this.call = call;
        call.sendHeaders(new Metadata());
        call.request(1_000_000);
    }

    @Override
    public void onMessage(ConsumeFramesRequest request) {
        if (request.hasOpen()) {
            open = request.getOpen();
        } else {
            synchronized (heard) {
                heard.add(request);
            }
        }
    }

    @Override
    public void onHalfClose() {
        halfClosed = true;
    }

    @Override
    public void onCancel() {
        cancelled = true;
    }

    ConsumeOpen open() {
        return open;
    }

    boolean halfClosed() {
        return halfClosed;
    }

    boolean cancelled() {
        return cancelled;
    }

    List<ConsumeFramesRequest> heard() {
        synchronized (heard) {
            return List.copyOf(heard);
        }
    }

    List<Settlement> settlements() {
        return heard().stream()
                .filter(ConsumeFramesRequest::hasSettle)
                .flatMap(request -> request.getSettle().getSettlementsList().stream())
                .toList();
    }

    List<HeldDeliveries> extensions() {
        return heard().stream()
                .filter(ConsumeFramesRequest::hasExtend)
                .flatMap(request -> request.getExtend().getDeliveriesList().stream())
                .toList();
    }

    ConsumeSide opened() {
        assertThat(open).as("`open` was said").isNotNull();
        say(ConsumeFramesResponse.newBuilder()
                .setOpened(ConsumeOpened.newBuilder()
                        .setConsumerId(open.getConsumerId())
                        .setGroup(open.getGroup().isEmpty() ? "own" : open.getGroup())
                        .setSettings(GroupSettings.newBuilder()
                                .setLease(Duration.newBuilder().setSeconds(LEASE_SECONDS)))));
        return this;
    }

    /** Delivers frames of cam1 with consecutive ordinals, for the first time. */
    void deliver(long first, int count) {
        deliver("cam1", 1, LongStream.range(first, first + count).toArray());
    }

    void deliver(String stream, int attempt, long... ordinals) {
        say(stream, LEASE_SECONDS * 1_000, attempt, frame("x", null), ordinals);
    }

    void deliverReceivedAt(long receivedMicros, long ordinal) {
        say("cam1", LEASE_SECONDS * 1_000, 1, receivedMicros, frame("x", null), ordinal);
    }

    void deliverAutoAcked(long... ordinals) {
        say("cam1", 0, 1, frame("x", null), ordinals);
    }

    void deliverDamaged(long ordinal) {
        say("cam1", LEASE_SECONDS * 1_000, 1, frame("x", 12345), ordinal);
    }

    /** Delivers frames of cam1 in one message, with consecutive ordinals. */
    void deliver(long first, List<? extends FrameBody> frames) {
        List<WireDelivery> deliveries = new ArrayList<>();
        for (int i = 0; i < frames.size(); i++) {
            deliveries.add(new WireDelivery(1, first + i, 1, first + i, 1_000_000, frames.get(i)));
        }
        call.sendMessage(new ConsumeMessage.Deliveries("cam1", "camera", 7, LEASE_SECONDS * 1_000, deliveries));
    }

    private void say(String stream, long leaseMillis, int attempt, FrameBody frame, long... ordinals) {
        say(stream, leaseMillis, attempt, 1_000_000, frame, ordinals);
    }

    private void say(
            String stream, long leaseMillis, int attempt, long receivedMicros, FrameBody frame, long... ordinals) {
        List<WireDelivery> deliveries = LongStream.of(ordinals)
                .mapToObj(ordinal -> new WireDelivery(1, ordinal, attempt, ordinal, receivedMicros, frame))
                .toList();
        call.sendMessage(new ConsumeMessage.Deliveries(stream, "camera", 7, leaseMillis, deliveries));
    }

    private static FrameBody frame(String payload, Integer crc32c) {
        io.framebroker.v1.FrameHeader.Builder header =
                io.framebroker.v1.FrameHeader.newBuilder().setFrameId("f");
        if (crc32c != null) {
            header.setCrc32C(crc32c);
        }
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        return new NewFrame(header.build(), bytes, 0, bytes.length);
    }

    /** Answers everything settled or extended so far that was not answered. */
    void settleAll(SettleOutcome outcome) {
        for (Settlement settlement : settlements()) {
            settled(settlement.getToken(), settlement.getCount(), outcome);
        }
    }

    void settled(long ordinal, int count, SettleOutcome outcome) {
        settled(token(ordinal, 1), count, outcome);
    }

    void settled(DeliveryToken token, int count, SettleOutcome outcome) {
        say(ConsumeFramesResponse.newBuilder()
                .setSettled(Settled.newBuilder()
                        .addResults(SettleResult.newBuilder()
                                .setStream("cam1")
                                .setToken(token)
                                .setCount(count)
                                .setOutcome(outcome))));
    }

    static DeliveryToken token(long ordinal, int attempt) {
        return DeliveryToken.newBuilder()
                .setGeneration(1)
                .setOrdinal(ordinal)
                .setAttempt(attempt)
                .build();
    }

    void heartbeat() {
        say(ConsumeFramesResponse.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()));
    }

    void streamsChanged(StreamsChanged.Builder change) {
        say(ConsumeFramesResponse.newBuilder().setStreamsChanged(change));
    }

    void gap(String reason, long count) {
        say(ConsumeFramesResponse.newBuilder()
                .setGap(Gap.newBuilder().setStream("cam1").setReason(reason).setCount(count)));
    }

    void drain() {
        say(ConsumeFramesResponse.newBuilder()
                .setDrain(Drain.newBuilder().setDeadline(Duration.newBuilder().setSeconds(10))));
    }

    void end() {
        end(Status.OK);
    }

    void end(Status status) {
        call.close(status, new Metadata());
    }

    void end(StatusRuntimeException failure) {
        call.close(failure.getStatus(), failure.getTrailers());
    }

    private void say(ConsumeFramesResponse.Builder response) {
        call.sendMessage(new ConsumeMessage.Control(response.build()));
    }
}
