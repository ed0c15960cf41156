package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the log of one consumer into the account of the run. Publishers' logs must have been read before. What takes several
 * deliveries of a frame to judge is only noted here, for {@link RedeliveryReading}.
 */
final class ConsumerReading {
    /** Position in the order in which a publisher's frames are to come; for one publisher on one stream. */
    private static final class Position {
        private long epoch;
        private int sequence;
    }

    private final RunAccount run;
    private final Faults faults;
    private final Terms terms;
    private final SourceTable sources;
    private final Map<List<String>, Position> positions = new HashMap<>();
    private GroupAccount group;

    /** The source of the line before, and what belongs to it. */
    private SourceAccount source;

    private Deliveries deliveries;
    private Position position;

    ConsumerReading(RunAccount run, Faults faults, Terms terms) {
        this.run = run;
        this.faults = faults;
        this.terms = terms;
        this.sources = new SourceTable(run);
    }

    void read(LogFile log) throws IOException {
        group = run.group(log.about().get("group"));
        group.early = isEarly(log);
        group.streams.addAll(List.of(log.about().get("streams").split(",")));
        while (log.next()) {
            switch (log.verb()) {
                case SOURCE -> sources.define(log);
                case DELIVER -> delivered(log);
                case ACK_OK -> confirmed(log);
                case ALREADY -> run.counts.confirmed++;
                case REFUSED -> run.counts.refused++;
                case NACK -> run.counts.nacked++;
                case ACK_SENT, GAP, END -> {
                    // For people, and for what may come to be judged.
                }
                default -> throw log.unreadable("has no place in the log of a consumer");
            }
        }
    }

    /** Whether its group gets frames before they are stored. */
    static boolean isEarly(LogFile log) {
        return Boolean.parseBoolean(log.about().fields().getOrDefault("early", "false"));
    }

    private void delivered(LogFile log) {
        takeSource(log);
        long sequence = log.number();
        long attempt = log.number();
        long generation = log.generation();
        long ordinal = log.ordinal();
        char content = log.letter();
        long micros = log.number();
        run.counts.delivered++;
        if (attempt > 1) {
            run.counts.redelivered++;
        }
        if (sequence < 1 || sequence > Integer.MAX_VALUE || !source.invoked.has((int) sequence)) {
            run.offences.add(
                    Verdict.GHOST,
                    source.source.frameId(sequence) + " (" + generation + "-" + ordinal + " in group " + group.name
                            + ")");
            return;
        }
        judge((int) sequence, attempt, generation, ordinal, content, micros);
    }

    private void confirmed(LogFile log) {
        takeSource(log);
        long sequence = log.number();
        run.counts.confirmed++;
        if (sequence > 0 && sequence <= Integer.MAX_VALUE) {
            deliveries.confirmed.add((int) sequence);
        }
    }

    private void judge(int sequence, long attempt, long generation, long ordinal, char content, long micros) {
        String where = "group " + group.name;
        if (content != 'o') {
            run.offences.add(Verdict.CORRUPT, source, sequence, where + ", " + corruption(content));
        }
        if (source.refused.has(sequence)) {
            run.offences.add(Verdict.FAIL_BUT_STORED, source, sequence, where);
        }
        if (!source.storedIds.note(sequence, generation, ordinal)) {
            // Another entry of the stream, with attempts and settlements of its own.
            source.storedTwice.add(sequence);
            if (!group.early) {
                deliveries.delivered.add(sequence);
            }
            return;
        }
        if (!deliveries.delivered.add(sequence)) {
            deliveries.again.add(sequence);
        }
        if (attempt == 1 && deliveries.first.add(sequence)) {
            order(sequence, where, micros);
        }
    }

    private void order(int sequence, String where, long micros) {
        long epoch = source.source.epoch();
        if (epoch < position.epoch || epoch == position.epoch && sequence < position.sequence) {
            if (faults.isOn(terms.givesBack(), micros, terms.recovery())) {
                // Somebody else may have had it before and given it back, which no log of a consumer has.
                run.counts.givenBack++;
                return;
            }
            run.offences.add(
                    Verdict.REORDER,
                    source,
                    sequence,
                    where + ", behind " + position.epoch + "/" + position.sequence + " at one consumer");
        } else {
            position.epoch = epoch;
            position.sequence = sequence;
        }
    }

    private void takeSource(LogFile log) {
        SourceAccount taken = sources.take(log);
        if (taken != source) {
            source = taken;
            deliveries = group.of(taken);
            position = positions.computeIfAbsent(
                    List.of(taken.source.run(), taken.source.stream(), taken.source.publisher()),
                    fresh -> new Position());
        }
    }

    private static String corruption(char content) {
        return switch (content) {
            case 'c' -> "checksum does not fit";
            case 'b' -> "not its own bytes";
            default -> "under another name";
        };
    }
}
