package io.framebroker.client;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what other threads bring about, and says what there was instead when it does not come. */
final class Eventually {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Eventually() {}

    /** @param shown called for the message when the time is over */
    static void await(String what, BooleanSupplier holds, Supplier<?> shown) {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        for (boolean last = false; !holds.getAsBoolean(); ) {
            if (last) {
                throw new AssertionError(what + " did not come true within " + LIMIT + "; there is: " + shown.get());
            }
            LockSupport.parkNanos(1_000_000);
            // Who slept over the deadline looks once more.
            last = System.nanoTime() - deadlineNanos >= 0;
        }
    }

    /** The broker knows of it: what is published from now on is for it too. */
    static FrameConsumer connected(FrameConsumer consumer) {
        await("the consumer being there", () -> consumer.stats().connected(), consumer::stats);
        return consumer;
    }
}
