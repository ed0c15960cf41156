package io.framebroker.client;

import com.google.protobuf.Timestamp;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Gap;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.Pause;
import io.framebroker.v1.Resume;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settled;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.v1.Window;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.WireDelivery;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A consumer over all its calls: deliveries that user code holds and settlements not confirmed go from call to call. */
final class ConsumeSession extends Session<ConsumeCall> {
    private static final Logger log = LoggerFactory.getLogger(ConsumeSession.class);
    private static final long MAX_TICK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long MIN_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final ConsumerOptions options;
    private final Handling handling;

    private final OpenDeliveries deliveries;

    private Window window;
    private boolean windowDue;
    private boolean paused;
    private boolean pauseDue;
    private List<Run> extensions = List.of();
    private String group;
    /** Streams that match and that the broker leaves out. Used on the transport's thread. */
    private int leftOut;

    private long tickNanos = MAX_TICK_NANOS;
    private Timers.Timeout tick = () -> {};

    /** Wall-clock time of the first {@code opened}; negative before it. */
    private long firstOpenedMicros = -1;

    /** Earliest receive time among the frames that came, by the broker's clock; 0 before the first. */
    private long firstReceivedMicros;

    /** Latest receive time among the frames that came, by the broker's clock; 0 before the first. */
    private long lastReceivedMicros;

    /** When something came last. Written on the transport's thread. */
    private volatile long heardNanos;

    /** Whether the transport's thread is busy with a message, and so cannot hear. */
    private volatile boolean hearing;

    ConsumeSession(
            ConsumerOptions options,
            ManagedChannel channel,
            Timers timers,
            Backoff backoff,
            Function<ConsumeSession, Handling> handling) {
        super(options.toString(), options.closeMillis(), channel, timers, backoff);
        this.options = options;
        this.window = options.open().getWindow();
        this.group = options.open().getGroup();
        this.deliveries = new OpenDeliveries(options.callbacks().onSettled());
        this.handling = handling.apply(this);
    }

    @Override
    void start() {
        super.start();
        locked(notices -> tick());
    }

    Handling handling() {
        return handling;
    }

    /** Throws what ended the consumer, if that was a failure. */
    void throwFailure() {
        lock.lock();
        try {
            if (failure() != null) {
                throw failure();
            }
        } finally {
            lock.unlock();
        }
    }

    ConsumerStats stats() {
        lock.lock();
        try {
            return deliveries.toStats(reconnects(), live());
        } finally {
            lock.unlock();
        }
    }

    void window(Window next) {
        locked(notices -> {
            window = next;
            windowDue = true;
        });
    }

    void pause(boolean pause) {
        locked(notices -> {
            pauseDue |= paused != pause;
            paused = pause;
        });
    }

    /** What no handler has begun with goes back to the broker. */
    void releaseWaiting() {
        settle(handling.takeWaiting(), Verdict.RELEASE);
    }

    /** Ends a delivery. Does nothing when it has ended. */
    void settle(ReceivedFrame frame, Verdict verdict) {
        lock.lock();
        try {
            deliveries.settle(frame, verdict);
        } finally {
            lock.unlock();
        }
        flushSettled();
    }

    /** Ends those that have not ended. */
    void settle(List<ReceivedFrame> frames, Verdict verdict) {
        lock.lock();
        try {
            for (ReceivedFrame frame : frames) {
                deliveries.settle(frame, verdict);
            }
        } finally {
            lock.unlock();
        }
        flushSettled();
    }

    void corrupt(ReceivedFrame frame, Verdict verdict) {
        lock.lock();
        try {
            deliveries.corrupt(frame, verdict);
        } finally {
            lock.unlock();
        }
        flushSettled();
    }

    /** Whether the frame is still ours; one whose time ran out before its handler began is given up, and counted. */
    boolean leaseHolds(ReceivedFrame frame) {
        if (frame.state() == ReceivedFrame.State.AUTO_ACKED) {
            return true;
        }
        if (frame.state() == ReceivedFrame.State.OPEN && !frame.batch().expired(timers.nanoTime())) {
            return true;
        }
        lock.lock();
        try {
            deliveries.expire(frame);
        } finally {
            lock.unlock();
        }
        return false;
    }

