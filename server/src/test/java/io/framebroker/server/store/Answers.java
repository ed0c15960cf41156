package io.framebroker.server.store;

import io.framebroker.server.broker.StreamStore;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What a store has said, on whichever thread. Waits for what has not been said yet. */
final class Answers implements StreamStore.Listener {
    private static final long PATIENCE_SECONDS = 20;

    private final Map<String, Long> settled = new HashMap<>();
    private long stored;
    private long readables;
    private boolean inOrder = true;

    @Override
    public synchronized void stored(long throughOrdinal) {
        inOrder &= throughOrdinal > stored;
        stored = throughOrdinal;
        notifyAll();
    }

    @Override
    public synchronized void settled(String group, long throughSettlement) {
        settled.merge(group, throughSettlement, Math::max);
        notifyAll();
    }

    @Override
    public synchronized void readable() {
        readables++;
        notifyAll();
    }

    synchronized long stored() {
        return stored;
    }

    synchronized boolean storedInOrder() {
        return inOrder;
    }

    synchronized long settledAtMost(String group) {
        return settled.getOrDefault(group, 0L);
    }

    synchronized long readables() {
        return readables;
    }

    synchronized void awaitStored(long ordinal) {
        await("frame " + ordinal + " is stored", () -> stored >= ordinal);
    }

    synchronized void awaitSettled(String group, long settlement) {
        await(
                "settlement " + settlement + " of group " + group + " is durable",
                () -> settled.getOrDefault(group, 0L) >= settlement);
    }

    synchronized void awaitReadable(long seen) {
        await("frames are readable", () -> readables > seen);
    }

    /** Under the monitor. */
    private void await(String what, BooleanSupplier said) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!said.getAsBoolean()) {
            long left = TimeUnit.NANOSECONDS.toMillis(giveUp - System.nanoTime());
            if (left <= 0) {
                throw new AssertionError("the store has not said that " + what);
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting until " + what, e);
            }
        }
    }
}
