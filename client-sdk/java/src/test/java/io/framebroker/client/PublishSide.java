package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Demand;
import io.framebroker.v1.Drain;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishReport;
import io.framebroker.v1.PublishWindow;
import io.framebroker.wire.PublishMessage;
import io.framebroker.wire.WireFrame;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;

/** A publish call as the broker sees it. */
final class PublishSide extends ServerCall.Listener<PublishMessage> {
    static final PublishWindow WIDE = PublishWindow.newBuilder()
            .setMaxFrames(10_000)
            .setMaxBytes(64 << 20)
            .build();

    private final ServerCall<PublishMessage, PublishFramesResponse> call;
    private final List<List<WireFrame>> messages = new ArrayList<>();
    private final List<PublishReport> reports = new ArrayList<>();

    private PublishOpen open;
    private boolean halfClosed;
    private boolean cancelled;
    private boolean ended;

    PublishSide(ServerCall<PublishMessage, PublishFramesResponse> call, boolean reading) {
        this.call = call;
        call.sendHeaders(new Metadata());
        call.request(reading ? 1_000_000 : 1);
    }

    @Override
    public void onMessage(PublishMessage message) {
        if (message instanceof PublishMessage.Frames frames) {
            messages.add(frames.frames());
        } else if (message instanceof PublishMessage.Control control) {
            if (control.request().hasOpen()) {
                open = control.request().getOpen();
            } else {
                reports.add(control.request().getReport());
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

    PublishOpen open() {
        return open;
    }

    List<List<WireFrame>> messages() {
        return messages;
    }

    List<PublishReport> reports() {
        return reports;
    }

    /** What was sent in this call so far. */
    List<Long> sequences() {
        return messages.stream().flatMap(List::stream).map(WireFrame::sequence).toList();
    }

    List<Integer> batchSizes() {
        return messages.stream().map(List::size).toList();
    }

    boolean halfClosed() {
        return halfClosed;
    }

    boolean cancelled() {
        return cancelled;
    }

    boolean running() {
        return !ended && !cancelled;
    }

    PublishSide opened() {
        return opened(0);
    }

    PublishSide opened(long lastSequence, FrameException... exceptions) {
        return opened(PublishOpened.newBuilder()
                .setLastSequence(lastSequence)
                .addAllExceptions(List.of(exceptions))
                .setWindow(WIDE));
    }

    PublishSide opened(PublishOpened.Builder opened) {
        assertThat(open).as("`open` was said").isNotNull();
        say(PublishFramesResponse.newBuilder()
                .setOpened(opened.setPublisherId(open.getPublisherId())
                        .setEpoch(open.getEpoch())
                        .setAckLevel(AckLevel.ACK_LEVEL_MEMORY)));
        return this;
    }

    void ack(long storedThrough, FrameException... exceptions) {
        ack(PublishAck.newBuilder().setStoredThrough(storedThrough).addAllExceptions(List.of(exceptions)));
    }

    void ackReport(long reportedThrough) {
        ack(PublishAck.newBuilder().setReportedThrough(reportedThrough));
    }

    void ack(PublishAck.Builder ack) {
        say(PublishFramesResponse.newBuilder().setAck(ack.setLevel(AckLevel.ACK_LEVEL_MEMORY)));
    }

    void window(int maxFrames, long maxBytes, String waitReason) {
        say(PublishFramesResponse.newBuilder()
                .setWindow(PublishWindow.newBuilder()
                        .setMaxFrames(maxFrames)
                        .setMaxBytes(maxBytes)
                        .setWaitReason(waitReason)));
    }

    void demand(Demand demand) {
        say(PublishFramesResponse.newBuilder().setDemand(demand));
    }

    void drain() {
        say(PublishFramesResponse.newBuilder()
                .setDrain(Drain.newBuilder()
                        .setDeadline(com.google.protobuf.Duration.newBuilder().setSeconds(10))
                        .setReason("restart")));
    }

    void readOn() {
        call.request(1_000_000);
    }

    void end() {
        end(Status.OK);
    }

    void end(Status status) {
        ended = true;
        call.close(status, new Metadata());
    }

    void end(StatusRuntimeException failure) {
        ended = true;
        call.close(failure.getStatus(), failure.getTrailers());
    }

    static FrameException exception(long sequence, FrameOutcome outcome, String reason) {
        return exception(sequence, outcome.getNumber(), reason);
    }

    static FrameException exception(long sequence, int outcome, String reason) {
        return FrameException.newBuilder()
                .setSequence(sequence)
                .setOutcomeValue(outcome)
                .setReason(reason)
                .build();
    }

    private void say(PublishFramesResponse.Builder response) {
        call.sendMessage(response.build());
    }
}
