package io.framebroker.loadgen.role;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The processes this one started. They end with it, also at Ctrl-C. */
public final class Children {
    private static final int GRACE_SECONDS = 10;

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly), "end-children"));
    }

    private Children() {}

    /** Starts a process whose standard error is ours. */
    public static Process start(List<String> command) {
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

    /** Ends it at once, as a crash would, and waits until it is gone. */
    public static void kill(ProcessHandle process) throws InterruptedException {
        process.destroyForcibly();
        try {
            process.onExit().get(GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new RunFailure("process " + process.pid() + " was killed and is still there", e);
        }
        RUNNING.removeIf(child -> child.pid() == process.pid());
    }

    /**
     * Asks it to end, and waits until it has.
     *
     * @return its exit code
     */
    static int terminate(Process process, Duration within) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new RunFailure(
                    "process " + process.pid() + " was told to stop and runs on after " + within.toMillis() + " ms");
        }
        RUNNING.remove(process);
        return process.exitValue();
    }

    /** Closes its standard input, at which it ends by itself; if it does not, it is ended. */
    public static void end(Process process) {
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
