package io.framebroker.examples.child;

import java.io.IOException;
import java.io.InputStream;

/**
 * Ends a program when its standard input closes. Whoever starts it keeps the other end of that pipe: the operating system
 * closes it even if the parent is killed outright, so that nothing is left running.
 */
public final class ParentWatch {

    private ParentWatch() {}

    /** Calls {@code end} once standard input is over; what is written to it is passed over. */
    public static void start(Runnable end) {
        Thread thread = new Thread(
                () -> {
                    awaitEnd(System.in);
                    end.run();
                },
                "parent-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private static void awaitEnd(InputStream in) {
        byte[] passedOver = new byte[256];
        try {
            while (in.read(passedOver) >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException closed) {
            // As good as its end.
        }
    }
}
