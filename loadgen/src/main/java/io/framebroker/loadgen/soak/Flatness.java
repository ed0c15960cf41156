package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.report.Figures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Whether a run could go on like this: the last third is compared with the second, by medians, so that one stall is
 * told and not taken for a trend. The first third is for growing into.
 */
public final class Flatness {
    /** Fewer seconds in a third have no median worth the name. */
    private static final int LEAST = 3;
    /** A second is a stall when its slowest frame took so many times the usual p99, */
    private static final int STALL_TIMES = 10;
    /** and so long. */
    private static final double STALL_MILLIS = 100;

    /** In what part of the seconds nothing need be delivered: half of a third, whose median is nobody's then. */
    private static final double MOST_SILENT = 1 / 6.0;

    private static final double MIB = 1 << 20;

    private final List<Second> all;
    private final List<Second> middle;
    private final List<Second> last;
    private final Tolerance tolerance;
    private final List<String> lines = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    private Flatness(List<Second> seconds, Tolerance tolerance) {
        int third = seconds.size() / 3;
        this.all = seconds;
        this.middle = seconds.subList(third, 2 * third);
        this.last = seconds.subList(2 * third, seconds.size());
        this.tolerance = tolerance;
    }

    public static Flatness of(List<Second> seconds, Tolerance tolerance) {
        Flatness flatness = new Flatness(seconds, tolerance);
        flatness.judge();
        return flatness;
    }

    /** What is not flat; empty when all is. */
    public List<String> wrong() {
        return List.copyOf(wrong);
    }

    private void judge() {
        if (middle.size() < LEAST) {
            wrong.add(all.size() + " seconds are too few to tell, " + 3 * LEAST + " are needed");
            return;
        }
        flows();
        latency("latency p50", second -> second.latency().p50());
        latency("latency p99", second -> second.latency().p99());
        stalls();
        for (String process : last.get(0).processes().keySet()) {
            memory(process);
        }
        disk();
    }

    private void flows() {
        long silent = all.stream()
                .filter(second -> Double.isNaN(second.latency().p99()))
                .count();
        if (MOST_SILENT * all.size() < silent) {
            wrong.add("nothing was delivered in " + silent + " of " + all.size() + " seconds");
        }
        lines.add("frames/s delivered, medians of thirds: " + thirds(Second::deliveredPerSecond, 1));
    }

    private void latency(String what, ToDoubleFunction<Second> of) {
        double before = median(middle, of);
        double after = median(last, of);
        lines.add(what + " ms: " + thirds(of, 1));
        if (after > before + Math.max(tolerance.latencyMillis(), before * tolerance.latency())) {
            wrong.add(what + " rose from " + figure(before) + " to " + figure(after) + " ms, more than "
                    + percent(tolerance.latency()) + " and " + Figures.millis(tolerance.latencyMillis()) + " ms");
        }
    }

    private void stalls() {
        double usual = median(all, second -> second.latency().p99());
        double bound = Math.max(STALL_MILLIS, STALL_TIMES * usual);
        List<Second> stalls =
                all.stream().filter(second -> second.latency().max() > bound).toList();
        double worst = stalls.stream()
                .mapToDouble(second -> second.latency().max())
                .max()
                .orElse(0);
        lines.add("seconds with a frame later than " + figure(bound) + " ms: " + stalls.size()
                + (stalls.isEmpty() ? "" : ", the worst " + figure(worst) + " ms"));
    }

    private void memory(String process) {
        ToDoubleFunction<Second> resident =
                second -> second.processes().get(process).residentBytes();
        double before = median(middle, resident);
        double after = median(last, resident);
        if (before == 0) {
            return;
        }
        lines.add("resident memory of " + process + " MiB: " + thirds(resident, MIB));
        if (after > before * (1 + tolerance.memory())) {
            wrong.add("resident memory of " + process + " rose from " + Figures.whole(before / MIB) + " to "
                    + Figures.whole(after / MIB) + " MiB, more than " + percent(tolerance.memory()));
        }
    }

    private void disk() {
        long most =
                all.stream().mapToLong(second -> second.disk().bytes()).max().orElse(0);
        long limit = last.get(0).disk().limitBytes();
        if (most > 0) {
            lines.add("disk MiB: at most " + Figures.whole(most / MIB)
                    + (limit == 0 ? "" : ", limit " + Figures.whole(limit / MIB)));
        }
        all.stream()
                .filter(second -> limit > 0 && second.disk().bytes() > limit)
                .findFirst()
                .ifPresent(first -> wrong.add("disk use went above its limit of " + limit + " bytes at "
                        + Figures.whole(first.at()) + " s, to " + most + " at most"));
    }

    private String thirds(ToDoubleFunction<Second> of, double unit) {
        List<Second> first = all.subList(0, middle.size());
        return figure(median(first, of) / unit) + ", " + figure(median(middle, of) / unit) + ", "
                + figure(median(last, of) / unit);
    }

    private static String figure(double value) {
        return value < 100 ? Figures.millis(value) : Figures.whole(value);
    }

    /** Of what is known; NaN when nothing is. */
    private static double median(List<Second> seconds, ToDoubleFunction<Second> of) {
        double[] known = seconds.stream()
                .mapToDouble(of)
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        return known.length == 0 ? Double.NaN : known[known.length / 2];
    }

    private static String percent(double part) {
        return Math.round(part * 100) + " %";
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("flat", wrong.isEmpty());
        json.put("wrong", wrong());
        json.put("thirds", List.copyOf(lines));
        return json;
    }

    @Override
    public String toString() {
        List<String> text = new ArrayList<>(lines);
        text.add(wrong.isEmpty() ? "flat" : "NOT FLAT: " + String.join("; ", wrong));
        return String.join(System.lineSeparator(), text) + System.lineSeparator();
    }
}
