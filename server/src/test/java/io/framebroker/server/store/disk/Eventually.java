package io.framebroker.server.store.disk;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what a thread of the store's does some time, and leaves it the processor meanwhile. */
final class Eventually {
    private static final long PATIENCE_SECONDS = 60;
    private static final long MOMENT_NANOS = 100_000;

    private Eventually() {}

    /** @throws AssertionError when it is not so in time */
    static void await(String what, BooleanSupplier isSo) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!isSo.getAsBoolean()) {
            if (giveUp - System.nanoTime() <= 0 || Thread.currentThread().isInterrupted()) {
                throw new AssertionError("waited in vain until " + what);
            }
            pause();
        }
    }

    /** Leaves the processor to others for a moment. */
    static void pause() {
        LockSupport.parkNanos(MOMENT_NANOS);
    }
}
