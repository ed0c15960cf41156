package io.framebroker.client;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Gap;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.Pause;
import io.framebroker.v1.Resume;
import io.framebroker.v1.Settle;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settled;
import io.framebroker.v1.Window;
import io.framebroker.wire.ConsumeMessage;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
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

    private final ConsumeCounts counts = new ConsumeCounts();
    private final HeldFrames held = new HeldFrames();
    private final Settlements settlements = new Settlements();

    private Window window;
    private boolean windowDue;
    private boolean paused;
    private boolean pauseDue;
    private List<Run> extensions = List.of();
    private String group;
    private long tickNanos = MAX_TICK_NANOS;
    private Timers.Timeout tick = () -> {};

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
            return counts.toStats(reconnects(), held.frames(), live());
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
        handling.takeWaiting().forEach(ReceivedFrame::release);
    }

    /** Ends a delivery. Does nothing when it has ended. */
    void settle(ReceivedFrame frame, Verdict verdict) {
        lock.lock();
        try {
            settleLocked(frame, verdict);
        } finally {
            lock.unlock();
        }
        flushSettled();
    }

    /** Acknowledges those that have not ended. */
    void ackOpen(List<ReceivedFrame> frames) {
        lock.lock();
        try {
            for (ReceivedFrame frame : frames) {
                settleLocked(frame, Verdict.ACK);
            }
        } finally {
            lock.unlock();
        }
        flushSettled();
    }

    void corrupt(ReceivedFrame frame, Verdict verdict) {
        lock.lock();
        try {
            counts.corrupt++;
            settleLocked(frame, verdict);
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
            held.remove(frame, ReceivedFrame.State.LOST);
            if (frame.state() == ReceivedFrame.State.LOST) {
                counts.expiredHere++;
            }
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
            pauseDue = paused;
            windowDue = false;
            learnLease(TimeUnit.SECONDS.toNanos(opened.getSettings().getLease().getSeconds()));
        });
    }

    void delivered(ConsumeCall from, ConsumeMessage.Deliveries deliveries) {
        HeldBatch batch;
        boolean release;
        lock.lock();
        try {
            if (from != call() || isOver()) {
                return;
            }
            batch = new HeldBatch(this, group, deliveries, timers.nanoTime());
            counts.delivered += batch.frames.length;
            if (batch.leaseNanos > 0) {
                held.add(batch);
                learnLease(batch.leaseNanos);
            }
            release = closing();
            proved();
        } finally {
            lock.unlock();
        }
        if (release) {
            List.of(batch.frames).forEach(ReceivedFrame::release);
        } else {
            handling.accept(batch);
        }
    }

    void settled(ConsumeCall from, Settled settled) {
        onCall(from, notices -> {
            for (SettleResult result : settled.getResultsList()) {
                for (Run run : settlements.answered(result)) {
                    answered(run, result, notices);
                }
            }
        });
    }

    void gap(Gap gap) {
        options.callbacks().onGap().accept(gap);
    }

    void heartbeat(Heartbeat heartbeat) {
        options.callbacks().onHeartbeat().accept(heartbeat);
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
            open.setLimit(Math.max(1, open.getLimit() - counts.delivered));
        }
        open.addAllHeld(settlements.held(held.runs()));
        heardNanos = timers.nanoTime();
        return () -> call.start(open.build());
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
            return send(call, ConsumeFramesRequest.newBuilder().setExtend(settlements.extend(runs)));
        }
        Settle settle = settlements.next();
        return settle == null
                ? null
                : send(call, ConsumeFramesRequest.newBuilder().setSettle(settle));
    }

    @Override
    boolean nothingLeft() {
        return held.isEmpty() && settlements.isEmpty();
    }

    @Override
    boolean mayLeave() {
        return nothingLeft();
    }

    @Override
    boolean complete(CallFailure end) {
        long limit = options.open().getLimit();
        return limit > 0 && (end.ok() || counts.delivered >= limit && nothingLeft());
    }

    @Override
    void callEnded(CallFailure end, Notices notices) {
        settlements.callEnded();
        extensions = List.of();
        if (!options.resumable()) {
            held.loseAll();
            settlements.clear();
        }
        if (!end.ok()) {
            log.info("{}: call ended: {}", this, end.status());
        }
    }

    @Override
    void abandon(FrameBrokerException why, Notices notices) {
        tick.cancel();
        boolean handlersLate = closing() && !held.isEmpty();
        held.loseAll();
        settlements.clear();
        notices.add(() -> {
            handling.stop();
            if (handlersLate) {
                handling.interrupt();
            }
        });
    }

    private void settleLocked(ReceivedFrame frame, Verdict verdict) {
        if (!held.remove(frame, ReceivedFrame.State.SETTLED)) {
            if (frame.state() == ReceivedFrame.State.LOST) {
                frame.become(ReceivedFrame.State.SETTLED);
                counts.stale++;
            }
            return;
        }
        if (verdict.isAck()) {
            counts.acked++;
        } else {
            counts.nacked++;
        }
        settlements.add(frame, verdict);
    }

    private void flushSettled() {
        if (!handling.settlesTogether()) {
            drain();
        }
    }

    private void answered(Run run, SettleResult result, Notices notices) {
        SettleOutcome outcome = result.getOutcome();
        if (!run.extension()) {
            count(outcome, run.count(), result);
            notices.add(() -> options.callbacks().onSettled().accept(result));
        } else if (outcome == SettleOutcome.SETTLE_OUTCOME_OK) {
            held.renewed(run, timers.nanoTime());
        } else if (outcome != SettleOutcome.SETTLE_OUTCOME_REJECTED) {
            held.lose(run);
        }
    }

    private void count(SettleOutcome outcome, int frames, SettleResult result) {
        switch (outcome) {
            case SETTLE_OUTCOME_OK, SETTLE_OUTCOME_ALREADY_SETTLED -> counts.settledOk += frames;
            case SETTLE_OUTCOME_STALE, SETTLE_OUTCOME_UNKNOWN_TOKEN, SETTLE_OUTCOME_GONE -> counts.stale += frames;
            case SETTLE_OUTCOME_REJECTED, SETTLE_OUTCOME_UNSPECIFIED, UNRECOGNIZED -> {
                counts.refused += frames;
                log.warn("{}: settlement refused: {} {}", this, Settlements.range(result), result.getMessage());
            }
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
            List<Run> due = held.extensionsDue(now);
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
