package io.framebroker.server.broker;

import java.util.LinkedHashSet;
import java.util.Set;

/** Those who wait for a store that may not answer, each for the same time at most. Thread-safe. */
final class Waits {
    private final BrokerClock clock;
    private final long mostNanos;
    /** In the order in which they run out; guarded by itself. */
    private final Set<Wait> waiting = new LinkedHashSet<>();

    Waits(BrokerClock clock, long mostNanos) {
        this.clock = clock;
        this.mostNanos = mostNanos;
    }

    /** One wait. It ends once: by {@link #end}, or when its time is over. */
    final class Wait {
        private final long endNanos;
        private final Runnable timeIsOver;

        private Wait(long endNanos, Runnable timeIsOver) {
            this.endNanos = endNanos;
            this.timeIsOver = timeIsOver;
        }

        /** What was waited for is here. Returns whether that was in time: if not, whoever waited has been told so. */
        boolean end() {
            synchronized (waiting) {
                return waiting.remove(this);
            }
        }
    }

    /** Begins a wait, at whose end {@code timeIsOver} is called on the thread that ticks. */
    Wait begin(Runnable timeIsOver) {
        synchronized (waiting) {
            Wait wait = new Wait(clock.nanos() + mostNanos, timeIsOver);
            waiting.add(wait);
            return wait;
        }
    }

    /** Ends waits whose time is over. Returns nanoseconds until there may be another; Long.MAX_VALUE for none. */
    long tick() {
        long left = untilNext();
        while (left <= 0) {
            Wait over = first();
            if (over != null && over.end()) {
                over.timeIsOver.run();
            }
            left = untilNext();
        }
        return left;
    }

    private long untilNext() {
        Wait next = first();
        return next == null ? Long.MAX_VALUE : next.endNanos - clock.nanos();
    }

    private Wait first() {
        synchronized (waiting) {
            return waiting.isEmpty() ? null : waiting.iterator().next();
        }
    }
}
