package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.ConsumerLag;
import io.framebroker.server.broker.ConsumerPort;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.Verdict;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Extend;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.Window;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.WireFrame;
import io.framebroker.wire.WireWriter;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code ConsumeFrames} call. Frames are decided by the streams, as far as the window and {@link #ready} allow; the
 * client's requests are read one at a time.
 */
final class ConsumeCall extends ServerCall.Listener<ConsumeFramesRequest> implements ConsumerPort {
    private static final Logger log = LoggerFactory.getLogger(ConsumeCall.class);
    private static final long MOST_REQUEST_BYTES = 1 << 20;
    private static final int MOST_SETTLED_AT_ONCE = 1_000_000;

    /** A frame as it lies in its message, written without being looked at. */
    private record Spliced(FrameContent content) implements FrameBody {
        @Override
        public int serializedBytes() {
            return content.length();
        }

        @Override
        public void writeTo(WireWriter out) {
            out.bytes(content.array(), content.offset(), content.length());
        }
    }

    private final ServerCall<ConsumeFramesRequest, ConsumeMessage> call;
    private final Broker broker;
    private final OutboundRoom room;
    private final ConsumeReplies replies;
    private final long startNanos = System.nanoTime();

    /** Set once by {@code open}, on the call's event loop; null before. */
    private volatile Consumer consumer;

    private boolean metadataOnly;
    private boolean outlivesHalfClose;
    private volatile boolean readOwed;

    ConsumeCall(ServerCall<ConsumeFramesRequest, ConsumeMessage> call, Broker broker, InboundLimits.Limit inbound) {
        this.call = call;
        this.broker = broker;
        this.room = new OutboundRoom(broker.memory(), call);
        this.replies = new ConsumeReplies(call, this::body, room, this::pump, this::close);
        inbound.allow(MOST_REQUEST_BYTES);
        inbound.onExceeded(why -> {
            ended(why);
            flush();
        });
        call.sendHeaders(new Metadata());
        call.request(1);
    }

    private FrameBody body(Frame frame) {
        FrameContent content = frame.content();
        return metadataOnly
                ? WireFrame.read(content.array(), content.offset(), content.length())
                        .headerOnly()
                : new Spliced(content);
    }

    // ---- what the client says; on the call's event loop

    @Override
    public void onMessage(ConsumeFramesRequest request) {
        if (replies.isOver()) {
            return;
        }
        try {
            onRequest(request);
        } catch (BrokerException e) {
            ended(e);
            flush();
            return;
        }
        if (replies.mayReadOn()) {
            call.request(1);
        } else {
            readOwed = true;
            readOnIfOwed();
        }
    }

    private void onRequest(ConsumeFramesRequest request) {
        if (request == FrameBrokerEndpoint.MALFORMED) {
            throw Refusals.protocol("MESSAGE_MALFORMED", "not a ConsumeFramesRequest");
        }
        if (request.hasOpen()) {
            onOpen(request.getOpen());
            return;
        }
        Consumer opened = requireOpen();
        switch (request.getKindCase()) {
            case SETTLE -> onSettle(opened, request.getSettle());
            case EXTEND -> onExtend(opened, request.getExtend());
            case WINDOW ->
                opened.resize(
                        request.getWindow().getMaxFrames(), request.getWindow().getMaxBytes());
            case PAUSE -> opened.pause();
            case RESUME -> opened.resume();
            default ->
                throw Refusals.protocol(
                        "KIND_MISSING",
                        "a ConsumeFramesRequest that is none of open, settle, extend, window, pause, resume");
        }
    }

    private void onOpen(ConsumeOpen open) {
        if (consumer != null) {
            throw Refusals.protocol("OPEN_TWICE", "`open` is the first message of a call and comes once");
        }
        metadataOnly = open.getPayload() == PayloadMode.PAYLOAD_MODE_METADATA_ONLY;
        outlivesHalfClose = open.getAutoAck() || open.getLimit() != 0;
        room.fit(ConsumeReplies.MESSAGE_BYTES);
        Consumer opened = broker.openConsumer(ConsumeRequests.options(open), this);
        consumer = opened;
        replies.opened(ConsumeOpened.newBuilder()
                .setConsumerId(opened.id())
                .setGroup(opened.group())
                .addAllStreams(opened.lags().stream().map(ConsumerLag::stream).toList())
                .setWindow(Window.newBuilder()
                        .setMaxFrames(opened.window().maxFrames())
                        .setMaxBytes(opened.window().maxBytes()))
                .setSettings(ConsumeRequests.settings(opened.groupSettings()))
                .setResumeGrace(Conversions.duration(broker.settings().resumeGraceMillis()))
                .build());
        log.info("consumer {} opened streams {}", opened, open.getStreamsList());
        flush();
        opened.pump();
    }

    private void onSettle(Consumer opened, Settle settle) {
        long frames = 0;
        for (Settlement settlement : settle.getSettlementsList()) {
            try {
                int count = ConsumeRequests.count("settlement.count", settlement.getCount());
                frames += count;
                requireReasonable(frames);
                Verdict verdict = ConsumeRequests.verdict(settlement);
                opened.settle(settlement.getStream(), Conversions.token(settlement.getToken()), count, verdict);
            } catch (BrokerException e) {
                reject(settlement.getStream(), settlement.getToken(), settlement.getCount(), e);
            }
        }
        flush();
        opened.pump();
    }

    private void onExtend(Consumer opened, Extend extend) {
        long frames = 0;
        for (HeldDeliveries held : extend.getDeliveriesList()) {
            try {
                int count = ConsumeRequests.count("extend.count", held.getCount());
                frames += count;
                requireReasonable(frames);
                opened.extend(held.getStream(), Conversions.token(held.getToken()), count);
            } catch (BrokerException e) {
                reject(held.getStream(), held.getToken(), held.getCount(), e);
            }
        }
        flush();
    }

    private static void requireReasonable(long frames) {
        if (frames > MOST_SETTLED_AT_ONCE) {
            throw BrokerException.invalid(
                    "count",
                    frames + " deliveries in one message; at most " + MOST_SETTLED_AT_ONCE + ", so send several");
        }
    }

    /** A settlement that cannot be carried out is answered like any other: the call and its other frames go on. */
    private void reject(String stream, DeliveryToken token, int count, BrokerException why) {
        replies.settled(Conversions.rejected(stream, token, count, why));
    }

    private Consumer requireOpen() {
        Consumer opened = consumer;
        if (opened == null) {
            throw Refusals.protocol(
                    "OPEN_REQUIRED", "the first message of ConsumeFrames is `open`, with the streams to take from");
        }
        return opened;
    }

    @Override
    public void onHalfClose() {
        Consumer opened = consumer;
        if (opened == null) {
            ended(Refusals.protocol("OPEN_REQUIRED", "the call ended before `open`"));
            flush();
        } else if (outlivesHalfClose) {
            opened.saysNothingMore();
        } else {
            opened.close();
            replies.dropDeliveries();
            finished();
            flush();
        }
    }

    @Override
    public void onReady() {
        flush();
        pump();
    }

    private void pump() {
        Consumer opened = consumer;
        if (opened != null) {
            opened.pump();
        }
    }

    @Override
    public void onCancel() {
        replies.dead();
        room.close();
        Consumer opened = consumer;
        if (opened != null) {
            log.info("consumer {} lost its connection", opened);
            opened.lost();
        }
    }

    /** Once more than {@link #close} alone: the call may have been ended before it knew its consumer. */
    @Override
    public void onComplete() {
        close();
    }

    /** The call is over in good order, or by our own word: nothing waits for this consumer. */
    private void close() {
        room.close();
        Consumer opened = consumer;
        if (opened != null) {
            opened.close();
        }
    }

    // ---- what the streams say; under their locks, except ready and flush

    @Override
    public boolean ready() {
        return replies.ready();
    }

    @Override
    public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
        replies.deliver(stream, frames, attempt, leaseMillis);
    }

    @Override
    public void settled(SettleResult result) {
        replies.settled(Conversions.settleResult(result));
    }

    @Override
    public void gap(
            String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail) {
        replies.gap(stream, reason, count, estimated, first, last, detail);
    }

    @Override
    public void finished() {
        replies.end(null);
    }

    @Override
    public void ended(BrokerException why) {
        if (replies.end(Refusals.toStatus(why))) {
            log.info("consumer {} ends: {}", consumer == null ? "(not open)" : consumer, why.getMessage());
        }
    }

    @Override
    public void flush() {
        replies.flush();
        readOnIfOwed();
    }

    private void readOnIfOwed() {
        if (readOwed && replies.mayReadOn()) {
            synchronized (this) {
                if (!readOwed) {
                    return;
                }
                readOwed = false;
            }
            call.request(1);
        }
    }

    // ---- time

    /** Ends the call if it has not been opened for so long. */
    void endUnlessOpened(long afterMillis) {
        if (consumer == null && System.nanoTime() - startNanos > afterMillis * 1_000_000) {
            ended(Refusals.protocol("OPEN_REQUIRED", "no `open` within " + afterMillis + " ms"));
            flush();
        }
    }

    /** Tells an idle client why nothing comes. */
    void heartbeat(long afterMillis) {
        Consumer opened = consumer;
        if (opened == null || replies.silentNanos() < afterMillis * 1_000_000) {
            return;
        }
        Heartbeat.Builder heartbeat = Heartbeat.newBuilder();
        Consumer.Idle why = opened.idle();
        for (ConsumerLag lag : opened.lags()) {
            // Frames wait, though the window has room for one more: then it has none for its bytes.
            if (why == Consumer.Idle.NO_FRAMES
                    && lag.waiting() > 0
                    && opened.window().outstandingFrames() > 0) {
                why = Consumer.Idle.WINDOW_FULL;
            }
            heartbeat.addLags(Conversions.lag(lag));
        }
        replies.heartbeat(heartbeat.setIdle(idle(why)).build());
        flush();
    }

    private static IdleReason idle(Consumer.Idle idle) {
        return switch (idle) {
            case NO_FRAMES -> IdleReason.IDLE_REASON_NO_FRAMES;
            case WINDOW_FULL -> IdleReason.IDLE_REASON_WINDOW_FULL;
            case PAUSED -> IdleReason.IDLE_REASON_PAUSED;
            case CLIENT_NOT_READING -> IdleReason.IDLE_REASON_CLIENT_NOT_READING;
        };
    }

    void drain(long deadlineMillis, String reason) {
        replies.drain(Drain.newBuilder()
                .setDeadline(Conversions.duration(deadlineMillis))
                .setReason(reason)
                .build());
        flush();
    }
}
