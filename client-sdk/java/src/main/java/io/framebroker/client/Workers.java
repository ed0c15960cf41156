package io.framebroker.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The handler runs on threads of its own, fed by one queue. The queue needs no bound: only unsettled frames are
 * outstanding, and those the window bounds.
 */
final class Workers implements Handling {
    /** Ends the queue: what lies before it is still handled, and each thread that meets it leaves it to the next. */
    private static final ReceivedFrame END = new ReceivedFrame(null, null);

    private final Handler handler;
    private final int maxFrames;
    private final long maxWaitNanos;
    private final LinkedBlockingQueue<ReceivedFrame> queue = new LinkedBlockingQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger alive = new AtomicInteger();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private volatile boolean stopping;

    /**
     * @param maxFrames most frames for one run of the handler
     * @param maxWaitNanos how long the first of them waits for the others
     */
    Workers(Handler handler, String name, int threadCount, int maxFrames, long maxWaitNanos) {
        this.handler = handler;
        this.maxFrames = maxFrames;
        this.maxWaitNanos = maxWaitNanos;
        alive.set(threadCount);
        for (int i = 1; i <= threadCount; i++) {
            Thread thread = new Thread(this::work, "frame-broker-" + name + "-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    @Override
    public void accept(HeldBatch batch) {
        for (ReceivedFrame frame : batch.frames) {
            queue.add(frame);
        }
    }

    @Override
    public List<ReceivedFrame> takeWaiting() {
        List<ReceivedFrame> waiting = new ArrayList<>();
        queue.drainTo(waiting);
        if (waiting.remove(END)) {
            queue.add(END);
        }
        return waiting;
    }

    @Override
    public void stop() {
        stopping = true;
        queue.add(END);
    }

    @Override
    public void interrupt() {
        threads.forEach(Thread::interrupt);
    }

    @Override
    public CompletableFuture<Void> stopped() {
        return stopped;
    }

    @Override
    public boolean onHandlerThread() {
        return threads.contains(Thread.currentThread());
    }

    @Override
    public boolean settlesTogether() {
        return false;
    }

    private void work() {
        List<ReceivedFrame> frames = new ArrayList<>();
        boolean more = true;
        while (more) {
            frames.clear();
            more = take(frames);
            if (!frames.isEmpty()) {
                handler.handle(List.copyOf(frames));
            }
        }
        if (alive.decrementAndGet() == 0) {
            stopped.complete(null);
        }
    }

    /** Takes the next frames; false when there will be no more. */
    private boolean take(List<ReceivedFrame> frames) {
        try {
            ReceivedFrame next = queue.take();
            long untilNanos = System.nanoTime() + maxWaitNanos;
            while (next != null && next != END) {
                frames.add(next);
                if (frames.size() == maxFrames) {
                    return true;
                }
                next = queue.poll(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
            if (next == END) {
                queue.add(END);
                return false;
            }
            return true;
        } catch (InterruptedException e) {
            return !stopping;
        }
    }
}
