package io.framebroker.server.store.redis;

import dev.failsafe.CircuitBreaker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Spares a Redis that does not answer, and those who would wait for it.
 *
 * <pre>
 * state      permits            becomes
 * CLOSED     everybody          OPEN after so many failures in a row
 * OPEN       nobody             HALF_OPEN by the first that asks when the backoff is over
 * HALF_OPEN  one, on trial      CLOSED after a success, OPEN after a failure, with a longer backoff
 * </pre>
 *
 * <p>Thread-safe. Failsafe counts; time is the clock's that is passed in.
 */
final class RedisBreaker {
    private static final Duration NEVER = Duration.ofDays(36_500);

    enum State {
        CLOSED,
        OPEN,
        HALF_OPEN
    }

    /** Told after a change, on the thread that caused it and under no lock; of two changes, maybe the later one first. */
    interface Listener {
        void changed(State from, State to);
    }

    /** Nothing was asked of Redis. */
    static final class OpenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OpenException(long waitNanos) {
            super("Redis has failed; it is tried again in " + waitNanos / 1_000_000 + " ms", null, false, false);
        }
    }

    private final CircuitBreaker<Object> circuit;
    private final RedisBackoff backoff;
    private final LongSupplier nanoTime;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Since the last success. Guarded by this. */
    private int openings;

    /** When a trial is due, by the clock. Guarded by this; means something while OPEN. */
    private long trialNanos;

    /** @param failures in a row that open it, 1 or more */
    RedisBreaker(int failures, RedisBackoff backoff, LongSupplier nanoTime) {
        this.circuit = CircuitBreaker.builder()
                .withFailureThreshold(failures)
                .withSuccessThreshold(1)
                .withDelay(NEVER)
                .build();
        this.backoff = backoff;
        this.nanoTime = nanoTime;
    }

    void onChange(Listener listener) {
        listeners.add(listener);
    }

    State state() {
        return State.valueOf(circuit.getState().name());
    }

    /** Until a trial is due; 0 unless OPEN. */
    synchronized long waitNanos() {
        return state() == State.OPEN ? Math.max(0, trialNanos - nanoTime.getAsLong()) : 0;
    }

    /** Whether Redis may be asked now. Who gets true tells how it went, by {@link #succeeded} or {@link #failed}. */
    boolean tryPermit() {
        boolean[] permitted = new boolean[1];
        step(() -> {
            if (state() == State.OPEN && waitNanos() == 0) {
                circuit.halfOpen();
            }
            permitted[0] = circuit.tryAcquirePermit();
        });
        return permitted[0];
    }

    void succeeded() {
        step(circuit::recordSuccess);
    }

    void failed() {
        step(circuit::recordFailure);
    }

    /**
     * Asks Redis if that is permitted. What {@link #isOutage} counts as a failure; any other exception is an answer.
     *
     * @throws OpenException it is not permitted
     */
    <T> T call(Supplier<T> question) {
        if (!tryPermit()) {
            throw new OpenException(waitNanos());
        }
        boolean outage = true;
        try {
            T answer = question.get();
            outage = false;
            return answer;
        } catch (RuntimeException e) {
            outage = isOutage(e);
            throw e;
        } finally {
            if (outage) {
                failed();
            } else {
                succeeded();
            }
        }
    }

    /** Whether this says that Redis, or the way to it, is not there; else it has answered. */
    static boolean isOutage(Throwable e) {
        return e instanceof JedisConnectionException
                || e instanceof JedisClusterOperationException
                || e instanceof JedisDataException && Refusal.isOutage(e.getMessage());
    }

    /** Whether an outage may be over by itself: not one that somebody's settings cause. */
    static boolean mayPass(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof SSLException || Refusal.isOfLogin(each.getMessage())) {
                return false;
            }
        }
        return isOutage(e);
    }

    /** The one place where the state changes. */
    private void step(Runnable event) {
        State from;
        State to;
        synchronized (this) {
            from = state();
            event.run();
            to = state();
            if (from != to && to == State.OPEN) {
                openings++;
                trialNanos = nanoTime.getAsLong() + backoff.nanos(openings);
            } else if (from != to && to == State.CLOSED) {
                openings = 0;
            }
        }
        if (from != to) {
            listeners.forEach(listener -> listener.changed(from, to));
        }
    }

    @Override
    public String toString() {
        return state().toString();
    }
}
