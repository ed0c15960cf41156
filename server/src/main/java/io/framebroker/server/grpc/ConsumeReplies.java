package io.framebroker.server.grpc;

import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Gap;
import io.framebroker.v1.Settled;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.WireDelivery;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a consumer is to be told. Deliveries keep their order and are joined while they are small; results and gaps are
 * folded together until the transport is ready. Fields are guarded by {@code this}; sending is done by one thread at a
 * time, without the monitor.
 */
final class ConsumeReplies {
    private static final int MESSAGE_FRAMES = 256;
    private static final int MESSAGE_BYTES = 256 * 1024;
    private static final int LEAST_READY_BYTES = 1 << 20;
    private static final int MOST_READY_BYTES = 16 << 20;
    /** Untold results at which a client that does not read is read no further. */
    private static final int MOST_RESULTS = 1024;

    private record GapKey(String stream, String reason, String detail, boolean estimated) {}

    private final ServerCall<?, ConsumeMessage> call;
    private final Runnable afterEnd;
    private final Function<Frame, FrameBody> body;
    private final SingleDrain drain = new SingleDrain();

    private final ArrayDeque<ConsumeMessage.Deliveries> deliveries = new ArrayDeque<>();
    private final ArrayDeque<ConsumeFramesResponse> others = new ArrayDeque<>();
    private final Map<GapKey, Gap.Builder> gaps = new LinkedHashMap<>();
    private List<SettleResult> results = new ArrayList<>();
    private long queuedBytes;
    /** Of the last message in {@link #deliveries}. */
    private int lastBytes;

    private PublisherKey lastPublisher;
    private int readyBytes = LEAST_READY_BYTES;
    private long sentNanos = System.nanoTime();
    private boolean opened;
    private boolean ending;
    private StatusRuntimeException endStatus;
    private boolean dead;

    ConsumeReplies(ServerCall<?, ConsumeMessage> call, Function<Frame, FrameBody> body, Runnable afterEnd) {
        this.call = call;
        this.body = body;
        this.afterEnd = afterEnd;
        call.setOnReadyThreshold(readyBytes);
    }

    /** Whether frames may be decided for this call: the transport takes more, and little is waiting for it. */
    boolean ready() {
        synchronized (this) {
            if (!opened || dead || ending || queuedBytes >= readyBytes) {
                return false;
            }
        }
        return call.isReady();
    }

    synchronized void opened(ConsumeFramesResponse response) {
        others.add(response);
        opened = true;
    }

    synchronized void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
        for (Frame frame : frames) {
            WireDelivery delivery = new WireDelivery(
                    frame.generation(),
                    frame.ordinal(),
                    attempt,
                    frame.sequence(),
                    frame.receivedMicros(),
                    body.apply(frame));
            queue(stream, frame.publisher(), leaseMillis, delivery);
        }
    }

    private void queue(String stream, PublisherKey publisher, long leaseMillis, WireDelivery delivery) {
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
        adaptTo(bytes);
    }

    /** The transport should hold two frames and a half, or it runs dry while the next one is prepared. */
    private void adaptTo(int frameBytes) {
        long wanted = Math.min(MOST_READY_BYTES, frameBytes * 5L / 2);
        if (wanted > readyBytes) {
            readyBytes = (int) wanted;
            call.setOnReadyThreshold(readyBytes);
        }
    }

    synchronized void settled(SettleResult result) {
        results.add(result);
    }

    synchronized void gap(
            String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail) {
        Gap.Builder gap = gaps.computeIfAbsent(
                new GapKey(stream, reason, detail, estimated),
                key -> Gap.newBuilder()
                        .setStream(stream)
                        .setReason(reason)
                        .setEstimated(estimated)
                        .setDetail(detail));
        gap.setCount(gap.getCount() + count);
        if (first != null) {
            if (!gap.hasFirstId()) {
                gap.setFirstId(Conversions.frameId(first));
            }
            gap.setLastId(Conversions.frameId(last));
        }
    }

    synchronized void say(ConsumeFramesResponse response) {
        others.add(response);
    }

    /** Whether the next request may be read; otherwise only when the client has read what it was told. */
    synchronized boolean mayReadOn() {
        return results.size() < MOST_RESULTS;
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

    synchronized void dead() {
        dead = true;
        deliveries.clear();
        queuedBytes = 0;
    }

    void flush() {
        drain.run(this::send);
    }

    private void send() {
        ConsumeMessage next = next();
        while (next != null) {
            call.sendMessage(next);
            next = next();
        }
        boolean close;
        synchronized (this) {
            // A refusal is told at once; a good end waits until the rest has room.
            boolean told = deliveries.isEmpty() && others.isEmpty() && results.isEmpty();
            close = ending && !dead && (endStatus != null || told);
            dead |= close;
        }
        if (close) {
            Status status = endStatus == null ? Status.OK : endStatus.getStatus();
            Metadata trailers =
                    endStatus == null || endStatus.getTrailers() == null ? new Metadata() : endStatus.getTrailers();
            call.close(status, trailers);
            afterEnd.run();
        }
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
        if (!others.isEmpty()) {
            return new ConsumeMessage.Control(others.poll());
        }
        if (!results.isEmpty()) {
            Settled.Builder settled = Settled.newBuilder();
            results.forEach(result -> settled.addResults(Conversions.settleResult(result)));
            results = new ArrayList<>();
            return control(ConsumeFramesResponse.newBuilder().setSettled(settled));
        }
        if (!gaps.isEmpty()) {
            Gap.Builder gap = gaps.remove(gaps.keySet().iterator().next());
            return control(ConsumeFramesResponse.newBuilder().setGap(gap));
        }
        ConsumeMessage.Deliveries next = deliveries.poll();
        if (next != null) {
            for (WireDelivery delivery : next.deliveries()) {
                queuedBytes -= delivery.frame().serializedBytes();
            }
        }
        return next;
    }

    private static ConsumeMessage control(ConsumeFramesResponse.Builder response) {
        return new ConsumeMessage.Control(response.build());
    }
}
