package io.framebroker.server.store.disk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that there is room before it is needed, and has streams go on that found none. Thread-safe.
 *
 * <p>Room comes from chunks that streams do not need any more, as soon as the journals that say so are on the disk: a
 * crash of the machine must not bring back a journal that speaks of frames which have been written over. Where that is
 * not enough there is another segment, if the limit allows one.
 */
final class Provider {
    private static final Logger log = LoggerFactory.getLogger(Provider.class);
    /** Journals are forced when so much of a segment would become free. */
    private static final int PARTS = 4;
    /**
     * As long as fewer are free, somebody who had to wait for journals to be forced is a reason for one more: a busy disk
     * takes long for that, and what comes in meanwhile needs room.
     */
    private static final int SPARE_SEGMENTS = 4;

    private final Disk disk;
    private final Chunks space;
    private final long retryNanos;
    private final Consumer<IOException> failed;
    private final Object working = new Object();

    // Guarded by this.
    private final Set<DiskStreamStore> waiting = new LinkedHashSet<>();
    private Set<DiskStreamStore> withUnneeded = new LinkedHashSet<>();
    private long unneededBytes;
    private boolean wanted;
    private boolean released;
    private boolean stopped;

    /** Whether the last segment could not be written; set with {@link #working} held, the time first. */
    private volatile boolean refused;

    private volatile long refusedNanos;

    /** What is in the way of more room, for people; null when nothing is. */
    private volatile String trouble;

    /** @param failed told when something could not be forced */
    Provider(Disk disk, Chunks space, long retryNanos, Consumer<IOException> failed) {
        this.disk = disk;
        this.space = space;
        this.retryNanos = retryNanos;
        this.failed = failed;
    }

    String trouble() {
        return trouble;
    }

    /** Has the stream go on when there is room. */
    synchronized void add(DiskStreamStore stream) {
        if (waiting.add(stream)) {
            notifyAll();
        }
    }

    /** The stream has one chunk more, or more of them, that it does not need. */
    synchronized void unneeded(DiskStreamStore stream, int bytes) {
        withUnneeded.add(stream);
        unneededBytes += bytes;
        if (unneededBytes >= space.largest() / PARTS || !waiting.isEmpty()) {
            released = true;
            notifyAll();
        }
    }

    /** Frees chunks that nothing on the disk needs. */
    void free(List<Chunk> chunks) {
        chunks.forEach(space::release);
        synchronized (this) {
            released = true;
            notifyAll();
        }
    }

    /** There is little room left. */
    synchronized void isShort() {
        wanted = true;
        notifyAll();
    }

    /** Makes room; ends when stopped. */
    void run() {
        boolean inVain = false;
        while (awaitWork(inVain)) {
            boolean waited = isAwaited();
            if (!freeUnneeded()) {
                return;
            }
            waited |= isAwaited();
            goOn();
            boolean more = isAwaited() || space.isShort() || waited && space.freeSegments() < SPARE_SEGMENTS;
            if (more && mayTry()) {
                grow();
                goOn();
            }
            inVain = isAwaitedInVain();
            if (!isAwaited() && !(refused && space.isShort())) {
                clear();
            }
        }
    }

    private synchronized boolean awaitWork(boolean inVain) {
        try {
            long until = System.nanoTime() + retryNanos;
            while (!stopped && inVain && !released && until - System.nanoTime() > 0) {
                wait(Math.max(1, (until - System.nanoTime()) / 1_000_000));
            }
            while (!stopped && !wanted && !released && waiting.isEmpty()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        wanted = false;
        released = false;
        return !stopped;
    }

    /** Trying is as much work as a segment is large, and those who take chunks ask with each of them. */
    private boolean mayTry() {
        return !refused || System.nanoTime() - refusedNanos >= retryNanos;
    }

    /** Whether what is awaited is not to be had from what has become free meanwhile. */
    private synchronized boolean isAwaitedInVain() {
        return !waiting.isEmpty() && withUnneeded.isEmpty();
    }

    private synchronized boolean isAwaited() {
        return !waiting.isEmpty();
    }

    /** Returns whether the disk can be trusted. */
    private boolean freeUnneeded() {
        // Whoever finds nothing to free has to wait for the one who found it.
        synchronized (working) {
            return freeFound();
        }
    }

    private boolean freeFound() {
        Set<DiskStreamStore> streams;
        synchronized (this) {
            streams = withUnneeded;
            withUnneeded = new LinkedHashSet<>();
            // A journal that finds no room may leave one that was full.
            streams.addAll(waiting);
            unneededBytes = 0;
        }
        List<Chunk> free = new ArrayList<>();
        streams.forEach(each -> free.addAll(each.takeUnneeded()));
        if (!free.isEmpty()) {
            try {
                space.forceJournals();
            } catch (IOException e) {
                failed.accept(e);
                return false;
            }
            free.forEach(space::release);
        }
        return true;
    }

    private void goOn() {
        Set<DiskStreamStore> all;
        synchronized (this) {
            all = new LinkedHashSet<>(waiting);
            waiting.clear();
        }
        for (DiskStreamStore each : all) {
            boolean more = true;
            while (more) {
                more = each.roomCame();
            }
        }
    }

    /** Frees what can be freed, and adds a segment; for somebody who does not wait. Blocks. */
    void makeRoom() {
        freeUnneeded();
        grow();
    }

    private void grow() {
        synchronized (working) {
            if (!space.mayGrow()) {
                if (isAwaited()) {
                    tell("all " + space.mostBytes() + " bytes that the disk store may use in " + disk.where()
                            + " are taken; have groups settle what they hold back, keep less, or allow more");
                }
                return;
            }
            try {
                space.grow();
                refused = false;
            } catch (IOException e) {
                refusedNanos = System.nanoTime();
                refused = true;
                tell("the disk store cannot write another segment in " + disk.where() + ": " + e.getMessage()
                        + "; make room there, or make it writable");
            }
        }
    }

    private void clear() {
        if (trouble != null) {
            log.info("there is room in {} again", disk.where());
            trouble = null;
        }
    }

    private void tell(String why) {
        if (!why.equals(trouble)) {
            log.warn("{}", why);
        }
        trouble = why;
    }

    synchronized void stop() {
        stopped = true;
        notifyAll();
    }
}
