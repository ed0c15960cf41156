package io.framebroker.server.grpc;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets one thread at a time run a piece of work that many threads ask for: who asks while it runs has it run once more
 * by the one that is in it. Nobody waits.
 */
final class SingleDrain {
    private final AtomicInteger asked = new AtomicInteger();

    void run(Runnable work) {
        if (asked.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            work.run();
            seen = asked.addAndGet(-seen);
        }
    }
}
