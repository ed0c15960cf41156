package io.framebroker.server.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Globs;
import io.framebroker.server.broker.StartPosition;
import io.framebroker.server.broker.Window;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Extend;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.Pause;
import io.framebroker.v1.Resume;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer's call whose streams are several brokers': one call to each of them, this one included. The window is split
 * among them ({@link WindowShares}), what the client says goes to the owner of the stream it speaks of, and what the
 * owners tell becomes one call's replies ({@link SpreadReplies}). When one of the calls fails, all do.
 *
 * <p>Globs go to every one of these brokers, and each takes what matches among its own streams. A broker that has none yet
 * gets its call when the first one is found there. Should that call not come about, it is made again later.
 */
final class SpreadCall extends ForwardedCall implements StreamWatch.Watcher {
    private static final Logger log = LoggerFactory.getLogger(SpreadCall.class);
    private static final byte OPENED = ConsumeFramesResponse.OPENED_FIELD_NUMBER << 3 | 2;
    private static final byte STREAMS_CHANGED = ConsumeFramesResponse.STREAMS_CHANGED_FIELD_NUMBER << 3 | 2;
    /** How long a broker is left alone where a call could not be opened. */
    private static final long AGAIN_NANOS = 5_000_000_000L;

    private static final io.framebroker.v1.Window ONE_FRAME =
            io.framebroker.v1.Window.newBuilder().setMaxFrames(1).setMaxBytes(1).build();
    /** Statuses after which a client comes back for what it holds, so that it is kept for it. */
    private static final Set<Status.Code> COMES_BACK = Set.of(Status.Code.UNAVAILABLE, Status.Code.ABORTED);

    /** Makes the call to the broker at an address; a stream of its own is named for people. */
    interface Line {
        OwnerCall to(String stream, String address, OwnerCall.Listener listener);
    }

    /** By their numbers; one that could not be opened is replaced when it is tried again. */
    private final List<Part> parts = new CopyOnWriteArrayList<>();

    private final Map<String, Part> byStream = new ConcurrentHashMap<>();
    private final SpreadReplies replies;
    private final OutboundRoom outboundRoom;
    private final Line line;
    private final ConsumeOpen whole;
    private final String consumerId;
    private final Globs globs;
    private final boolean autoAck;
    private final SingleDrain telling = new SingleDrain(this::tellParts, this::refuseBroken);
    /** What is split; null while each broker has a window that grows with its streams. */
    private volatile Window window;

    private volatile boolean paused;
    private volatile boolean started;
    /** Whose next reply may come; used by whoever sends. */
    private final List<Part> toAsk = new ArrayList<>();
    /** The client has said all it will say, so each owner may be done before the others. */
    private volatile boolean halfClosed;
    /** Guarded by this. */
    private int endedWell;

    /**
     * @param streamsByAddress streams of each broker, by its address, empty for this one: those that are named, and those
     *     that match as far as they are known
     */
    SpreadCall(
            ForwardableCall<?, ?> begun,
            ConsumeOpen open,
            Map<String, List<String>> streamsByAddress,
            OutboundRoom room,
            Line line) {
        super(
                begun,
                room,
                drain -> ConsumeFramesResponse.newBuilder().setDrain(drain).build());
        this.outboundRoom = room;
        this.line = line;
        this.whole = open;
        this.globs = new Globs(
                open.getStreamsList().stream().filter(Globs::isGlob).distinct().toList());
        this.autoAck = open.getAutoAck();
        this.replies = new SpreadReplies(
                open.getStreamsList().stream()
                        .filter(stream -> !Globs.isGlob(stream))
                        .distinct()
                        .toList(),
                streamsByAddress.values().stream().map(List::size).toList());
        streamsByAddress.forEach((address, streams) -> {
            Part part = new Part(parts.size(), address, streams);
            parts.add(part);
            streams.forEach(stream -> byStream.put(stream, part));
        });
        this.consumerId = open.getConsumerId().isEmpty() ? "consumer-" + UUID.randomUUID() : open.getConsumerId();
        Window asked = ConsumeRequests.window(open);
        this.window = ConsumeRequests.windowGrows(open) ? null : asked;
        List<io.framebroker.v1.Window> shares = shares(asked);
        parts.forEach(part -> part.open(shares.get(part.index)));
    }

