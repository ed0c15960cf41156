package io.framebroker.loadgen.log;

import io.framebroker.loadgen.role.Line;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What one start of a checked consumer says. Thread-safe. */
public final class ConsumerLog implements AutoCloseable {
    public static final String ROLE = "consumer";

    private final EventLog log;

    /** Both guarded by this. */
    private final LineBuffer lines = new LineBuffer();

    private final Map<FrameSource, Integer> sources = new HashMap<>();

    private ConsumerLog(EventLog log) {
        this.log = log;
    }

    /**
     * @param streams all frames of which the group is to get
     * @param early whether it gets them before they are stored
     */
    public static ConsumerLog create(
            Path folder, String run, String group, String consumer, List<String> streams, boolean early, long seed) {
        String name = EventLog.fileWord(group + "-" + consumer + "-" + EventLog.monoMicros());
        return new ConsumerLog(EventLog.create(
                folder.resolve(ROLE + "-" + name + EventLog.SUFFIX),
                ROLE,
                Line.of("about")
                        .with("run", run)
                        .with("group", group)
                        .with("consumer", consumer)
                        .with("streams", String.join(",", streams))
                        .with("early", early)
                        .with("seed", seed)));
    }

    public synchronized void deliver(
            FrameSource source, long sequence, int attempt, long generation, long ordinal, Content content) {
        write(event(Verb.DELIVER, source, sequence, attempt)
                .id(generation, ordinal)
                .word(content.label())
                .number(EventLog.monoMicros()));
    }

    /** {@code ACK_SENT}, {@code ACK_OK}, {@code ALREADY} or {@code NACK}. */
    public synchronized void settlement(Verb verb, FrameSource source, long sequence, int attempt) {
        write(event(verb, source, sequence, attempt).number(EventLog.monoMicros()));
    }

    public synchronized void refused(FrameSource source, long sequence, int attempt, String outcome) {
        write(event(Verb.REFUSED, source, sequence, attempt).word(outcome).number(EventLog.monoMicros()));
    }

    /** @param first and last: ids of the outermost frames, empty when there are none */
    public synchronized void gap(String stream, String reason, long count, String first, String last) {
        write(lines.verb(Verb.GAP)
                .word(stream)
                .word(reason)
                .number(count)
                .word(first)
                .word(last)
                .number(EventLog.monoMicros()));
    }

    public synchronized void end(long unsettled) {
        write(lines.verb(Verb.END).number(unsettled).number(EventLog.monoMicros()));
    }

    @Override
    public void close() {
        log.close();
    }

    private LineBuffer event(Verb verb, FrameSource source, long sequence, int attempt) {
        // Before the line itself is begun: a source that is new here gets a line of its own.
        int number = number(source);
        return lines.verb(verb).number(number).number(sequence).number(attempt);
    }

    private int number(FrameSource source) {
        Integer known = sources.get(source);
        if (known != null) {
            return known;
        }
        int number = sources.size();
        sources.put(source, number);
        lines.verb(Verb.SOURCE)
                .number(number)
                .word(source.run())
                .word(source.stream())
                .word(source.publisher())
                .number(source.epoch())
                .end();
        return number;
    }

    private void write(LineBuffer line) {
        line.end();
        log.append(line);
    }
}
