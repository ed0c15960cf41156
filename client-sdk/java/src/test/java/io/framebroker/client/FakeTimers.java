package io.framebroker.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/** Time that passes when a test says so, on the test's thread. */
final class FakeTimers implements Timers {
    private final Random random;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::atNanos).thenComparingLong(Task::number));
    private final List<Long> delays = new ArrayList<>();

    private long nowNanos = 1_000_000_000_000L;
    private long epochMicros = 1_700_000_000_000_000L;
    private long numbers;

    private record Task(long atNanos, long number, Runnable what) {}

    /** With the largest random numbers there can be. */
    FakeTimers() {
        this(null);
    }

    FakeTimers(Random random) {
        this.random = random;
    }

    @Override
    public synchronized long nanoTime() {
        return nowNanos;
    }

    @Override
    public synchronized long epochMicros() {
        return epochMicros;
    }

    synchronized void setEpochMicros(long micros) {
        epochMicros = micros;
    }

    @Override
    public synchronized long random(long bound) {
        return random == null ? bound - 1 : (long) (random.nextDouble() * bound);
    }

    @Override
    public synchronized Timeout after(long delayNanos, Runnable what) {
        Task task = new Task(nowNanos + delayNanos, numbers++, what);
        tasks.add(task);
        delays.add(delayNanos);
        return () -> cancel(task);
    }

    private synchronized void cancel(Task task) {
        tasks.remove(task);
    }

    @Override
    public synchronized void close() {
        tasks.clear();
    }

    void advance(Duration duration) {
        long untilNanos = nanoTime() + duration.toNanos();
        for (Runnable due = next(untilNanos); due != null; due = next(untilNanos)) {
            due.run();
        }
    }

    private synchronized Runnable next(long untilNanos) {
        Task task = tasks.peek();
        if (task == null || task.atNanos() > untilNanos) {
            nowNanos = untilNanos;
            return null;
        }
        tasks.remove();
        nowNanos = Math.max(nowNanos, task.atNanos());
        return task.what();
    }

    /** Time until the task that comes first; it says what a backoff was. */
    synchronized Duration untilNext() {
        return Duration.ofNanos(tasks.element().atNanos() - nowNanos);
    }
}