    /** The call to one of the brokers. */
    private final class Part implements OwnerCall.Listener {
        private final int index;
        private final String address;
        /** Those the broker has of the call. */
        private final Set<String> streams = ConcurrentHashMap.newKeySet();

        private final String one;
        private final OwnerCall call;
        private ConsumeFramesRequest open;
        /** The others had opened when this one was found. */
        private final boolean late;

        private volatile boolean opened;
        /** It could not be opened; nothing is said to it any more. */
        private volatile boolean gone;

        private volatile long goneNanos;
        /** What it was told last; by whoever tells. */
        private io.framebroker.v1.Window share;

        private boolean pausedToo;

        Part(int index, String address, List<String> known) {
            this.index = index;
            this.address = address;
            this.streams.addAll(known);
            this.late = started;
            this.one = known.isEmpty() ? String.join(" ", globs.globs()) : known.get(0);
            this.call = line.to(one, address, this);
        }

        void open(io.framebroker.v1.Window firstShare) {
            share = firstShare;
            ConsumeOpen.Builder own = whole.toBuilder()
                    .clearStreams()
                    .addAllStreams(named())
                    .addAllStreams(globs.globs())
                    .setConsumerId(consumerId)
                    .clearHeld();
            if (window != null) {
                own.setWindow(firstShare);
            }
            if (late) {
                // What is there came into being while the call was open.
                startWithAll(own);
            } else {
                for (HeldDeliveries held : whole.getHeldList()) {
                    if (partOf(held.getStream()) == this) {
                        own.addHeld(held);
                    }
                }
            }
            open = ConsumeFramesRequest.newBuilder().setOpen(own).build();
        }

        private List<String> named() {
            return whole.getStreamsList().stream()
                    .filter(stream -> !Globs.isGlob(stream) && streams.contains(stream))
                    .distinct()
                    .toList();
        }

        private static void startWithAll(ConsumeOpen.Builder own) {
            io.framebroker.v1.StartPosition start = own.getSettings().getStart();
            if (own.getMode() != ConsumeMode.CONSUME_MODE_REPLAY
                    && ConsumeRequests.position(start) instanceof StartPosition.New) {
                own.getSettingsBuilder().getStartBuilder().setEdge(StartEdge.START_EDGE_EARLIEST);
            }
        }

        /** Heeds which streams the broker has, before the client hears of them. */
        private void learn(byte[] reply) throws InvalidProtocolBufferException {
            if (reply.length == 0 || reply[0] != OPENED && reply[0] != STREAMS_CHANGED) {
                return;
            }
            ConsumeFramesResponse response = ConsumeFramesResponse.parseFrom(reply);
            if (response.hasOpened()) {
                opened = true;
                streams.addAll(response.getOpened().getStreamsList());
            }
            response.getStreamsChanged().getRemovedList().forEach(stream -> {
                streams.remove(stream);
                byStream.remove(stream, this);
            });
            streams.addAll(response.getStreamsChanged().getAddedList());
            streams.forEach(stream -> byStream.put(stream, this));
            replies.streams(index, streams.size());
            telling.run();
        }

        void start() {
            call.start(bytes(open));
        }

        void say(ConsumeFramesRequest request) {
            call.say(bytes(request));
        }

        private static InputStream bytes(ConsumeFramesRequest request) {
            return new ByteArrayInputStream(request.toByteArray());
        }

        @Override
        public void told(InputStream told) {
            byte[] reply = Bytes.read(told);
            Bytes.drop(told);
            if (!fits(reply.length)) {
                return;
            }
            try {
                if (!globs.isEmpty()) {
                    learn(reply);
                }
                if (replies.told(index, reply)) {
                    call.read();
                }
                flush();
            } catch (InvalidProtocolBufferException e) {
                refuse(Refusals.unreachable(one, address, "no ConsumeFramesResponse: " + e.getMessage()));
            }
        }