    /** The transport's thread begins with a message, or is through with it. */
    void hear(boolean begins) {
        hearing = begins;
        heardNanos = timers.nanoTime();
    }

    void opened(ConsumeCall from, ConsumeOpened opened) {
        opened(from, notices -> {
            group = opened.getGroup();
            if (firstOpenedMicros < 0) {
                firstOpenedMicros = timers.epochMicros();
            }
            pauseDue = paused;
            windowDue = false;
            learnLease(TimeUnit.SECONDS.toNanos(opened.getSettings().getLease().getSeconds()));
        });
    }

    void delivered(ConsumeCall from, ConsumeMessage.Deliveries message) {
        HeldBatch batch;
        boolean release;
        lock.lock();
        try {
            if (from != call() || !live()) {
                // Behind our half-close the broker has given it to somebody else.
                return;
            }
            batch = new HeldBatch(this, group, message, timers.nanoTime());
            deliveries.add(batch);
            for (WireDelivery delivery : message.deliveries()) {
                lastReceivedMicros = Math.max(lastReceivedMicros, delivery.receivedMicros());
                if (firstReceivedMicros == 0 || delivery.receivedMicros() < firstReceivedMicros) {
                    firstReceivedMicros = delivery.receivedMicros();
                }
            }
            learnLease(batch.leaseNanos);
            release = closing();
            proved();
        } finally {
            lock.unlock();
        }
        if (release) {
            settle(Arrays.asList(batch.frames), Verdict.RELEASE);
        } else {
            handling.accept(batch);
            if (closing()) {
                // It began to close meanwhile, and may not have found them.
                releaseWaiting();
            }
        }
    }

    void settled(ConsumeCall from, Settled settled) {
        onCall(from, notices -> deliveries.answered(settled, timers.nanoTime(), notices));
    }

    void gap(Gap gap) {
        options.callbacks().onGap().accept(gap);
    }

    void heartbeat(Heartbeat heartbeat) {
        options.callbacks().onHeartbeat().accept(heartbeat);
    }

    void streamsChanged(StreamsChanged change) {
        if (change.getLeftOut() > 0 && change.getLeftOut() != leftOut) {
            log.warn("{}: {} streams match and are left out: {}", this, change.getLeftOut(), change.getLeftOutReason());
        }
        leftOut = change.getLeftOut();
        options.callbacks().onStreamsChanged().accept(change);
    }

    @Override
    ConsumeCall newCall() {
        return new ConsumeCall(this, channel, options.endsByCancel());
    }

    @Override
    Runnable opening(ConsumeCall call) {
        ConsumeOpen.Builder open = options.open().toBuilder();
        if (window.getMaxFrames() > 0) {
            open.setWindow(window);
        }
        if (open.getLimit() > 0) {
            open.setLimit(Math.max(1, open.getLimit() - deliveries.delivered()));
        }
        if (firstOpenedMicros >= 0 && options.startsWhereItLeft()) {
            open.getSettingsBuilder().setStart(whereItLeft());
        }
        open.addAllHeld(deliveries.settlements.held(deliveries.held.runs()));
        heardNanos = timers.nanoTime();
        return () -> call.start(open.build());
    }

    /**
     * Where the group is to start if it is gone, as with a broker that was restarted and keeps nothing: created anew behind
     * the newest frame it would miss, silently, what was published before we were back. A group that is still there keeps
     * its position. With globs there may be streams that came into being meanwhile: none of their frames are to be missed,
     * though others may have given newer ones.
     */
    private StartPosition whereItLeft() {
        long micros = lastReceivedMicros > 0 ? lastReceivedMicros + 1 : firstOpenedMicros;
        if (options.takesNewStreams()) {
            micros = firstReceivedMicros > 0 ? Math.min(firstReceivedMicros, firstOpenedMicros) : firstOpenedMicros;
        }
        return StartPosition.newBuilder()
                .setTime(Timestamp.newBuilder()
                        .setSeconds(Math.floorDiv(micros, 1_000_000L))
                        .setNanos(Math.floorMod(micros, 1_000_000) * 1_000))
                .build();
    }

