package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Demand;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.Publisher;
import io.framebroker.server.broker.PublisherPort;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Drain;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishReport;
import io.framebroker.wire.PublishMessage;
import io.framebroker.wire.WireFrame;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code PublishFrames} call. Reads one message at a time, and the next one only when the stream has room: that is
 * what holds a publisher back. What there is to say gathers in {@link PublishReplies}, which grows no further while the
 * client does not read.
 */
final class PublishCall extends ServerCall.Listener<PublishMessage> implements PublisherPort, DrainableCall {
    private static final Logger log = LoggerFactory.getLogger(PublishCall.class);

    private final ServerCall<PublishMessage, PublishFramesResponse> call;
    private final Broker broker;
    private final EdgeSettings settings;
    private final InboundLimits.Limit inbound;
    private final PublishReplies replies;
    private final long startNanos = System.nanoTime();

    /** Set once, when the stream that {@code open} named is open; null before. */
    private volatile Publisher publisher;

    /** {@code open} has come. */
    private volatile boolean opening;

    private volatile boolean halfClosed;
    private volatile boolean released;

    private int maxFrameBytes;
    private boolean takesMemory;
    /** What {@code opened} says that acks mean; UNSPECIFIED before {@code open} has come. */
    private volatile AckLevel level = AckLevel.ACK_LEVEL_UNSPECIFIED;
    /** What it asked for, which is no more. */
    private volatile AckLevel wanted = AckLevel.ACK_LEVEL_UNSPECIFIED;
    /** Inbound memory held for this call; guarded by {@code this}. */
    private long reservedBytes;

    PublishCall(
            ServerCall<PublishMessage, PublishFramesResponse> call,
            Broker broker,
            EdgeSettings settings,
            InboundLimits.Limit inbound) {
        this.call = call;
        this.broker = broker;
        this.settings = settings;
        this.inbound = inbound;
        inbound.onExceeded(why -> {
            ended(why);
            flush();
        });
        this.replies = new PublishReplies(call, this::release);
        call.sendHeaders(new Metadata());
        call.request(1);
    }

    // ---- what the client says; on the call's event loop

    @Override
    public void onMessage(PublishMessage message) {
        if (replies.isOver()) {
            return;
        }
        try {
            if (message instanceof PublishMessage.Frames frames) {
                onFrames(frames);
            } else if (message instanceof PublishMessage.Control control) {
                onControl(control.request());
            } else if (message instanceof PublishMessage.Malformed malformed) {
                throw Refusals.protocol("MESSAGE_MALFORMED", "not a PublishFramesRequest: " + malformed.reason());
            }
        } catch (BrokerException e) {
            ended(e);
            flush();
        }
    }

    private void onControl(PublishFramesRequest request) {
        switch (request.getKindCase()) {
            case OPEN -> onOpen(request.getOpen());
            case REPORT -> onReport(request.getReport());
            default ->
                throw Refusals.protocol(
                        "KIND_MISSING", "a PublishFramesRequest that is neither open nor frames nor report");
        }
    }

    private void onOpen(PublishOpen open) {
        if (opening) {
            throw Refusals.protocol("OPEN_TWICE", "`open` is the first message of a call and comes once");
        }
        long wantedBytes = settings.frameBytes(open.getMaxFrameBytes());
        if (wantedBytes > settings.maxFrameBytes()) {
            throw BrokerException.invalid(
                    "open.max_frame_bytes",
                    wantedBytes + " is above this broker's limit of " + settings.maxFrameBytes());
        }
        requireLevel(open.getAckLevel());
        wanted = open.getAckLevel();
        maxFrameBytes = (int) wantedBytes;
        int messageBytes = EdgeSettings.messageBytes(maxFrameBytes);
        broker.memory().reserveInbound(messageBytes);
        reservedBytes = messageBytes;
        inbound.allow(messageBytes);
        takesMemory = open.getAckLevel() == AckLevel.ACK_LEVEL_MEMORY;
        level = takesMemory && broker.settings().degrade()
                ? AckLevel.ACK_LEVEL_MEMORY
                : Conversions.ackLevel(broker.store().ackLevel());
        replies.describe(level, maxFrameBytes, messageBytes);
        opening = true;
        broker.prepare(List.of(open.getStream()), true, new Broker.Prepared() {
            @Override
            public void here() {
                openHere(open);
            }

            @Override
            public void elsewhere(Map<String, String> addresses) {
                replies.end(Refusals.toStatus(Refusals.elsewhere(addresses)));
                flush();
            }

            @Override
            public void failed(BrokerException why) {
                ended(why);
                flush();
            }
        });
    }

    /** On any thread; the client's next message is not read before. */
    private void openHere(PublishOpen open) {
        try {
            Publisher opened =
                    broker.openPublisher(open.getStream(), open.getPublisherId(), open.getEpoch(), takesMemory, this);
            publisher = opened;
            replies.openedBy(opened.key());
            log.info("publisher {} opened stream {}", opened, open.getStream());
            if (halfClosed) {
                opened.finish();
            }
            if (released) {
                opened.lost();
            }
        } catch (BrokerException e) {
            ended(e);
        }
        flush();
    }

    private boolean gives(AckLevel asked) {
        return broker.store().gives(Conversions.ackLevel(asked));
    }

