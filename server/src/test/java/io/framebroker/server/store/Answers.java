package io.framebroker.server.store;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.StreamStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What a store has said, on whichever thread. Waits for what has not been said yet. */
public final class Answers implements StreamStore.Listener {
    private static final long PATIENCE_SECONDS = 60;

    private final Map<String, Long> settled = new HashMap<>();
    private final Map<String, Long> attempted = new HashMap<>();
    private long stored;
    private long readables;
    private long noted;
    private BrokerException lost;
    private boolean inOrder = true;
    /** What should never have been said. */
    private String wrong;

    @Override
    public synchronized void stored(long throughOrdinal) {
        check(throughOrdinal > stored, "stored " + throughOrdinal + " after " + stored);
        inOrder &= throughOrdinal > stored;
        stored = throughOrdinal;
        notifyAll();
    }

    @Override
    public synchronized void settled(String group, long throughSettlement) {
        check(true, "settled " + throughSettlement);
        settled.merge(group, throughSettlement, Math::max);
        notifyAll();
    }

    @Override
    public synchronized void attempted(String group, long throughAttempt) {
        attempted.merge(group, throughAttempt, Math::max);
        notifyAll();
    }

    @Override
    public synchronized void noted(long throughNote) {
        check(throughNote >= noted, "noted " + throughNote + " after " + noted);
        noted = throughNote;
        notifyAll();
    }

    @Override
    public synchronized void lost(BrokerException why) {
        check(true, "lost");
        lost = why;
        notifyAll();
    }

    @Override
    public synchronized void readable() {
        check(true, "readable");
        readables++;
        notifyAll();
    }

    private void check(boolean right, String told) {
        if (wrong == null && (!right || lost != null)) {
            wrong = told + (lost == null ? "" : " after lost");
        }
    }

    /** What was said out of order, or when there was nothing left to say; null when nothing was. */
    public synchronized String wrong() {
        return wrong;
    }

    public synchronized boolean isLost() {
        return lost != null;
    }

    public synchronized long stored() {
        return stored;
    }

    public synchronized boolean storedInOrder() {
        return inOrder;
    }

    public synchronized long settledAtMost(String group) {
        return settled.getOrDefault(group, 0L);
    }

    /** A group of this name is made again, and counts its settlements anew. */
    public synchronized void forget(String group) {
        settled.remove(group);
    }

    public synchronized long noted() {
        return noted;
    }

    public synchronized long readables() {
        return readables;
    }

    public synchronized void awaitStored(long ordinal) {
        await("frame " + ordinal + " is stored", () -> stored >= ordinal);
    }

    public synchronized void awaitSettled(String group, long settlement) {
        await(
                "settlement " + settlement + " of group " + group + " is durable",
                () -> settled.getOrDefault(group, 0L) >= settlement);
    }

    public synchronized void awaitAttempted(String group, long attempt) {
        await(
                "attempt " + attempt + " of group " + group + " is durable",
                () -> attempted.getOrDefault(group, 0L) >= attempt);
    }

    public synchronized long attemptedAtMost(String group) {
        return attempted.getOrDefault(group, 0L);
    }

    public synchronized void awaitNoted(long note) {
        await("note " + note + " is durable", () -> noted >= note);
    }

    public synchronized BrokerException awaitLost() {
        await("the stream is lost", () -> lost != null);
        return lost;
    }

    public synchronized void awaitReadable(long seen) {
        await("frames are readable", () -> readables > seen);
    }

    /** All frames {@code from .. through} that are there, waiting for those that are not in memory. */
    public List<Frame> read(StreamStore stream, long from, long through) {
        List<Frame> frames = new ArrayList<>();
        long next = from;
        while (stream.count(next, through) > 0) {
            long seen = readables();
            List<Frame> some = stream.read(next, through, Integer.MAX_VALUE, Long.MAX_VALUE);
            if (some.isEmpty()) {
                awaitReadable(seen);
                continue;
            }
            frames.addAll(some);
            next = some.get(some.size() - 1).ordinal() + 1;
        }
        return frames;
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
