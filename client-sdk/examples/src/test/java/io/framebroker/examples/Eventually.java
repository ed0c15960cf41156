package io.framebroker.examples;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what must come to be, and says what there was instead when it does not. */
public final class Eventually {

    private static final Duration STEP = Duration.ofMillis(20);

    private Eventually() {}

    /** @param shown called for the message when the time is over */
    public static void await(String what, Duration limit, Callable<Boolean> holds, Callable<Object> shown)
            throws Exception {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        for (boolean last = false; !holds.call(); ) {
            if (last) {
                throw new AssertionError(what + " did not come true within " + limit + "; there is: " + shown.call());
            }
            Thread.sleep(STEP.toMillis());
            // Who slept over the deadline looks once more.
            last = System.nanoTime() - deadlineNanos >= 0;
        }
    }
}
