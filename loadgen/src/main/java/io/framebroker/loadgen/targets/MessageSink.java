package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A camera's publisher on a message server, a message for each frame. Publishes are not waited for one by one, but a
 * bounded number is unconfirmed; every eighth of the backlog a thread of its own asks how far the groups are, and the
 * publisher waits for them where it is too far ahead, as nothing else would hold it.
 */
abstract class MessageSink implements FrameSink {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    private final FramePool pool;
    private final FrameLabel label;
    private final long inFlight;
    private final long backlog;
    private final ExecutorService asker;

    /** Who waits; set for good by the first frame. */
    private volatile Thread sender;

    private volatile String failure;

    /** Whether the asker is at it; cleared by the asker. */
    private volatile boolean asked;

    /** Sequence through which every group has settled, as far as known; written by the asker. */
    private volatile long slowest;

    // Owned by the sending thread.
    private long sentThrough;
    private long askedAt;

    MessageSink(Workload workload, StreamLimits limits, FramePool pool) {
        this.pool = pool;
        this.label = new FrameLabel(workload);
        this.inFlight = workload.inFlight();
        this.backlog = limits.backlogFramesOf(workload);
        this.asker = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "lag-of-camera-" + pool.camera());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Sends one frame without waiting for its confirmation. */
    abstract void publish(long sequence, String label, byte[] payload) throws Exception;

    /** Frames published and neither confirmed nor refused. */
    abstract long unconfirmed();

    /** Frames the server refused, by sequence. */
    abstract Map<Long, String> refused();

    /** Asks through which sequence every group has settled, and waits for the answer. Called by the asker's thread. */
    abstract long settledThrough() throws Exception;

    @Override
    public final void send(long[] dueMicros) throws InterruptedException {
        sender = Thread.currentThread();
        for (long due : dueMicros) {
            awaitRoom();
            byte[] payload = pool.take(due);
            sentThrough = pool.lastSequence();
            try {
                publish(sentThrough, label.of(pool, payload), payload);
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                throw new TargetException(where() + e.getMessage(), e);
            }
        }
        if (sentThrough - askedAt >= backlog / 8) {
            ask();
        }
    }

    private void awaitRoom() throws InterruptedException {
        while (unconfirmed() >= inFlight || sentThrough + 1 - slowest > backlog) {
            check();
            if (sentThrough + 1 - slowest > backlog) {
                ask();
            }
            LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        check();
    }

    private void ask() {
        if (asked) {
            return;
        }
        asked = true;
        askedAt = sentThrough;
        asker.execute(() -> {
            try {
                slowest = Math.max(slowest, settledThrough());
            } catch (Exception e) {
                fail("how far the groups are cannot be asked: " + e.getMessage());
            }
            asked = false;
            wake();
        });
    }

    /** Any thread may say that the publisher cannot go on. */
    final void fail(String why) {
        if (failure == null) {
            failure = why;
        }
        wake();
    }

    /** A frame has been confirmed. */
    final void wake() {
        LockSupport.unpark(sender);
    }

    private void check() {
        if (failure != null) {
            throw new TargetException(where() + failure);
        }
    }

    private String where() {
        return "camera " + pool.camera() + ": ";
    }

    @Override
    public final Map<Long, String> flush(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (unconfirmed() > 0) {
            check();
            if (System.nanoTime() - deadline > 0) {
                throw new TargetException(where() + unconfirmed() + " frames up to " + pool.lastSequence()
                        + " have no confirmation after " + timeout.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        check();
        return refused();
    }

    /** Frames published. Any thread may ask. */
    abstract long published();

    @Override
    public final long confirmed() {
        return published() - unconfirmed() - refused().size();
    }

    @Override
    public void close() {
        asker.shutdownNow();
    }
}
