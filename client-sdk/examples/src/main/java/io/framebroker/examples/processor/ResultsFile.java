package io.framebroker.examples.processor;

import io.framebroker.examples.http.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Appends one line of JSON a frame. A line goes to the operating system in one write before {@link #append} returns:
 * killing this process afterwards does not lose it, killing it before leaves no half line. Thread-safe.
 */
final class ResultsFile implements AutoCloseable {

    private final Path path;
    /** Null when no results are wanted. Guarded by this. */
    private final OutputStream out;

    /** @param path null to write nothing */
    ResultsFile(Path path) throws IOException {
        this.path = path;
        if (path == null) {
            out = null;
            return;
        }
        if (path.toAbsolutePath().getParent() != null) {
            Files.createDirectories(path.toAbsolutePath().getParent());
        }
        // Not buffered here: a line is complete when write returns.
        out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** @throws IOException if the line could not be written; the message names the file */
    synchronized void append(JsonObject line) throws IOException {
        if (out == null) {
            return;
        }
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            throw new IOException("cannot write results to " + path + ": " + failed.getMessage(), failed);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (out != null) {
            out.close();
        }
    }
}
