package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.Line;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The broker's own ledgers as they were when all faults were over, against what the logs say. */
final class Ledgers {
    private record GroupKey(String stream, String group) {}

    private final RunAccount run;
    private final Map<String, Line> streams = new LinkedHashMap<>();
    private final Map<GroupKey, Line> groups = new HashMap<>();

    Ledgers(RunAccount run) {
        this.run = run;
    }

    void read(LogFile log) throws IOException {
        while (log.next()) {
            Verb verb = log.verb();
            Line line = log.line();
            switch (verb) {
                case LEDGER -> streams.put(line.get("stream"), line);
                case GROUP -> groups.put(new GroupKey(line.get("stream"), line.get("group")), line);
                case DEAD -> {
                    FrameSource.Frame frame = FrameSource.parse(line.get("frame"));
                    if (frame != null && frame.sequence() > 0 && frame.sequence() < Integer.MAX_VALUE) {
                        dead(line, run.source(frame.source()), (int) frame.sequence());
                    }
                }
                default -> throw log.unreadable("has no place among ledgers");
            }
        }
    }

    private void dead(Line line, SourceAccount source, int sequence) {
        String where = "group " + line.get("group");
        if (!run.group(line.get("group")).of(source).deadLettered.add(sequence)) {
            run.offences.add(Verdict.DEAD_MISMATCH, source, sequence, where + ", there twice");
        }
        String reason = line.fields().getOrDefault("reason", Checker.POISON_REASON);
        String attempts = line.fields().getOrDefault("attempts", Integer.toString(Checker.POISON_ATTEMPTS));
        if (!reason.equals(Checker.POISON_REASON) || !attempts.equals(Integer.toString(Checker.POISON_ATTEMPTS))) {
            run.offences.add(
                    Verdict.DEAD_MISMATCH,
                    source,
                    sequence,
                    where + ", " + reason + " after " + attempts + " attempts");
        }
    }

    /** Dead letters of a group that are there at the end. */
    long dead(String stream, String group) {
        Line line = groups.get(new GroupKey(stream, group));
        return line == null ? 0 : Long.parseLong(line.fields().getOrDefault("dead", "0"));
    }

    boolean has(String stream) {
        return streams.containsKey(stream);
    }

    /** Frames the ledger says the group was not given, by whatever reason; 0 without a ledger. */
    long skipped(String stream, String group) {
        return withPrefix(groups.get(new GroupKey(stream, group)), "skipped.").values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** Frames the ledger says the group has still to take or to settle. */
    long unsettled(String stream, String group) {
        Line line = groups.get(new GroupKey(stream, group));
        return line == null ? 0 : line.number("waiting") + line.number("pending");
    }

    /**
     * Compares the ledgers of streams. What a publisher was killed before it could tell may be counted either way.
     *
     * @param lost acked frames that are gone, and may be missing from the ledger too
     * @param crashed whether a store crashed that keeps less than it confirms, ledgers included
     */
    void compare(Map<SourceAccount, Bits> lost, boolean crashed) {
        for (Line line : streams.values()) {
            StreamAccount stream = run.stream(line.get("stream"));
            if (stream.sources.stream().anyMatch(source -> source.published)) {
                compare(stream, line, lost, crashed);
            }
        }
        groups.forEach((key, line) -> {
            if (line.number("imbalance") != 0) {
                mismatch(key.stream + " group " + key.group + ": imbalance " + line.number("imbalance"));
            }
        });
    }

    private void compare(StreamAccount stream, Line line, Map<SourceAccount, Bits> lost, boolean crashed) {
        long gone = 0;
        long certain = 0;
        long open = 0;
        boolean allEnded = true;
        for (SourceAccount source : stream.sources) {
            Bits seen = source.acked.copy().plus(source.storedIds.known());
            // What was refused and is there all the same has its verdict, and may be counted either way.
            Bits stored = seen.copy().minus(source.refused);
            gone += lost.containsKey(source) ? lost.get(source).count() : 0;
            certain += stored.count();
            open += source.open().minus(stored).count() + seen.count() - stored.count();
            allEnded &= source.ended || !source.published;
        }
        if (line.number("imbalance") != 0) {
            mismatch(stream.name + ": imbalance " + line.number("imbalance"));
        }
        compare(stream.name + " stored", line.number("stored"), crashed ? 0 : certain - gone, certain + open);
        compare(stream.name + " dropped", withPrefix(line, "dropped."), stream.failed, !crashed, open);
        compare(stream.name + " reported", withPrefix(line, "reported."), stream.reported, allEnded && !crashed, open);
    }

    /**
     * @param told whether what the logs have must be in the ledger
     * @param open frames the ledger may have beyond the logs
     */
    private void compare(String what, Map<String, Long> ledger, Map<String, Long> logs, boolean told, long open) {
        Set<String> reasons = new TreeSet<>(ledger.keySet());
        reasons.addAll(logs.keySet());
        for (String reason : reasons) {
            long logged = logs.getOrDefault(reason, 0L);
            compare(what + " " + reason, ledger.getOrDefault(reason, 0L), told ? logged : 0, logged + open);
        }
    }

    private void compare(String what, long ledger, long least, long most) {
        if (ledger < least || ledger > most) {
            mismatch(what + ": the ledger says " + ledger + ", the logs "
                    + (least == most ? "say " + least : "allow " + least + " to " + most));
        }
    }

    private void mismatch(String what) {
        run.offences.add(Verdict.DROP_MISMATCH, what);
    }

    private static Map<String, Long> withPrefix(Line line, String prefix) {
        Map<String, Long> found = new LinkedHashMap<>();
        if (line != null) {
            line.fields().forEach((name, value) -> {
                if (name.startsWith(prefix)) {
                    found.put(name.substring(prefix.length()), Long.parseLong(value));
                }
            });
        }
        return found;
    }
}
