package io.framebroker.loadgen.log;

import io.framebroker.loadgen.role.Line;
import java.nio.file.Path;

/** What one start of a checked publisher says. Thread-safe. */
public final class PublisherLog implements AutoCloseable {
    public static final String ROLE = "publisher";

    private static final int SOURCE = 0;

    private final EventLog log;

    /** Guarded by this. */
    private final LineBuffer lines = new LineBuffer();

    private PublisherLog(EventLog log) {
        this.log = log;
    }

    public static PublisherLog create(Path folder, FrameSource source, long seed) {
        String name = EventLog.fileWord(source.stream() + "-" + source.publisher() + "-" + source.epoch());
        PublisherLog log = new PublisherLog(EventLog.create(
                folder.resolve(ROLE + "-" + name + EventLog.SUFFIX),
                ROLE,
                Line.of("about").with("run", source.run()).with("seed", seed)));
        log.begin(source);
        return log;
    }

    private synchronized void begin(FrameSource source) {
        write(lines.verb(Verb.SOURCE)
                .number(SOURCE)
                .word(source.run())
                .word(source.stream())
                .word(source.publisher())
                .number(source.epoch()));
    }

    public synchronized void invoke(long sequence) {
        write(event(Verb.INVOKE, sequence).number(EventLog.monoMicros()));
    }

    /** The first {@code count} of these are stored. */
    public synchronized void acked(long[] sequences, int count, String level) {
        long now = EventLog.monoMicros();
        for (int i = 0; i < count; i++) {
            event(Verb.ACK, sequences[i]).word(level).number(now).end();
        }
        log.append(lines);
    }

    public synchronized void duplicate(long sequence) {
        write(event(Verb.DUP, sequence).number(EventLog.monoMicros()));
    }

    /** A frame that is not, or not known to be, stored: {@code FAIL}, {@code UNKNOWN}, {@code REPORTED} or {@code UNSENT}. */
    public synchronized void notStored(Verb how, long sequence, String reason) {
        write(event(how, sequence).word(reason).number(EventLog.monoMicros()));
    }

    public synchronized void call() {
        write(lines.verb(Verb.CALL).number(EventLog.monoMicros()));
    }

    public synchronized void callEnd(String status) {
        write(lines.verb(Verb.CALL_END).word(status).number(EventLog.monoMicros()));
    }

    public synchronized void end(long unresolved) {
        write(lines.verb(Verb.END).number(unresolved).number(EventLog.monoMicros()));
    }

    @Override
    public void close() {
        log.close();
    }

    private LineBuffer event(Verb verb, long sequence) {
        return lines.verb(verb).number(SOURCE).number(sequence);
    }

    private void write(LineBuffer line) {
        line.end();
        log.append(line);
    }
}
