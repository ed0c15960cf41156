package io.framebroker.client;

/** Time and chance, in one place so that tests can hold both. Tasks run on a thread that must not be blocked. */
interface Timers {
    /** Monotonic; compare by subtraction. */
    long nanoTime();

    /** Wall-clock time in microseconds since 1970; may jump. */
    long epochMicros();

    /** A random number, at least 0 and below {@code bound}, which is positive. */
    long random(long bound);

    /** Runs the task once after the delay. After {@link #close} nothing runs any more. */
    Timeout after(long delayNanos, Runnable task);

    void close();

    /** Something that will happen. */
    interface Timeout {
        /** Does nothing when it has happened. */
        void cancel();
    }
}
