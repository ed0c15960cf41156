package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.ConsumerLag;
import io.framebroker.server.broker.ConsumerPort;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.Globs;
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
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code ConsumeFrames} call. Frames are decided by the streams, as far as the window and {@link #ready} allow; the
 * client's requests are read one at a time.
 */
final class ConsumeCall extends ServerCall.Listener<ConsumeFramesRequest>
        implements ConsumerPort, DrainableCall, StreamWatch.Watcher {
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
    private final EdgeSettings settings;
    private final StreamWatch watch;
    /** Another broker has passed the call on: what is not here is its to find. */
    private final boolean passedOn;

    private final OutboundRoom room;
    private final ConsumeReplies replies;
    private final long startNanos = System.nanoTime();

    /** Set once, when the streams that {@code open} named are open; null before. */
    private volatile Consumer consumer;

    /** {@code open} has come. */
    private volatile boolean opening;

    private volatile boolean drains;
    private volatile boolean halfClosed;
    private volatile boolean lost;
    /** The call was broken off, so that what is open waits for the client. */
    private volatile boolean comesBack;

    private boolean metadataOnly;
    private boolean unpack;
    private boolean outlivesHalfClose;
    /** Set with the consumer. */
    private volatile Globs globs;

    private volatile boolean readOwed;

    ConsumeCall(
            ServerCall<ConsumeFramesRequest, ConsumeMessage> call,
            Broker broker,
            EdgeSettings settings,
            StreamWatch watch,
            boolean passedOn,
            InboundLimits.Limit inbound) {
        this.call = call;
        this.broker = broker;
        this.settings = settings;
        this.watch = watch;
        this.passedOn = passedOn;
        this.room = new OutboundRoom(broker.memory(), call);
        this.replies = new ConsumeReplies(call, this::body, this::outgoing, room, this::pump, this::close);
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
        if (!metadataOnly && !unpack) {
            return new Spliced(content);
        }
        WireFrame wire = WireFrame.read(content.array(), content.offset(), content.length());
        return metadataOnly ? wire.headerOnly() : PackedFrame.of(wire, settings.maxFrameBytes());
    }

    private ConsumeMessage outgoing(ConsumeMessage message) {
        return unpack ? PackedFrame.unpacked(message) : message;
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
        if (!request.hasOpen()) {
            readOn();
        }
    }

    private void readOn() {
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
            case RESUME -> {
                opened.resume();
                heartbeat(0);
            }
            default -> throw ConsumeRequests.kindMissing();
        }
    }

    private void onOpen(ConsumeOpen open) {
        if (opening) {
            throw Refusals.protocol("OPEN_TWICE", "`open` is the first message of a call and comes once");
        }
        metadataOnly = open.getPayload() == PayloadMode.PAYLOAD_MODE_METADATA_ONLY;
        unpack = open.getUnpack();
        outlivesHalfClose = open.getAutoAck() || open.getLimit() != 0;
        room.fit(ConsumeReplies.MESSAGE_BYTES);
        Consumer.Options options = ConsumeRequests.options(open);
        opening = true;
        Broker.Prepared prepared = new Broker.Prepared() {
            @Override
            public void here() {
                openHere(options);
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
        };
        if (options.globs().isEmpty()) {
            broker.prepare(options.streams(), true, prepared);
        } else {
            watch.prepare(options, passedOn, prepared);
        }
    }

    /** On any thread; the client's next message is not read before. */
    private void openHere(Consumer.Options options) {
        Consumer opened;
        try {
            opened = broker.openConsumer(options, this);
        } catch (BrokerException e) {
            ended(e);
            flush();
            return;
        }
        consumer = opened;
        drainConsumer();
        globs = options.globs();
        if (options.takesNewStreams()) {
            watch.add(this);
        }
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
        log.info("consumer {} opened streams {}", opened, options.streams());
        if (lost) {
            opened.lost();
        }
        if (halfClosed) {
            onHalfClose();
        }
        flush();
        opened.pump();
        readOn();
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
        halfClosed = true;
        Consumer opened = consumer;
        if (opened == null) {
            if (!opening) {
                ended(Refusals.protocol("OPEN_REQUIRED", "the call ended before `open`"));
                flush();
            }
        } else if (outlivesHalfClose) {
            opened.saysNothingMore();
        } else {
            replies.dropDeliveries();
            opened.finish();
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
        lost = true;
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

    /** The call is over in good order, or by our own word: nothing waits for this consumer, unless it was broken off. */
    private void close() {
        room.close();
        Consumer opened = consumer;
        if (opened == null) {
            return;
        }
        if (comesBack) {
            opened.lost();
        } else {
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
    public void added(String stream) {
        replies.added(stream);
    }

    @Override
    public void removed(String stream) {
        replies.removed(stream);
    }

    @Override
    public void leftOut(int streams, String why) {
        replies.leftOut(streams, why);
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

    // ---- streams of other brokers

    @Override
    public Globs globs() {
        return globs;
    }

    @Override
    public boolean isDone() {
        return lost || replies.isOver();
    }

    /** There was no other broker when the call was opened: opened again, it is spread. */
    @Override
    public void elsewhere(Map<String, String> addresses) {
        if (passedOn || !broker.store().isShared()) {
            return;
        }
        addresses.keySet().stream().filter(globs::match).findFirst().ifPresent(stream -> {
            ended(new BrokerException(
                    BrokerException.Kind.UNAVAILABLE,
                    "STREAMS_SPREAD",
                    "stream " + stream
                            + " matches and is served by another broker, which was not there when the call was"
                            + " opened; open it again"));
            flush();
        });
    }

    // ---- time

    /** Ends the call if it has not been opened for so long. */
    void endUnlessOpened(long afterMillis) {
        if (!opening && System.nanoTime() - startNanos > afterMillis * 1_000_000) {
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

    static IdleReason idle(Consumer.Idle idle) {
        return switch (idle) {
            case NO_FRAMES -> IdleReason.IDLE_REASON_NO_FRAMES;
            case WINDOW_FULL -> IdleReason.IDLE_REASON_WINDOW_FULL;
            case PAUSED -> IdleReason.IDLE_REASON_PAUSED;
            case CLIENT_NOT_READING -> IdleReason.IDLE_REASON_CLIENT_NOT_READING;
        };
    }

    @Override
    public Attributes connection() {
        return call.getAttributes();
    }

    @Override
    public void drain(Drain notice) {
        drains = true;
        drainConsumer();
        replies.drain(notice);
        flush();
    }

    @Override
    public void breakOff(BrokerException why) {
        comesBack = true;
        ended(why);
        flush();
    }

    /** Whoever comes second of the notice and the opening finds the other. */
    private void drainConsumer() {
        Consumer opened = consumer;
        if (drains && opened != null) {
            opened.drain();
        }
    }
}
