package io.framebroker.client;

import io.framebroker.v1.Demand;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishReport;
import io.framebroker.v1.PublishWindow;
import io.framebroker.wire.WireFrame;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A publisher over all its calls: the ring goes from call to call, and so do reports. */
final class PublishSession extends Session<PublishCall> {
    private final PublisherOptions options;
    private final PublishListener listener;
    private final Packer packer;

    private final PublishCounts counts = new PublishCounts();
    private final Reports reports = new Reports();
    private final Ring ring;
    private final Captures captures;
    private final Outcomes outcomes;
    private final Intake intake;

    private int maxFrameBytes;
    private int maxMessageBytes;
    private long windowFrames;
    private long windowBytes;
    private String waitReason = "";
    /** As told last; null until then. Read without the lock. */
    private volatile Demand demand;

    PublishSession(
            PublisherOptions options,
            ManagedChannel channel,
            Timers timers,
            Backoff backoff,
            PackBuffers buffers,
            Tracing tracing) {
        super(options.toString(), options.closeMillis(), channel, timers, backoff);
        this.options = options;
        this.listener = options.listener();
        this.maxFrameBytes = options.maxFrameBytes();
        this.packer = new Packer(options, buffers, timers::nanoTime);
        this.ring = new Ring(options.ringFrames(), options.ringBytes(), buffers);
        this.captures = new Captures(tracing, options, timers::nanoTime);
        this.outcomes = new Outcomes(ring, reports, counts, listener, captures);
        this.intake = new Intake(options, buffers, ring, counts, outcomes);
    }

    long publish(OutgoingFrame frame) {
        Packed packed = packer.pack(frame);
        int crc32c = checksum(frame, packed);
        Notices notices = new Notices();
        long sequence;
        lock.lock();
        try {
            sequence = admit(frame, packed, crc32c, notices);
        } finally {
            lock.unlock();
        }
        notices.tell();
        drain();
        return sequence;
    }

    long publish(List<OutgoingFrame> frames) {
        Packed[] packed = new Packed[frames.size()];
        int[] crc32c = new int[frames.size()];
        for (int i = 0; i < crc32c.length; i++) {
            packed[i] = packer.pack(frames.get(i));
            crc32c[i] = checksum(frames.get(i), packed[i]);
        }
        Notices notices = new Notices();
        lock.lock();
        try {
            checkOpen();
            for (int i = 0; i < crc32c.length; i++) {
                admit(frames.get(i), packed[i], crc32c[i], notices);
            }
            return intake.lastSequence();
        } finally {
            lock.unlock();
            notices.tell();
            drain();
        }
    }

