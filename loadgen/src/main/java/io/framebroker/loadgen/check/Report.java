package io.framebroker.loadgen.check;

import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.report.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the logs of a run show. */
public final class Report {
    private final Terms terms;
    private final Offences offences;
    private final Map<String, Long> counts;
    private final long faults;
    private final long bytes;
    private final long tookNanos;

    Report(Terms terms, RunAccount run, long faults, long tookNanos) {
        this.terms = terms;
        this.offences = run.offences;
        this.counts = run.counts.toMap();
        this.faults = faults;
        this.bytes = run.counts.bytes;
        this.tookNanos = tookNanos;
    }

    /** Whether nothing is wrong that the terms do not allow. */
    public boolean clean() {
        return spoiling().isEmpty();
    }

    /** Verdicts that spoil the run. */
    public List<Verdict> spoiling() {
        List<Verdict> spoiling = new ArrayList<>(found());
        spoiling.removeAll(terms.allowed());
        return spoiling;
    }

    /** Verdicts for which there is something, allowed or not. */
    public List<Verdict> found() {
        List<Verdict> found = new ArrayList<>();
        for (Verdict verdict : Verdict.values()) {
            if (offences.count(verdict) > 0) {
                found.add(verdict);
            }
        }
        return found;
    }

    /** Frames, or whatever else the verdict is about. */
    public long count(Verdict verdict) {
        return offences.count(verdict);
    }

    /** The first 20 of them, by name. */
    public List<String> first(Verdict verdict) {
        return offences.first(verdict);
    }

    /** Events of a kind, for instance {@code acked}. */
    public long events(String kind) {
        return counts.get(kind);
    }

    public String toText() {
        Table verdicts = new Table("verdict", "count", "");
        for (Verdict verdict : Verdict.values()) {
            long count = offences.count(verdict);
            verdicts.row(
                    verdict.name(),
                    Figures.whole(count),
                    count > 0 && terms.allowed().contains(verdict) ? "allowed" : "");
        }
        StringBuilder text = new StringBuilder(verdicts.toString()).append('\n');
        for (Verdict verdict : found()) {
            text.append(verdict).append(":\n");
            first(verdict).forEach(each -> text.append("  ").append(each).append('\n'));
            if (count(verdict) > first(verdict).size()) {
                text.append("  and ")
                        .append(Figures.whole(count(verdict) - first(verdict).size()))
                        .append(" more\n");
            }
            text.append('\n');
        }
        Table events = new Table("events", "count");
        counts.forEach((name, count) -> events.row(name.replace('_', ' '), Figures.whole(count)));
        events.row("faults", Figures.whole(faults));
        return text.append(events)
                .append(String.format("%nread %s MB of logs in %s s%n", Figures.whole(bytes / 1e6), seconds()))
                .append(clean() ? "clean" : "NOT CLEAN: " + spoiling())
                .append('\n')
                .toString();
    }

    public Map<String, Object> toJson() {
        Map<String, Object> verdicts = new LinkedHashMap<>();
        for (Verdict verdict : Verdict.values()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("count", count(verdict));
            entry.put("allowed", terms.allowed().contains(verdict));
            entry.put("first", first(verdict));
            verdicts.put(verdict.name(), entry);
        }
        Map<String, Object> events = new LinkedHashMap<>(counts);
        events.put("faults", faults);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("clean", clean());
        json.put("verdicts", verdicts);
        json.put("events", events);
        json.put("log_bytes", bytes);
        json.put("seconds", tookNanos / 1e9);
        return json;
    }

    private String seconds() {
        return Figures.decimals(tookNanos / 1e9, 1);
    }

    @Override
    public String toString() {
        return toText();
    }
}
