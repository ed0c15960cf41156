package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A disk store for simulations: without files, and without threads in what a stream waits for. */
public final class DiskInMemory implements AutoCloseable {
    private static final int SEGMENTS = 8;

    private final ArrayDeque<Runnable> reading = new ArrayDeque<>();
    private final DiskFrameStore store;
    private long reads;

    /** An empty one, at STORED, with room for all that a simulation has. */
    public DiskInMemory() {
        ForgetfulDisk disk = new ForgetfulDisk();
        try {
            // Otherwise streams would have to wait for room, and go on when another thread comes to it.
            for (int number = 1; number <= SEGMENTS; number++) {
                disk.create(number);
            }
            DiskSettings settings = new DiskSettings(
                    Path.of("memory"),
                    (long) SEGMENTS * ForgetfulDisk.SEGMENT,
                    ForgetfulDisk.SEGMENT,
                    AckLevel.STORED,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(1));
            store = new DiskFrameStore(disk, settings, new Worker(Runnable::run), new Worker(reading::add));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public FrameStore store() {
        return store;
    }

    /** Reads back what was asked for, and what is asked for because of that. */
    public void readBack() {
        for (Runnable next = reading.poll(); next != null; next = reading.poll()) {
            next.run();
            reads++;
        }
    }

    /** How often frames were read back. */
    public long reads() {
        return reads;
    }

    @Override
    public void close() {
        store.close();
    }

    /** Leaves work to somebody else. */
    private static final class Worker extends AbstractExecutorService {
        private final Consumer<Runnable> work;
        private volatile boolean over;

        Worker(Consumer<Runnable> work) {
            this.work = work;
        }

        @Override
        public void execute(Runnable command) {
            work.accept(command);
        }

        @Override
        public void shutdown() {
            over = true;
        }

        @Override
        public List<Runnable> shutdownNow() {
            over = true;
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return over;
        }

        @Override
        public boolean isTerminated() {
            return over;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return over;
        }
    }
}
