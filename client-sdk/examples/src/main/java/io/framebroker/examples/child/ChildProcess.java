package io.framebroker.examples.child;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A program started by this one. It ends with this one, even should this one be killed: it watches its standard input, whose
 * other end is held here. What it prints is always read, and its last lines are kept. Thread-safe.
 */
public final class ChildProcess implements AutoCloseable {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int KEPT_LINES = 200;

    private final String name;
    private final Process process;
    private final Consumer<String> listener;
    /** Guarded by itself. */
    private final Deque<String> lines = new ArrayDeque<>();

    private ChildProcess(String name, Process process, Consumer<String> listener) {
        this.name = name;
        this.process = process;
        this.listener = listener;
        read(process.getInputStream(), "out");
        read(process.getErrorStream(), "err");
    }

    /**
     * Starts a program.
     *
     * @param listener hears each line it prints, on threads of its own
     */
    public static ChildProcess start(String name, List<String> command, Consumer<String> listener) throws IOException {
        List<String> line = new ArrayList<>();
        if (Files.isExecutable(SHELL)) {
            // Ctrl-C reaches every program of the terminal at once. Ignored here, and by what inherits it, so that the
            // parent alone decides in which order they end.
            line.addAll(List.of(SHELL.toString(), "-c", "trap '' INT; exec \"$0\" \"$@\""));
        }
        line.addAll(command);
        return new ChildProcess(name, new ProcessBuilder(line).start(), listener);
    }

    /** The command line of a Java program, with the Java that runs this one. */
    public static List<String> java(List<String> jvmArguments, List<String> programAndArguments) {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(jvmArguments);
        line.addAll(programAndArguments);
        return line;
    }

    /**
     * Waits until the program prints a line that contains {@code text}.
     *
     * @param givenUp asked now and then whether to wait no longer
     * @return the line; null if given up
     * @throws IOException if the program ends or the time is over first; the message has its last words
     */
    public String awaitLine(String text, Duration limit, BooleanSupplier givenUp)
            throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!givenUp.getAsBoolean()) {
            // Asked before the lines are read: what it printed before it ended is then all here, or soon is.
            boolean alive = process.isAlive();
            synchronized (lines) {
                for (String line : lines) {
                    if (line.contains(text)) {
                        return line;
                    }
                }
                if (alive && System.nanoTime() - deadlineNanos < 0) {
                    lines.wait(100);
                    continue;
                }
            }
            throw new IOException(
                    name + (alive ? " did not print '" + text + "' within " + limit : " ended") + ":\n" + lastLines());
        }
        return null;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    public int exitCode() {
        return process.exitValue();
    }

    /** What it printed last. */
    public String lastLines() {
        synchronized (lines) {
            return String.join("\n", lines);
        }
    }

    /** Ends it: first by closing its standard input, then with a signal, then by force. Returns when it is gone. */
    public void end(Duration patience) throws InterruptedException {
        try {
            process.getOutputStream().close();
        } catch (IOException alreadyGone) {
            // Then there is nobody to tell.
        }
        if (waitFor(patience)) {
            return;
        }
        process.toHandle().destroy();
        if (!waitFor(Duration.ofSeconds(2))) {
            kill();
        }
    }

    /** Ends it by force, as a crash would. Returns when it is gone. */
    public void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
    }

    public boolean waitFor(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        process.toHandle().destroyForcibly();
    }

    private void read(InputStream stream, String which) {
        Thread thread = new Thread(() -> read(stream), name + "-" + which);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(InputStream stream) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                synchronized (lines) {
                    if (lines.size() == KEPT_LINES) {
                        lines.removeFirst();
                    }
                    lines.addLast(line);
                    lines.notifyAll();
                }
                listener.accept(line);
            }
        } catch (IOException closed) {
            // It ended; what it printed before is kept.
        }
    }
}