    @Override
    Runnable due(ConsumeCall call, boolean ready, Notices notices) {
        if (windowDue) {
            windowDue = false;
            return send(call, ConsumeFramesRequest.newBuilder().setWindow(window));
        }
        if (pauseDue) {
            pauseDue = false;
            ConsumeFramesRequest.Builder request = ConsumeFramesRequest.newBuilder();
            return send(
                    call,
                    paused
                            ? request.setPause(Pause.getDefaultInstance())
                            : request.setResume(Resume.getDefaultInstance()));
        }
        if (!ready) {
            return null;
        }
        if (!extensions.isEmpty()) {
            List<Run> runs = extensions;
            extensions = List.of();
            return send(call, ConsumeFramesRequest.newBuilder().setExtend(deliveries.settlements.extend(runs)));
        }
        Settle settle = deliveries.settlements.next();
        return settle == null
                ? null
                : send(call, ConsumeFramesRequest.newBuilder().setSettle(settle));
    }

    @Override
    boolean nothingLeft() {
        return deliveries.isEmpty();
    }

    @Override
    boolean mayLeave() {
        return nothingLeft();
    }

    @Override
    boolean complete(CallFailure end) {
        if (options.endsByItself() && end.ok()) {
            return true;
        }
        long limit = options.open().getLimit();
        return limit > 0 && (end.ok() || deliveries.delivered() >= limit && nothingLeft());
    }

    @Override
    void callEnded(CallFailure end, Notices notices) {
        deliveries.callEnded(options.resumable());
        extensions = List.of();
        if (!end.ok()) {
            log.info("{}: call ended: {}", this, end.inOneLine());
            if (end.status().getCause() != null) {
                log.debug("{}: cause of the call's end", this, end.status().getCause());
            }
        }
    }

    @Override
    void abandon(FrameBrokerException why, Notices notices) {
        tick.cancel();
        boolean handlersLate = closing() && !deliveries.held.isEmpty();
        deliveries.abandon();
        notices.add(() -> {
            handling.stop();
            if (handlersLate) {
                handling.interrupt();
            }
        });
    }

    private void flushSettled() {
        if (!handling.settlesTogether()) {
            drain();
        }
    }

    private void learnLease(long leaseNanos) {
        if (leaseNanos <= 0) {
            return;
        }
        long next = Math.max(MIN_TICK_NANOS, Math.min(MAX_TICK_NANOS, leaseNanos / 8));
        if (next < tickNanos) {
            tickNanos = next;
            tick();
        }
    }

    private void tick() {
        tick.cancel();
        tick = timers.after(
                tickNanos,
                () -> locked(notices -> {
                    if (isOver()) {
                        return;
                    }
                    tick();
                    watch();
                }));
    }

    private void watch() {
        if (!live()) {
            return;
        }
        long now = timers.nanoTime();
        if (options.autoExtend()) {
            List<Run> due = deliveries.held.extensionsDue(now);
            if (!due.isEmpty()) {
                List<Run> all = new ArrayList<>(extensions);
                all.addAll(due);
                extensions = all;
            }
        }
        long silentNanos = now - heardNanos;
        if (!hearing && silentNanos >= TimeUnit.MILLISECONDS.toNanos(options.silenceMillis())) {
            giveUpLocked("nothing heard for " + TimeUnit.NANOSECONDS.toMillis(silentNanos) + " ms");
        }
    }

    private static Runnable send(ConsumeCall call, ConsumeFramesRequest.Builder request) {
        ConsumeFramesRequest built = request.build();
        return () -> call.send(built);
    }
}
