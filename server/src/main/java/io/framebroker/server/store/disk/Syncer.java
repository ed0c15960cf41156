package io.framebroker.server.store.disk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Has what was written forced to the disk: all streams with one force for each segment, so that what comes in while the
 * disk works shares the next one. Thread-safe.
 */
final class Syncer {
    private final Chunks space;
    private final long intervalNanos;
    private final boolean atOnce;
    private final Consumer<IOException> failed;
    private final Executor teller;

    private final Object forcing = new Object();
    private List<DiskStreamStore> changed = new ArrayList<>();
    private List<Runnable> after = new ArrayList<>();
    private boolean stopped;

    /**
     * @param atOnce whether somebody waits for what is written, always
     * @param failed told when something could not be forced: what was written before is not known to last any more
     * @param teller where streams are told that they were forced, in order, so that the next force need not wait for what
     *     they make of it
     */
    Syncer(Chunks space, long intervalNanos, boolean atOnce, Consumer<IOException> failed, Executor teller) {
        this.space = space;
        this.intervalNanos = intervalNanos;
        this.atOnce = atOnce;
        this.failed = failed;
        this.teller = teller;
    }

    /** Something was written for this stream. It is not called again before its mark is taken. */
    synchronized void add(DiskStreamStore stream) {
        changed.add(stream);
        notifyAll();
    }

    /** Has something done after the next force. */
    synchronized void after(Runnable done) {
        after.add(done);
        notifyAll();
    }

    /** Forces now and then; ends when stopped. */
    void run() {
        while (awaitChange()) {
            if (!sync()) {
                return;
            }
        }
    }

    private synchronized boolean awaitChange() {
        try {
            while (!stopped && changed.isEmpty() && after.isEmpty()) {
                wait();
            }
            long until = System.nanoTime() + intervalNanos;
            while (!stopped && !atOnce && until - System.nanoTime() > 0) {
                wait(Math.max(1, (until - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !stopped;
    }

    /** Forces now what was written before. Returns whether that went well. */
    boolean sync() {
        synchronized (forcing) {
            List<DiskStreamStore> streams;
            List<Runnable> due;
            synchronized (this) {
                streams = changed;
                changed = new ArrayList<>();
                due = after;
                after = new ArrayList<>();
            }
            List<DiskStreamStore.Mark> marks =
                    streams.stream().map(DiskStreamStore::takeMark).toList();
            try {
                space.force();
            } catch (IOException e) {
                failed.accept(e);
                return false;
            }
            if (!streams.isEmpty()) {
                teller.execute(() -> {
                    for (int i = 0; i < marks.size(); i++) {
                        streams.get(i).forced(marks.get(i));
                    }
                });
            }
            due.forEach(Runnable::run);
            return true;
        }
    }

    /** Forces until nothing is left to be done after a force. */
    void finish() {
        boolean more = true;
        while (more && sync()) {
            synchronized (this) {
                more = !after.isEmpty();
            }
        }
    }

    synchronized void stop() {
        stopped = true;
        notifyAll();
    }
}
