package io.framebroker.loadgen.log;

import io.framebroker.loadgen.role.Line;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a log line by line: {@link #next} goes to the next line, {@link #verb} tells what it is, and {@link #number} and
 * {@link #word} take its words in turn. A last line without its end was being written when its process was killed: it is passed
 * over. Whatever else cannot be read is a {@link LogException}. Used by one thread.
 */
public final class LogFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int MOST_SHOWN_CHARS = 80;

    private final Path path;
    private final InputStream file;

    private byte[] buffer = new byte[BUFFER_BYTES];

    /** What was read and lies behind the present line. */
    private int unread;

    private int filled;

    /** The present line, without its end. */
    private int lineStart;

    private int lineEnd;

    /** Where the next word begins. */
    private int at;

    private long lineNumber;
    private Line about;

    private LogFile(Path path, InputStream file) {
        this.path = path;
        this.file = file;
    }

    /**
     * Opens a file and reads its first line.
     *
     * @return null when not even that was written to the end
     * @throws LogException when it is not a log of this version
     */
    public static LogFile open(Path path) throws IOException {
        LogFile log = new LogFile(path, new FileInputStream(path.toFile()));
        try {
            if (!log.next()) {
                log.close();
                return null;
            }
            if (log.verb() != Verb.LOG) {
                throw log.unreadable("does not begin with LOG");
            }
            log.about = log.line();
            if (!String.valueOf(EventLog.VERSION).equals(log.about.get("version"))) {
                throw log.unreadable("is not of version " + EventLog.VERSION);
            }
            return log;
        } catch (RuntimeException e) {
            log.close();
            throw e;
        }
    }

    /** What the first line says. */
    public Line about() {
        return about;
    }

    /** Whether there is a next line, complete. */
    public boolean next() throws IOException {
        int from = unread;
        while (true) {
            for (int i = from; i < filled; i++) {
                if (buffer[i] == '\n') {
                    lineStart = unread;
                    lineEnd = i;
                    at = lineStart;
                    unread = i + 1;
                    lineNumber++;
                    return true;
                }
            }
            from = filled - unread;
            if (!fill()) {
                return false;
            }
        }
    }

    /** Moves what is unread to the front and reads on. */
    private boolean fill() throws IOException {
        System.arraycopy(buffer, unread, buffer, 0, filled - unread);
        filled -= unread;
        unread = 0;
        if (filled == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int read = file.read(buffer, filled, buffer.length - filled);
        filled += Math.max(0, read);
        return read > 0;
    }

    /** First word of the line. */
    public Verb verb() {
        long letters = 0;
        int start = at;
        while (at < lineEnd && buffer[at] != ' ') {
            letters = letters << 8 | buffer[at] & 0xff;
            at++;
        }
        Verb verb = at - start > Long.BYTES ? null : Verb.of(letters);
        if (verb == null) {
            throw unreadable("has no known verb");
        }
        return verb;
    }

    /** The next word, a whole number. */
    public long number() {
        begin();
        long number = digits();
        end();
        return number;
    }

    /** A number that counts frames of a source. */
    public int sequence() {
        long sequence = number();
        if (sequence < 1 || sequence > Integer.MAX_VALUE - Long.SIZE) {
            throw unreadable("has a sequence outside 1.." + (Integer.MAX_VALUE - Long.SIZE));
        }
        return (int) sequence;
    }

    /** First half of a frame's id; {@link #ordinal} must follow. */
    public long generation() {
        begin();
        long generation = digits();
        if (at >= lineEnd || buffer[at++] != '-') {
            throw unreadable("has an id that is not generation-ordinal");
        }
        return generation;
    }

    /** Second half of it. */
    public long ordinal() {
        long ordinal = digits();
        end();
        return ordinal;
    }

    public String word() {
        begin();
        int start = at;
        skip();
        return new String(buffer, start, at - start, StandardCharsets.UTF_8);
    }

    /** First letter of the next word, which is passed over. */
    public char letter() {
        begin();
        char letter = (char) buffer[at];
        skip();
        return letter;
    }

    /** The whole line, of {@code name=value} words. */
    public Line line() {
        try {
            return Line.parse(text());
        } catch (IllegalArgumentException e) {
            throw unreadable(e.getMessage());
        }
    }

    /** What to throw when the present line makes no sense. */
    public LogException unreadable(String why) {
        String text = text();
        String shown = text.length() > MOST_SHOWN_CHARS ? text.substring(0, MOST_SHOWN_CHARS) + "..." : text;
        return new LogException(path.getFileName() + " line " + lineNumber + " " + why + ": " + shown);
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private String text() {
        return new String(buffer, lineStart, lineEnd - lineStart, StandardCharsets.UTF_8);
    }

    private void begin() {
        if (at >= lineEnd || buffer[at] != ' ' || ++at >= lineEnd) {
            throw unreadable("ends too early");
        }
    }

    private void skip() {
        while (at < lineEnd && buffer[at] != ' ') {
            at++;
        }
    }

    private void end() {
        if (at < lineEnd && buffer[at] != ' ') {
            throw unreadable("has no number where one is due");
        }
    }

    private long digits() {
        boolean negative = at < lineEnd && buffer[at] == '-';
        int start = negative ? ++at : at;
        long number = 0;
        while (at < lineEnd && buffer[at] >= '0' && buffer[at] <= '9') {
            number = number * 10 + (buffer[at++] - '0');
        }
        if (at == start || at - start > 18) {
            throw unreadable("has no number where one is due");
        }
        return negative ? -number : number;
    }
}
