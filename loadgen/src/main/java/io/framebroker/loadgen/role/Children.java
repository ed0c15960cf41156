package io.framebroker.loadgen.role;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The processes this one started. They end with it, also at Ctrl-C. */
final class Children {
    private static final int GRACE_SECONDS = 10;

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly), "end-children"));
    }

    private Children() {}

    static Process start(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            RUNNING.add(process);
            return process;
        } catch (IOException e) {
            throw new RunFailure("cannot start " + String.join(" ", command) + ": " + e.getMessage(), e);
        }
    }

    /** Closes its standard input, at which it ends by itself; if it does not, it is ended. */
    static void end(Process process) {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It is gone already.
        }
        try {
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroy();
                if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(process);
    }
}
