package io.framebroker.examples.capture;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Empties a child's standard error, so that the child never waits for a reader, and keeps its last lines for the message
 * that says why it ended. Bounded in lines and in their length; passwords in URLs are left out.
 */
final class StderrTail {

    private static final int LINES = 5;
    private static final int LINE_CHARS = 300;

    private final Thread thread;
    /** Guarded by itself. */
    private final Deque<String> lines = new ArrayDeque<>();

    StderrTail(String name, InputStream stderr) {
        thread = new Thread(() -> drain(stderr), name + "-stderr");
        thread.setDaemon(true);
        thread.start();
    }

    /** The last lines, after the child ended; waits shortly for the rest of them. */
    String lastLines() throws InterruptedException {
        thread.join(500);
        synchronized (lines) {
            return String.join(" | ", lines);
        }
    }

    private void drain(InputStream stderr) {
        StringBuilder line = new StringBuilder();
        try (Reader reader = new InputStreamReader(stderr, StandardCharsets.UTF_8)) {
            for (int character = reader.read(); character >= 0; character = reader.read()) {
                if (character == '\n' || character == '\r') {
                    add(line);
                } else if (line.length() < LINE_CHARS) {
                    line.append((char) character);
                }
            }
        } catch (IOException closed) {
            // The child was ended while it wrote; what it said so far is what there is.
        }
        add(line);
    }

    private void add(StringBuilder line) {
        if (!line.toString().isBlank()) {
            synchronized (lines) {
                if (lines.size() == LINES) {
                    lines.removeFirst();
                }
                lines.addLast(CameraUrl.withoutPassword(line.toString().strip()));
            }
        }
        line.setLength(0);
    }
}
