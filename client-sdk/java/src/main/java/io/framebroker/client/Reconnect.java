package io.framebroker.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;

/**
 * Decides when the next call is started. Thread-safe; the attempt itself runs on the thread that caused it or on the
 * timer's.
 *
 * <p>A gRPC channel that cannot connect waits on its own account, up to two minutes, and fails calls meanwhile. Each
 * attempt made here ends that wait, and when the connection then comes up the next attempt does not wait for its turn.
 */
final class Reconnect {
    private final ManagedChannel channel;
    private final Timers timers;
    private final Backoff backoff;
    private final Runnable attempt;

    /** Counts what was scheduled or given up: an attempt that was scheduled earlier is void. Guarded by this. */
    private long turn;

    private Timers.Timeout timeout = () -> {};

    Reconnect(ManagedChannel channel, Timers timers, Backoff backoff, Runnable attempt) {
        this.channel = channel;
        this.timers = timers;
        this.backoff = backoff;
        this.attempt = attempt;
    }

    void now() {
        long mine;
        synchronized (this) {
            mine = ++turn;
        }
        attempt(mine);
    }

    /** After a call that ended with the given failure, or with OK though we did not ask for it. */
    void later(CallFailure failure) {
        long mine;
        synchronized (this) {
            mine = ++turn;
            timeout = timers.after(backoff.nextNanos(failure.retryAfterNanos()), () -> attempt(mine));
        }
        if (failure.retryAfterNanos() == 0 && channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            awaitReady(mine);
        }
    }

    /** The connection is good for something. */
    synchronized void proved() {
        backoff.reset();
    }

    synchronized void stop() {
        turn++;
        timeout.cancel();
    }

    private void attempt(long mine) {
        synchronized (this) {
            if (mine != turn) {
                return;
            }
            turn++;
            timeout.cancel();
        }
        if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            channel.resetConnectBackoff();
        }
        attempt.run();
    }

    private void awaitReady(long mine) {
        ConnectivityState state = channel.getState(false);
        if (state == ConnectivityState.READY) {
            attempt(mine);
            return;
        }
        if (state != ConnectivityState.SHUTDOWN && isCurrent(mine)) {
            channel.notifyWhenStateChanged(state, () -> awaitReady(mine));
        }
    }

    private synchronized boolean isCurrent(long mine) {
        return mine == turn;
    }
}
