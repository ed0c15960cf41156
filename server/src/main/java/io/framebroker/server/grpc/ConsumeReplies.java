package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Gap;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settled;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.WireDelivery;
import io.grpc.ServerCall;
import io.grpc.StatusRuntimeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What a consumer is to be told, `opened` before all else. Deliveries keep their order and are joined while they are
 * small; results and gaps are folded together until the transport is ready. Fields are guarded by {@code this}; sending
 * is done by one thread at a time, without the monitor.
 *
 * <p>Nothing here grows without end while a client does not read: deliveries stop at {@link #ready}, results at
 * {@link #mayReadOn}, gaps at a number of kinds, of heartbeats the last one counts, and of streams those that came and are
 * there, or that the client knows and are not.
 */
final class ConsumeReplies {
    private static final int MESSAGE_FRAMES = 256;
    static final int MESSAGE_BYTES = 256 * 1024;
    /** Untold results at which a client that does not read is read no further. */
    private static final int MOST_RESULTS = 1024;

    private static final int MOST_RESULT_BYTES = 1 << 20;
    /** Kinds of gaps told apart: their details are the publishers' own words. */
    private static final int MOST_GAPS = 256;

    private record GapKey(String stream, String reason, String detail, boolean estimated) {}

    private final ServerCall<?, ConsumeMessage> call;
    private final Runnable onRoom;
    private final Runnable afterEnd;
    private final Function<Frame, FrameBody> body;
    private final UnaryOperator<ConsumeMessage> outgoing;
    private final OutboundRoom room;
    private final SingleDrain drain = new SingleDrain(this::send, this::failed);

    private final ArrayDeque<ConsumeMessage.Deliveries> deliveries = new ArrayDeque<>();
    private final Map<GapKey, Gap.Builder> gaps = new LinkedHashMap<>();
    private final ArrayDeque<SettleResult> results = new ArrayDeque<>();
    private long resultBytes;
    private ConsumeOpened opened;
    private Heartbeat heartbeat;
    private Drain drainNotice;
    private boolean drains;
    /** Streams that came, behind those that fell out. */
    private final Set<String> added = new LinkedHashSet<>();

    private final Set<String> removed = new LinkedHashSet<>();
    private boolean leftOutChanged;
    private int leftOut;
    private String leftOutReason = "";
    private long queuedBytes;
    /** Of the last message in {@link #deliveries}. */
    private int lastBytes;

    private PublisherKey lastPublisher;
    private long sentNanos = System.nanoTime();
    private boolean openedSent;
    /** A stream had frames and was told to wait; it does not ask again by itself. */
    private boolean refused;

    private boolean ending;
    private StatusRuntimeException endStatus;
    private boolean dead;

    /**
     * @param body what of a frame is wanted; under the stream's lock
     * @param outgoing what is done to a message as it is sent; without any lock
     * @param onRoom asks the streams again, once there is room after they were refused
     * @param afterEnd runs once, when the call has been closed from this side
     */
    ConsumeReplies(
            ServerCall<?, ConsumeMessage> call,
            Function<Frame, FrameBody> body,
            UnaryOperator<ConsumeMessage> outgoing,
            OutboundRoom room,
            Runnable onRoom,
            Runnable afterEnd) {
        this.call = call;
        this.body = body;
        this.outgoing = outgoing;
        this.onRoom = onRoom;
        this.afterEnd = afterEnd;
        this.room = room;
    }

    /** Whether frames may be decided for this call: the transport takes more, and little is waiting for it. */
    boolean ready() {
        synchronized (this) {
            if (dead || ending) {
                return false;
            }
            if (opened == null && !openedSent || queuedBytes >= room.readyBytes()) {
                refused = true;
                return false;
            }
        }
        if (call.isReady()) {
            return true;
        }
        synchronized (this) {
            refused = true;
        }
        return false;
    }

    synchronized void opened(ConsumeOpened answer) {
        opened = answer;
        for (String stream : answer.getStreamsList()) {
            if (!removed.contains(stream)) {
                added.remove(stream);
            }
        }
    }

    synchronized void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
        if (dead || ending) {
            return;
        }
        int largest = 0;
        for (Frame frame : frames) {
            WireDelivery delivery = new WireDelivery(
                    frame.generation(),
                    frame.ordinal(),
                    attempt,
                    frame.sequence(),
                    frame.receivedMicros(),
                    body.apply(frame));
            largest = Math.max(largest, queue(stream, frame.publisher(), leaseMillis, delivery));
        }
        makeRoom(largest);
    }

    /** Returns the size of the frame. */
    private int queue(String stream, PublisherKey publisher, long leaseMillis, WireDelivery delivery) {
        int bytes = delivery.frame().serializedBytes();
        ConsumeMessage.Deliveries last = deliveries.peekLast();
        if (last == null
                || last.deliveries().size() >= MESSAGE_FRAMES
                || lastBytes + bytes > MESSAGE_BYTES
                || lastPublisher != publisher
                || last.leaseMillis() != leaseMillis
                || !last.stream().equals(stream)) {
            last = new ConsumeMessage.Deliveries(
                    stream, publisher.id(), publisher.epoch(), leaseMillis, new ArrayList<>());
            deliveries.add(last);
            lastPublisher = publisher;
            lastBytes = 0;
        }
        last.deliveries().add(delivery);
        lastBytes += bytes;
        queuedBytes += bytes;
        return bytes;
    }

    /** A frame that there is no memory for ends the call; it goes to somebody else, or to this consumer later. */
    private void makeRoom(int frameBytes) {
        try {
            room.fit(frameBytes);
        } catch (BrokerException noMemory) {
            dropDeliveries();
            end(Refusals.toStatus(noMemory));
        }
    }

    synchronized void settled(SettleResult result) {
        results.add(result);
        resultBytes += result.getSerializedSize();
    }

    synchronized void gap(
            String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail) {
        GapKey kind = new GapKey(stream, reason, detail, estimated);
        GapKey known =
                gaps.size() < MOST_GAPS || gaps.containsKey(kind) ? kind : new GapKey(stream, reason, "", estimated);
        Gap.Builder gap = gaps.computeIfAbsent(
                known,
                key -> Gap.newBuilder()
                        .setStream(stream)
                        .setReason(reason)
                        .setEstimated(estimated)
                        .setDetail(key.detail()));
        gap.setCount(gap.getCount() + count);
        if (first != null) {
            if (!gap.hasFirstId()) {
                gap.setFirstId(Conversions.frameId(first));
            }
            gap.setLastId(Conversions.frameId(last));
        }
    }

    synchronized void heartbeat(Heartbeat latest) {
        heartbeat = latest;
    }

    synchronized void drain(Drain notice) {
        if (!drains) {
            drains = true;
            drainNotice = notice;
        }
    }

    synchronized void added(String stream) {
        added.add(stream);
    }

    synchronized void removed(String stream) {
        boolean wasTold = !added.remove(stream);
        // Before `opened` there is, nobody knows which streams that will tell.
        if (wasTold || opened == null && !openedSent) {
            removed.add(stream);
        }
    }

    synchronized void leftOut(int streams, String why) {
        leftOut = streams;
        leftOutReason = why;
        leftOutChanged = true;
    }

    private boolean streamsChanged() {
        return leftOutChanged || !added.isEmpty() || !removed.isEmpty();
    }

    private StreamsChanged.Builder nextChanges() {
        StreamsChanged.Builder next = StreamsChanged.newBuilder()
                .addAllAdded(added)
                .addAllRemoved(removed)
                .setLeftOut(leftOut)
                .setLeftOutReason(leftOutReason);
        added.clear();
        removed.clear();
        leftOutChanged = false;
        return next;
    }

    /** Whether the next request may be read; otherwise only when the client has read what it was told. */
    synchronized boolean mayReadOn() {
        return results.size() < MOST_RESULTS && resultBytes < MOST_RESULT_BYTES;
    }

    /** Nanoseconds since something was last sent. */
    synchronized long silentNanos() {
        return System.nanoTime() - sentNanos;
    }

    /** Ends the call once everything is told; null for a good end. False when it is ending already. */
    synchronized boolean end(StatusRuntimeException status) {
        if (ending) {
            return false;
        }
        ending = true;
        endStatus = status;
        return true;
    }

    /** Whether nothing the client says matters any more. */
    synchronized boolean isOver() {
        return ending || dead;
    }

    /** Deliveries that were not sent are given up by the consumer: they go to others. */
    synchronized void dropDeliveries() {
        deliveries.clear();
        queuedBytes = 0;
    }

    /** The client is gone. */
    synchronized void dead() {
        dead = true;
        dropDeliveries();
    }

    void flush() {
        drain.run();
    }

    /** Sending failed, for instance for want of memory: nothing can be told any more, and nothing may be held any more. */
    private void failed(Throwable cause) {
        dead();
        Refusals.fail(call, cause);
        afterEnd.run();
    }

    private void send() {
        ConsumeMessage next = next();
        while (next != null) {
            call.sendMessage(outgoing.apply(next));
            next = next();
        }
        boolean close;
        boolean askAgain;
        synchronized (this) {
            // A refusal is told at once; a good end waits until the rest has room.
            close = ending && !dead && (endStatus != null || nothingToSay());
            if (close) {
                dead();
            }
            askAgain = refused;
            refused = false;
        }
        if (close) {
            Refusals.end(call, endStatus);
            afterEnd.run();
        } else if (askAgain && ready()) {
            // What is decided now is sent by the next round of this drain.
            onRoom.run();
        }
    }

    private boolean nothingToSay() {
        return opened == null && !streamsChanged() && results.isEmpty() && gaps.isEmpty() && deliveries.isEmpty();
    }

    private synchronized ConsumeMessage next() {
        if (dead || !call.isReady()) {
            return null;
        }
        ConsumeMessage next = nextMessage();
        if (next != null) {
            sentNanos = System.nanoTime();
        }
        return next;
    }

    private ConsumeMessage nextMessage() {
        if (opened != null) {
            ConsumeFramesResponse.Builder answer =
                    ConsumeFramesResponse.newBuilder().setOpened(opened);
            opened = null;
            openedSent = true;
            return control(answer);
        }
        if (!openedSent) {
            return null;
        }
        if (streamsChanged()) {
            return control(ConsumeFramesResponse.newBuilder().setStreamsChanged(nextChanges()));
        }
        if (!results.isEmpty()) {
            return control(ConsumeFramesResponse.newBuilder().setSettled(nextResults()));
        }
        if (!gaps.isEmpty()) {
            Gap.Builder gap = gaps.remove(gaps.keySet().iterator().next());
            return control(ConsumeFramesResponse.newBuilder().setGap(gap));
        }
        if (drainNotice != null) {
            Drain notice = drainNotice;
            drainNotice = null;
            return control(ConsumeFramesResponse.newBuilder().setDrain(notice));
        }
        ConsumeMessage.Deliveries next = deliveries.poll();
        if (next != null) {
            heartbeat = null;
            for (WireDelivery delivery : next.deliveries()) {
                queuedBytes -= delivery.frame().serializedBytes();
            }
            return next;
        }
        if (heartbeat != null) {
            Heartbeat latest = heartbeat;
            heartbeat = null;
            return control(ConsumeFramesResponse.newBuilder().setHeartbeat(latest));
        }
        return null;
    }

    /** As many as a client takes in one message. */
    private Settled.Builder nextResults() {
        Settled.Builder settled = Settled.newBuilder();
        int bytes = 0;
        while (!results.isEmpty() && settled.getResultsCount() < MOST_RESULTS && bytes < MOST_RESULT_BYTES) {
            SettleResult next = results.poll();
            bytes += next.getSerializedSize();
            settled.addResults(next);
        }
        resultBytes -= bytes;
        return settled;
    }

    private static ConsumeMessage control(ConsumeFramesResponse.Builder response) {
        return new ConsumeMessage.Control(response.build());
    }
}
