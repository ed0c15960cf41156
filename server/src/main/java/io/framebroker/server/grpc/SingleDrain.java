package io.framebroker.server.grpc;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Lets one thread at a time run a piece of work that many threads ask for: who asks while it runs has it run once more
 * by the one that is in it. Nobody waits. Work that throws is not run again until somebody asks.
 */
final class SingleDrain {
    private final AtomicInteger asked = new AtomicInteger();
    private final Runnable work;
    private final Consumer<Throwable> onFailure;

    SingleDrain(Runnable work, Consumer<Throwable> onFailure) {
        this.work = work;
        this.onFailure = onFailure;
    }

    void run() {
        if (asked.getAndIncrement() != 0) {
            return;
        }
        try {
            int seen = 1;
            while (seen != 0) {
                work.run();
                seen = asked.addAndGet(-seen);
            }
        } catch (RuntimeException | Error e) {
            asked.set(0);
            onFailure.accept(e);
        }
    }
}
