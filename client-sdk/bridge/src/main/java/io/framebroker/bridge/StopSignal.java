package io.framebroker.bridge;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The wish that the bridge ends: a signal, or the end of standard input. On a signal the JVM waits until everything is
 * tidied, but no longer than it was given, and reports what the bridge reports. Thread-safe.
 */
final class StopSignal {
    private final CountDownLatch tidied = new CountDownLatch(1);
    private final Runnable stop;

    private volatile int exitCode;

    private StopSignal(Runnable stop) {
        this.stop = stop;
    }

    /**
     * Listens from now on.
     *
     * @param stop is run at the wish, on a thread of its own, perhaps twice
     */
    static StopSignal listen(Runnable stop, boolean withStdin, long patienceMillis) {
        StopSignal signal = new StopSignal(stop);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> signal.onSignal(patienceMillis), "bridge-stop"));
        if (withStdin) {
            Thread watch = new Thread(signal::awaitEndOfStdin, "bridge-stdin");
            watch.setDaemon(true);
            watch.start();
        }
        return signal;
    }

    /** All is done: the JVM may end. */
    void tidied(int code) {
        exitCode = code;
        tidied.countDown();
    }

    private void awaitEndOfStdin() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException closed) {
            // As good as its end.
        }
        stop.run();
    }

    private void onSignal(long patienceMillis) {
        stop.run();
        try {
            if (!tidied.await(patienceMillis, TimeUnit.MILLISECONDS)) {
                exitCode = 1;
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        // A JVM that was told to end by a signal would otherwise report the signal.
        Runtime.getRuntime().halt(exitCode);
    }
}
