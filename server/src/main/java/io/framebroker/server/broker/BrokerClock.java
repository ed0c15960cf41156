package io.framebroker.server.broker;

/** Time, as the core sees it. Both readings may be taken on any thread. */
public interface BrokerClock {
    /** Monotonic time in nanoseconds from an arbitrary origin; compare by subtraction. */
    long nanos();

    /** Wall-clock time in microseconds since 1970; for people and frame times, never for leases. */
    long wallMicros();
}