    CompletableFuture<Void> report(String reason, long count, boolean estimated) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        locked(notices -> {
            checkOpen();
            reports.add(reason, count, estimated, RingFrame.NO_TIME);
            reports.whenTold(told);
        });
        return told;
    }

    CompletableFuture<Void> flush() {
        lock.lock();
        try {
            return outcomes.flush(intake.lastSequence());
        } finally {
            lock.unlock();
        }
    }

    PublisherStats stats() {
        lock.lock();
        try {
            return counts.toStats(ring.frames(), live(), waitReason, reconnects());
        } finally {
            lock.unlock();
        }
    }

    /** Null until the broker has told. */
    Demand demand() {
        return demand;
    }

    void opened(PublishCall from, PublishOpened opened) {
        opened(from, notices -> {
            if (!options.resuming() && opened.getLastSequence() > ring.highestSent()) {
                fail(epochUsed(opened.getLastSequence()), notices);
                return;
            }
            maxFrameBytes = opened.getMaxFrameBytes() == 0 ? options.maxFrameBytes() : opened.getMaxFrameBytes();
            maxMessageBytes = opened.getMaxMessageBytes() == 0 ? Integer.MAX_VALUE : opened.getMaxMessageBytes();
            notices.add(() -> listener.connected(opened));
            outcomes.resumed(opened, notices);
            applyWindow(opened.getWindow(), notices);
            if (opened.hasDemand()) {
                heardDemand(opened.getDemand(), notices);
            }
        });
    }

    void acked(PublishCall from, PublishAck ack) {
        onCall(from, notices -> {
            outcomes.acked(ack, notices);
            proved();
        });
    }

    void windowed(PublishCall from, PublishWindow window) {
        onCall(from, notices -> applyWindow(window, notices));
    }

    void demanded(PublishCall from, Demand demand) {
        onCall(from, notices -> heardDemand(demand, notices));
    }

    private void heardDemand(Demand told, Notices notices) {
        demand = told;
        notices.add(() -> listener.demand(told));
    }

    @Override
    PublishCall newCall() {
        ring.startCall();
        reports.startCall();
        return new PublishCall(this, channel, options.onReadyThresholdBytes());
    }

    @Override
    Runnable opening(PublishCall call) {
        return () -> call.start(options.toOpen());
    }

    @Override
    Runnable due(PublishCall call, boolean ready, Notices notices) {
        ring.reuseBuffers();
        PublishReport report = reports.next();
        if (report != null) {
            return () -> call.send(report);
        }
        if (draining() || !ready || !ring.hasUnsent() || ring.gathers()) {
            return null;
        }
        intake.dropTooLarge(maxFrameBytes, notices);
        List<RingFrame> batch = ring.next(maxMessageBytes, windowFrames, windowBytes);
        if (batch.isEmpty()) {
            return null;
        }
        counts.sent += batch.size();
        return () -> call.send(batch);
    }

    @Override
    boolean nothingLeft() {
        return ring.isEmpty() && !reports.hasUnsent();
    }

    /** At once: the broker settles what it has taken before it ends a half-closed call. */
    @Override
    boolean mayLeave() {
        return true;
    }

    @Override
    boolean complete(CallFailure end) {
        return false;
    }

    @Override
    void callEnded(CallFailure end, Notices notices) {
        waitReason = "";
        outcomes.callEnded();
        notices.add(() -> listener.disconnected(end.status()));
    }

    @Override
    void abandon(FrameBrokerException why, Notices notices) {
        String reason = why == null ? "CLOSED" : why.reason();
        String message = why == null ? "the publisher was closed" : why.getMessage();
        outcomes.abandon(reason, message, notices);
        reports.abandon(new FrameBrokerException(Status.Code.CANCELLED, reason, message, why), notices);
    }

    private long admit(OutgoingFrame frame, Packed packed, int crc32c, Notices notices) {
        checkOpen();
        int payloadBytes = packed == null ? frame.length : packed.length();
        if (options.whenFull() == WhenFull.BLOCK && !ring.hasRoom(payloadBytes)) {
            awaitRoom(payloadBytes);
        }
        Span capture = captures.begin(frame);
        if (capture == null) {
            return intake.admit(frame, packed, crc32c, maxFrameBytes, notices);
        }
        try {
            long sequence = intake.admit(frame, packed, crc32c, maxFrameBytes, notices);
            captures.took(sequence, capture);
            return sequence;
        } catch (RuntimeException e) {
            // It has come to nothing, and nobody will say more of it.
            capture.end();
            throw e;
        } finally {
            // It may be used again, for another picture.
            frame.traceparent = "";
        }
    }

    /** Lets go of the lock while it waits, and before that sends what came in so far: it may be what fills the ring. */
    private void awaitRoom(int frameBytes) {
        lock.unlock();
        try {
            drain();
        } finally {
            lock.lock();
        }
        try {
            while (!ring.hasRoom(frameBytes)) {
                checkOpen();
                changed.await();
            }
            checkOpen();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            String message = "interrupted while waiting for room in the ring of " + options;
            throw new FrameBrokerException(Status.Code.CANCELLED, "INTERRUPTED", message, e);
        }
    }

    private void applyWindow(PublishWindow window, Notices notices) {
        windowFrames = Integer.toUnsignedLong(window.getMaxFrames());
        windowBytes = window.getMaxBytes();
        boolean waited = !waitReason.isEmpty();
        String reason = window.getWaitReason();
        waitReason = reason;
        if (!reason.isEmpty()) {
            notices.add(() -> listener.waiting(reason));
        } else if (waited) {
            notices.add(listener::resumed);
        }
    }

    /** Of what is sent. */
    private int checksum(OutgoingFrame frame, Packed packed) {
        if (!options.checksum()) {
            return 0;
        }
        return packed == null
                ? WireFrame.crc32c(frame.payload, frame.offset, frame.length)
                : WireFrame.crc32c(packed.array(), 0, packed.length());
    }

    private FrameBrokerException epochUsed(long lastSequence) {
        String message = options + ": the broker has frames of this epoch up to sequence " + lastSequence
                + ", but this publisher sent none beyond " + ring.highestSent()
                + "; use an epoch that grows with each start";
        return new FrameBrokerException(Status.Code.FAILED_PRECONDITION, "EPOCH_USED", message, null);
    }
}
