package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One piece of work on a stream: decide under the lock, send after it.
 *
 * <p>Why not send under the lock: sending a frame copies it, and the other event loops would wait for that. Why order is
 * kept all the same: under the lock each outlet gathers in the order of the decisions, and an outlet is flushed by one
 * thread at a time (its own duty).
 */
final class Turn {
    private static final Logger log = LoggerFactory.getLogger(Turn.class);

    private final ReentrantLock lock = new ReentrantLock();
    private List<Outlet> touched = new ArrayList<>();

    void begin() {
        lock.lock();
    }

    void run(Runnable work) {
        begin();
        try {
            work.run();
        } finally {
            end();
        }
    }

    <T> T call(Supplier<T> work) {
        begin();
        try {
            return work.get();
        } finally {
            end();
        }
    }

    /** Has the outlet flushed at the end of the outermost turn. */
    void touch(Outlet outlet) {
        for (Outlet known : touched) {
            if (known == outlet) {
                return;
            }
        }
        touched.add(outlet);
    }

    void end() {
        List<Outlet> flush = null;
        if (lock.getHoldCount() == 1 && !touched.isEmpty()) {
            flush = touched;
            touched = new ArrayList<>(flush.size());
        }
        lock.unlock();
        if (flush != null) {
            for (Outlet outlet : flush) {
                flush(outlet);
            }
        }
    }

    /** One outlet's trouble is not the others', nor that of whoever had the turn. */
    private static void flush(Outlet outlet) {
        try {
            outlet.flush();
        } catch (RuntimeException | Error e) {
            log.warn("{} could not send what it was told", outlet, e);
        }
    }
}
