package io.framebroker.examples.child;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The wish to end a program: a signal from the operating system, the end of standard input, or a word from within. On a
 * signal the JVM waits until the program has tidied up, but not for ever. Thread-safe.
 */
public final class StopSignal {

    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch tidied = new CountDownLatch(1);

    private StopSignal() {}

    /**
     * Listens from now on.
     *
     * @param withStdin whether the end of standard input is such a wish
     * @param patience how long the JVM waits for {@link #tidied} after a signal
     */
    public static StopSignal listen(boolean withStdin, Duration patience) {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> signal.onSignal(patience), "stop-signal"));
        if (withStdin) {
            ParentWatch.start(signal::stop);
        }
        return signal;
    }

    public void stop() {
        wanted.countDown();
    }

    public boolean isWanted() {
        return wanted.getCount() == 0;
    }

    /** Waits for the wish; false if it did not come in time. */
    public boolean await(Duration limit) throws InterruptedException {
        return wanted.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Everything is in order: the JVM may end. */
    public void tidied() {
        tidied.countDown();
    }

    private void onSignal(Duration patience) {
        stop();
        try {
            tidied.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }
}
