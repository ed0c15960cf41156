package io.framebroker.loadgen.log;

import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.role.Line;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of events that is only ever appended to. What {@link #append} was given is with the operating system when it returns: it
 * survives the end of this process by any signal, though not the end of the machine. Thread-safe.
 */
public final class EventLog implements AutoCloseable {
    public static final int VERSION = 1;
    public static final String SUFFIX = ".log";

    private final Path path;

    /** Not a channel: one of those would be closed by the interruption of a thread that writes to it. */
    private final FileOutputStream file;

    private final LineBuffer single = new LineBuffer();

    private EventLog(Path path, FileOutputStream file) {
        this.path = path;
        this.file = file;
    }

    /**
     * Begins a file. It must not exist: a process that is started again takes another one, or a torn line of its predecessor would
     * not be the last.
     *
     * @param about what the first line says beside role, process and times
     */
    public static EventLog create(Path path, String role, Line about) {
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            File created = Files.createFile(path).toFile();
            EventLog log = new EventLog(path, new FileOutputStream(created, true));
            log.append(new Line(Verb.LOG.name(), java.util.Map.of())
                    .with("version", VERSION)
                    .with("role", role)
                    .with(about.fields())
                    .with("pid", ProcessHandle.current().pid())
                    .with("wall", Stamp.nowMicros())
                    .with("mono", monoMicros()));
            return log;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot begin " + path, e);
        }
    }

    /** Time by the clock that all processes of a machine share and that nobody sets, in microseconds. */
    public static long monoMicros() {
        return System.nanoTime() / 1_000;
    }

    /** A word that can be part of a file's name. */
    public static String fileWord(String name) {
        return name.replaceAll("[^A-Za-z0-9._-]", "_");
    }

    public void append(Line line) {
        synchronized (single) {
            single.clear();
            single.raw(line.toString()).end();
            append(single);
        }
    }

    /** Writes whole lines in one go, and empties the buffer. The caller guards the buffer. */
    void append(LineBuffer lines) {
        try {
            file.write(lines.bytes(), 0, lines.length());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to " + path, e);
        }
        lines.clear();
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + path, e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