    private void requireLevel(AckLevel asked) {
        if (asked == AckLevel.UNRECOGNIZED) {
            throw BrokerException.invalid("open.ack_level", "not a level this broker knows");
        }
        if (!gives(asked)) {
            throw new BrokerException(
                    BrokerException.Kind.FAILED_PRECONDITION,
                    "ACK_LEVEL_NOT_GIVEN",
                    "open.ack_level " + asked + " is more than the "
                            + broker.store().name() + " store gives: "
                            + Conversions.ackLevel(broker.store().ackLevel()) + ", "
                            + broker.store().durability()
                            + "; ask for less, or run the broker on a store that gives it");
        }
    }

    private void onFrames(PublishMessage.Frames message) {
        Publisher opened = requireOpen();
        List<FrameContent> contents = new ArrayList<>(message.frames().size());
        for (WireFrame frame : message.frames()) {
            contents.add(Conversions.content(frame, defect(frame)));
        }
        if (opened.publish(contents) && replies.mayReadOn()) {
            call.request(1);
        }
    }

    private FrameContent.Defect defect(WireFrame frame) {
        if (frame.serializedBytes() > maxFrameBytes) {
            return new FrameContent.Defect(
                    "FRAME_TOO_LARGE",
                    frame.serializedBytes() + " bytes; this call was opened for frames of up to " + maxFrameBytes
                            + ", the broker takes up to " + settings.maxFrameBytes());
        }
        if (!frame.crcMatches()) {
            return new FrameContent.Defect(
                    "CRC_MISMATCH",
                    "payload of " + frame.payloadBytes() + " bytes has crc32c "
                            + Integer.toHexString(frame.payloadCrc32c()) + ", its header says "
                            + Integer.toHexString(frame.declaredCrc32c()) + ": damaged on the way, or computed over"
                            + " something else than the payload");
        }
        return null;
    }

    private void onReport(PublishReport report) {
        requireOpen()
                .report(
                        report.getReportId(),
                        report.getLostList().stream()
                                .map(lost -> new Publisher.Lost(lost.getReason(), lost.getCount(), lost.getEstimated()))
                                .toList());
        call.request(1);
    }

    private Publisher requireOpen() {
        if (publisher == null) {
            throw Refusals.protocol(
                    "OPEN_REQUIRED", "the first message of PublishFrames is `open`, with the stream to publish to");
        }
        return publisher;
    }

    @Override
    public void onHalfClose() {
        if (!opening) {
            ended(Refusals.protocol("OPEN_REQUIRED", "the call ended before `open`"));
            flush();
            return;
        }
        halfClosed = true;
        if (publisher != null) {
            publisher.finish();
        }
    }

    @Override
    public void onReady() {
        flush();
    }

    @Override
    public void onCancel() {
        if (publisher != null) {
            log.info("publisher {} lost its connection", publisher);
        }
        replies.dead();
        release();
    }

    @Override
    public void onComplete() {
        release();
    }

    private void release() {
        released = true;
        if (publisher != null) {
            publisher.lost();
        }
        long bytes;
        synchronized (this) {
            bytes = reservedBytes;
            reservedBytes = 0;
        }
        broker.memory().releaseInbound(bytes);
    }

    // ---- what the stream says; under its lock, except flush

    @Override
    public void opened(long lastSequence, List<FrameException> exceptions, long lastReportId) {
        replies.opened(lastSequence, exceptions, lastReportId);
    }

    @Override
    public void stored(long throughSequence) {
        if (levelFell()) {
            endAsLevelFell();
        } else {
            replies.stored(throughSequence);
        }
    }

    /** Whether the store gives less by now than acks of this call say. */
    private boolean levelFell() {
        return !gives(level) || !gives(wanted);
    }

    private void endAsLevelFell() {
        ended(new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "ACK_LEVEL_FELL",
                "this call was opened with acks of " + level + ", the "
                        + broker.store().name() + " store gives no more than "
                        + Conversions.ackLevel(broker.store().ackLevel()) + " now ("
                        + broker.store().durability() + "); open again to be told, or mend the store"));
    }

    @Override
    public void exception(FrameException exception) {
        replies.exception(exception);
    }

    @Override
    public void reported(long throughReportId) {
        replies.reported(throughReportId);
    }

    @Override
    public void demand(Demand demand) {
        replies.demand(demand);
    }

    @Override
    public void waiting(String reason) {
        replies.window(reason);
    }

    @Override
    public void resumed() {
        replies.window("");
    }

    @Override
    public void more() {
        replies.more();
    }

    @Override
    public void finished() {
        replies.end(null);
    }

    @Override
    public void ended(BrokerException why) {
        if (replies.end(Refusals.toStatus(why))) {
            log.info("publisher {} ends: {}", publisher == null ? "(not open)" : publisher, why.getMessage());
        }
    }

    @Override
    public void flush() {
        replies.flush();
    }

    /** Ends the call if it has not been opened for so long. */
    void endUnlessOpened(long afterMillis) {
        if (!opening && System.nanoTime() - startNanos > afterMillis * 1_000_000) {
            ended(Refusals.protocol("OPEN_REQUIRED", "no `open` within " + afterMillis + " ms"));
            flush();
        }
    }

    /** Ends the call if its acks would say more than is true by now: who opens again is told what is. */
    void endIfLevelFell() {
        if (levelFell()) {
            endAsLevelFell();
            flush();
        }
    }

    @Override
    public Attributes connection() {
        return call.getAttributes();
    }

    @Override
    public void drain(Drain notice) {
        replies.drain(notice);
        flush();
    }

    @Override
    public void breakOff(BrokerException why) {
        ended(why);
        flush();
    }
}
