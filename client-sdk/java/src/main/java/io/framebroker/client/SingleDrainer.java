package io.framebroker.client;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Lets one thread at a time do work that many threads cause: whoever comes first works, whoever comes meanwhile leaves a
 * note and goes. A gRPC call, which is not thread-safe, is thus written to without a lock around the copying and without
 * a thread of its own.
 *
 * <p>The race it closes: (1) worker finds nothing to do, (2) another thread adds work and sees the worker still there,
 * (3) worker leaves. The note of (2) makes (3) look once more.
 */
final class SingleDrainer {
    private final AtomicInteger notes = new AtomicInteger();
    private final BooleanSupplier step;

    /** @param step does one piece of work; false when there was none. Must not throw. */
    SingleDrainer(BooleanSupplier step) {
        this.step = step;
    }

    void run() {
        if (notes.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            boolean more = true;
            while (more) {
                more = step.getAsBoolean();
            }
            seen = notes.addAndGet(-seen);
        } while (seen != 0);
    }
}
