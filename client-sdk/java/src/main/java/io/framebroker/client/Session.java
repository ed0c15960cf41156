package io.framebroker.client;

import io.grpc.ManagedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A publisher or a consumer over all its calls.
 *
 * <pre>
 *   from      event                                    to
 *   WAITING   time to connect                          OPENING
 *   OPENING   opened                                   LIVE
 *   LIVE      drained or closing, and nothing left     ENDING (half-closed)
 *   any call  ended, can be mended                     WAITING
 *   any       ended for good, closed, close timed out  OVER
 * </pre>
 *
 * <p>State, also that of subclasses, is guarded by {@link #lock}, which is held briefly and never while user code or the
 * transport runs: methods that run with it note down in {@link Notices} what user code is to hear. Whatever is done to a
 * call is done by the drainer, one thread at a time.
 */
abstract class Session<C extends SessionCall> {
    private static final long OPEN_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(15);
    private static final long PROVED_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long END_GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    final ReentrantLock lock = new ReentrantLock();

    /** Signalled after each event of the call, and when the session closes. */
    final Condition changed = lock.newCondition();

    final Timers timers;
    final ManagedChannel channel;

    private final String name;
    private final long closeNanos;
    private final Reconnect reconnect;
    private final SingleDrainer drainer = new SingleDrainer(this::step);
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private volatile Phase phase = Phase.WAITING;
    private volatile C call;
    private boolean connectDue;
    private boolean draining;
    private volatile boolean closing;
    private boolean leaveDue;
    private String cancelWhy;
    private FrameBrokerException failure;
    private Timers.Timeout callTimeout = () -> {};
    private Timers.Timeout closeTimeout = () -> {};
    private long openedNanos;
    private long callsOpened;

    private enum Phase {
        WAITING,
        OPENING,
        LIVE,
        ENDING,
        OVER
    }

    Session(String name, long closeMillis, ManagedChannel channel, Timers timers, Backoff backoff) {
        this.name = name;
        this.closeNanos = TimeUnit.MILLISECONDS.toNanos(closeMillis);
        this.channel = channel;
        this.timers = timers;
        this.reconnect = new Reconnect(channel, timers, backoff, this::connect);
    }

    /** Makes a call; with the lock. */
    abstract C newCall();

    /** What starts the call and says {@code open}; with the lock. */
    abstract Runnable opening(C call);

    /** What is to be said next on an open call, null for nothing; with the lock. */
    abstract Runnable due(C call, boolean ready, Notices notices);

    /** Whether a closing session has nothing more to say or to wait for; with the lock. */
    abstract boolean nothingLeft();

    /** Whether a draining call may be half-closed; with the lock. */
    abstract boolean mayLeave();

    /** Whether the end of the call is the end of the work; with the lock. */
    abstract boolean complete(CallFailure end);

    /** A call ended; with the lock. */
    abstract void callEnded(CallFailure end, Notices notices);

    /** It is over: gives up what is left; with the lock. {@code why} is null when the user closed. */
    abstract void abandon(FrameBrokerException why, Notices notices);

    void start() {
        reconnect.now();
    }

    /** Does to the call whatever is due, unless another thread is at it. */
    final void drain() {
        drainer.run();
    }

    /** Begins the end; what is left gets its time. Completes when all is over, also after a failure. */
    final CompletableFuture<Void> close() {
        locked(notices -> {
            if (closing || phase == Phase.OVER) {
                return;
            }
            closing = true;
            changed.signalAll();
            if ((phase == Phase.WAITING || phase == Phase.OPENING) && nothingLeft()) {
                cancelWhy = "closed";
                end(null, notices);
            } else {
                closeTimeout = timers.after(closeNanos, this::closeTimedOut);
            }
        });
        return over;
    }

    final CompletableFuture<Void> over() {
        return over;
    }

    /** The broker has answered {@code open}. Runs {@code event} unless the call is not the present one. */
    final void opened(C from, Consumer<Notices> event) {
        onCall(from, notices -> {
            if (phase == Phase.OPENING) {
                callTimeout.cancel();
                phase = Phase.LIVE;
                openedNanos = timers.nanoTime();
                callsOpened++;
                event.accept(notices);
            }
        });
    }

    /** The broker is about to end the call. */
    final void drained(C from, long deadlineSeconds) {
        onCall(from, notices -> {
            draining = true;
            reconnect.proved();
            long nanos = TimeUnit.SECONDS.toNanos(deadlineSeconds) + END_GRACE_NANOS;
            callTimeout = timers.after(nanos, () -> giveUp(from, "not ended after drain"));
        });
    }

    final void ended(C from, CallFailure end) {
        boolean[] again = {false};
        onCall(from, notices -> {
            if (callsOpened > 0 && phase != Phase.OPENING && timers.nanoTime() - openedNanos >= PROVED_NANOS) {
                reconnect.proved();
            }
            boolean complete = !draining && complete(end);
            callTimeout.cancel();
            call = null;
            cancelWhy = null;
            draining = false;
            callEnded(end, notices);
            if (phase == Phase.OVER) {
                return;
            }
            phase = Phase.WAITING;
            if (end.permanent()) {
                end(end.toException(name), notices);
            } else if (complete || closing && nothingLeft()) {
                end(null, notices);
            } else {
                again[0] = true;
            }
        });
        if (again[0]) {
            reconnect.later(end);
        }
    }

    /** Runs with the lock, for the present call only: what an earlier one still says is void. */
    final void onCall(C from, Consumer<Notices> event) {
        locked(notices -> {
            if (from == call) {
                event.accept(notices);
                changed.signalAll();
            }
        });
    }

    /** Runs with the lock; then tells the notices and does what is due. */
    final void locked(Consumer<Notices> event) {
        Notices notices = new Notices();
        lock.lock();
        try {
            event.accept(notices);
        } finally {
            lock.unlock();
        }
        notices.tell();
        drain();
    }

    /** The present call is of no use: cancels it, and another will be tried. */
    final void giveUp(C on, String why) {
        locked(notices -> {
            if (on != null && on == call) {
                giveUpLocked(why);
            }
        });
    }

    /** As above, with the lock, for the present call. */
    final void giveUpLocked(String why) {
        cancelWhy = why;
    }

    /** The connection is good for something; with the lock. */
    final void proved() {
        reconnect.proved();
    }

    /** Ends the session for good; with the lock. */
    final void fail(FrameBrokerException why, Notices notices) {
        cancelWhy = why.reason();
        end(why, notices);
    }

    /** With the lock. */
    final void checkOpen() {
        if (failure != null) {
            throw new FrameBrokerException(failure.code(), failure.reason(), failure.getMessage(), failure);
        }
        if (closing || phase == Phase.OVER) {
            throw new IllegalStateException(name + " is closed");
        }
    }

    /** Null unless the session failed; with the lock. */
    final FrameBrokerException failure() {
        return failure;
    }

    final boolean live() {
        return phase == Phase.LIVE;
    }

    final boolean isOver() {
        return phase == Phase.OVER;
    }

    /** With the lock. */
    final boolean draining() {
        return draining;
    }

    /** Written with the lock. */
    final boolean closing() {
        return closing;
    }

    final C call() {
        return call;
    }

    /** With the lock. */
    final long reconnects() {
        return Math.max(0, callsOpened - 1);
    }

    private void connect() {
        locked(notices -> connectDue = phase == Phase.WAITING);
    }

    private boolean step() {
        C current = call;
        boolean ready = phase == Phase.LIVE && current != null && current.isReady();
        Notices notices = new Notices();
        Runnable deed;
        lock.lock();
        try {
            deed = decide(ready, notices);
        } finally {
            lock.unlock();
        }
        notices.tell();
        if (deed == null) {
            return false;
        }
        try {
            deed.run();
        } catch (RuntimeException e) {
            giveUp(current, "sending failed: " + e);
        }
        return true;
    }

    private Runnable decide(boolean ready, Notices notices) {
        C current = call;
        if (current != null && cancelWhy != null) {
            String why = cancelWhy;
            cancelWhy = null;
            return () -> current.cancel(why);
        }
        if (current != null && leaveDue) {
            // Better than cancelling: the broker need not wait whether we come back.
            leaveDue = false;
            callTimeout = timers.after(END_GRACE_NANOS, () -> giveUp(current, "not ended after half-close"));
            return current::halfClose;
        }
        if (phase == Phase.WAITING && connectDue) {
            connectDue = false;
            return openCall();
        }
        if (phase != Phase.LIVE) {
            return null;
        }
        Runnable due = due(current, ready, notices);
        if (due == null && (draining && mayLeave() || closing && nothingLeft())) {
            phase = Phase.ENDING;
            return current::halfClose;
        }
        return due;
    }

    private Runnable openCall() {
        C fresh = newCall();
        phase = Phase.OPENING;
        call = fresh;
        callTimeout = timers.after(OPEN_TIMEOUT_NANOS, () -> giveUp(fresh, "no answer to open"));
        return opening(fresh);
    }

    private void closeTimedOut() {
        locked(notices -> {
            if (phase == Phase.OVER) {
                return;
            }
            if (phase == Phase.LIVE) {
                leaveDue = true;
            } else {
                cancelWhy = "closed";
            }
            end(null, notices);
        });
    }

    private void end(FrameBrokerException why, Notices notices) {
        phase = Phase.OVER;
        failure = why;
        reconnect.stop();
        closeTimeout.cancel();
        abandon(why, notices);
        changed.signalAll();
        notices.add(() -> over.complete(null));
    }

    @Override
    public String toString() {
        return name;
    }
}