        @Override
        public void ownerReady() {
            readIfOwed();
        }

        @Override
        public void ended(Status status, Metadata trailers) {
            if (late && !opened) {
                log.warn("{} cannot have {} for now: {}", SpreadCall.this, call, status.getDescription());
                replies.forget(index);
                if (isLastToEndWell(this) && halfClosed) {
                    leaveOwners();
                    end(Status.OK, new Metadata());
                }
            } else if (!status.isOk()) {
                onFailed(status, trailers);
            } else if (!halfClosed || isLastToEndWell(null)) {
                leaveOwners();
                end(status, trailers);
            }
        }
    }

    @Override
    void start() {
        parts.forEach(Part::start);
        started = true;
        readOn();
    }

    // ---- streams to come

    @Override
    public Globs globs() {
        return globs;
    }

    @Override
    public boolean isDone() {
        return hasEnded() || halfClosed && !autoAck;
    }

    /** By one thread at a time. */
    @Override
    public void elsewhere(Map<String, String> addresses) {
        if (!started || isDone()) {
            return;
        }
        addresses.forEach((stream, address) -> {
            if (globs.match(stream) && !byStream.containsKey(stream)) {
                addPart(stream, address);
            }
        });
    }

    /** Has a broker give its streams, unless it does or has refused to just now. */
    private void addPart(String stream, String address) {
        Part before = parts.stream()
                .filter(part -> part.address.equals(address))
                .findFirst()
                .orElse(null);
        if (before != null && (!before.gone || System.nanoTime() - before.goneNanos < AGAIN_NANOS)) {
            return;
        }
        Part part;
        try {
            part = new Part(before == null ? parts.size() : before.index, address, List.of(stream));
            if (before == null) {
                outboundRoom.oneMore();
            }
        } catch (BrokerException e) {
            log.warn("{} cannot have stream {} for now: {}", this, stream, e.getMessage());
            return;
        }
        part.streams.clear();
        part.open(ONE_FRAME);
        if (before == null) {
            replies.add();
            parts.add(part);
        } else {
            parts.set(part.index, part);
        }
        log.info("{} is to have {} too", this, part.call);
        part.start();
        if (hasEnded()) {
            part.call.cancel("the call has ended");
        } else if (halfClosed) {
            part.call.halfClose();
        }
        telling.run();
    }

    // ---- the client

    @Override
    public void onMessage(InputStream message) {
        if (isOver()) {
            return;
        }
        try {
            onRequest(ConsumeFramesRequest.parseFrom(message));
            readOn();
        } catch (BrokerException e) {
            refuse(e);
        } catch (IOException e) {
            refuse(Refusals.protocol("MESSAGE_MALFORMED", "not a ConsumeFramesRequest"));
        }
    }

    private void onRequest(ConsumeFramesRequest request) {
        switch (request.getKindCase()) {
            case OPEN -> throw Refusals.protocol("OPEN_TWICE", "`open` is the first message of a call and comes once");
            case SETTLE -> onSettle(request.getSettle());
            case EXTEND -> onExtend(request.getExtend());
            case WINDOW -> {
                window = new Window(
                        request.getWindow().getMaxFrames(), request.getWindow().getMaxBytes());
                telling.run();
            }
            case PAUSE, RESUME -> {
                paused = request.hasPause();
                telling.run();
            }
            default -> throw ConsumeRequests.kindMissing();
        }
    }

    private void onSettle(Settle settle) {
        Map<Part, Settle.Builder> byPart = new LinkedHashMap<>();
        for (Settlement settlement : settle.getSettlementsList()) {
            byPart.computeIfAbsent(partOf(settlement.getStream()), part -> Settle.newBuilder())
                    .addSettlements(settlement);
        }
        byPart.forEach((part, own) ->
                part.say(ConsumeFramesRequest.newBuilder().setSettle(own).build()));
    }

    private void onExtend(Extend extend) {
        Map<Part, Extend.Builder> byPart = new LinkedHashMap<>();
        for (HeldDeliveries held : extend.getDeliveriesList()) {
            byPart.computeIfAbsent(partOf(held.getStream()), part -> Extend.newBuilder())
                    .addDeliveries(held);
        }
        byPart.forEach((part, own) ->
                part.say(ConsumeFramesRequest.newBuilder().setExtend(own).build()));
    }

