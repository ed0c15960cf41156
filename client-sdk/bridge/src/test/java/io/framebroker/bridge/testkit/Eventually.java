package io.framebroker.bridge.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what other processes bring about, and says what there was instead when it does not come. */
public final class Eventually {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private Eventually() {}

    /** @param shown called for the message when the time is over */
    public static void await(String what, Callable<Boolean> holds, Callable<Object> shown) throws Exception {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        for (boolean last = false; !holds.call(); ) {
            if (last) {
                throw new AssertionError(what + " did not come true within " + LIMIT + "; there is: " + shown.call());
            }
            LockSupport.parkNanos(5_000_000);
            // Who slept over the deadline looks once more.
            last = System.nanoTime() - deadlineNanos >= 0;
        }
    }
}