    /** Who answers for a stream; for one that is not the call's any will do, as it will say so. */
    private Part partOf(String stream) {
        return byStream.getOrDefault(stream, parts.get(0));
    }

    /** Tells each broker its share of the window, and whether it is to pause, where that has changed. */
    private void tellParts() {
        Window toSplit = window;
        boolean pause = paused;
        List<io.framebroker.v1.Window> shares = toSplit == null ? List.of() : shares(toSplit);
        for (Part part : parts) {
            if (part.gone) {
                continue;
            }
            if (part.index < shares.size() && !shares.get(part.index).equals(part.share)) {
                part.share = shares.get(part.index);
                part.say(ConsumeFramesRequest.newBuilder().setWindow(part.share).build());
            }
            if (part.pausedToo != pause) {
                part.pausedToo = pause;
                ConsumeFramesRequest.Builder request = ConsumeFramesRequest.newBuilder();
                part.say(
                        pause
                                ? request.setPause(Pause.getDefaultInstance()).build()
                                : request.setResume(Resume.getDefaultInstance()).build());
            }
        }
    }

    /** Of each part, by its number; one that is gone has no streams and gets the least. */
    private List<io.framebroker.v1.Window> shares(Window toSplit) {
        return WindowShares.of(
                        toSplit, parts.stream().map(part -> part.streams.size()).toList())
                .stream()
                .map(share -> io.framebroker.v1.Window.newBuilder()
                        .setMaxFrames(share.maxFrames())
                        .setMaxBytes(share.maxBytes())
                        .build())
                .toList();
    }

    private void refuseBroken(Throwable cause) {
        log.error("{} cannot be split", this, cause);
        refuse(new BrokerException(
                BrokerException.Kind.UNAVAILABLE, "BROKER_FAILED", "the call could not be split: " + cause));
    }

    @Override
    public void onHalfClose() {
        halfClosed = true;
        parts.forEach(part -> part.call.halfClose());
    }

    @Override
    protected boolean ownersReady() {
        return parts.stream().allMatch(part -> part.gone || part.call.isReady());
    }

    // ---- the end

    /** @param leftOut the one that is gone; null where it is one that has ended well */
    private synchronized boolean isLastToEndWell(Part leftOut) {
        if (leftOut == null) {
            endedWell++;
        } else {
            leftOut.goneNanos = System.nanoTime();
            leftOut.gone = true;
        }
        return endedWell == parts.stream().filter(part -> !part.gone).count();
    }

    private void onFailed(Status status, Metadata trailers) {
        if (COMES_BACK.contains(status.getCode())) {
            cancelOwners("a call of the same consumer has ended");
        } else {
            leaveOwners();
        }
        end(status, trailers);
    }

    @Override
    protected void cancelOwners(String why) {
        parts.forEach(part -> part.call.cancel(why));
    }

    @Override
    protected void leaveOwners() {
        if (autoAck) {
            cancelOwners("the call has ended");
        } else {
            parts.forEach(part -> part.call.leave());
        }
    }

    // ---- sending

    @Override
    public void drain(Drain drain) {
        if (replies.isFirstDrain()) {
            super.drain(drain);
        }
    }

    @Override
    protected InputStream nextReply() {
        SpreadReplies.Reply next = client.isReady() ? replies.next() : null;
        if (next == null) {
            return null;
        }
        if (next.broker() >= 0) {
            toAsk.add(parts.get(next.broker()));
        }
        return new ByteArrayInputStream(next.message());
    }

    @Override
    protected void askOwners() {
        toAsk.forEach(part -> part.call.read());
        toAsk.clear();
    }

    @Override
    protected boolean owesReplies() {
        return replies.owes();
    }

    @Override
    protected void dropReplies() {
        replies.drop();
    }

    @Override
    public String toString() {
        return "consumer of " + parts.stream().map(part -> part.call).toList();
    }
}
