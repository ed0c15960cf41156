package io.framebroker.loadgen.report;

import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.targets.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The rounds of several targets, side by side. */
public final class Comparison {
    private final Map<Target, List<Measurement>> rounds = new LinkedHashMap<>();

    /** Adds a target's next round. All targets must have the same number in the end. */
    public void add(Measurement measurement) {
        rounds.computeIfAbsent(measurement.target(), target -> new ArrayList<>())
                .add(measurement);
    }

    public Spread spread(Target target, ToDoubleFunction<Measurement> figure) {
        return Spread.of(values(target, figure));
    }

    /** Frames delivered a second by one target to those by another, round by round. */
    public Spread ratio(Target numerator, Target denominator) {
        return Spread.ratios(
                values(numerator, Measurement::deliveredPerSecond),
                values(denominator, Measurement::deliveredPerSecond));
    }

    private List<Double> values(Target target, ToDoubleFunction<Measurement> figure) {
        if (!rounds.containsKey(target)) {
            throw new IllegalArgumentException("target " + target + " was not measured; measured: " + rounds.keySet());
        }
        return rounds.get(target).stream().map(figure::applyAsDouble).toList();
    }

    /** Tables for people. */
    public String toText() {
        Table figures = new Table("target", "frames/s", "MB/s", "p50 ms", "p99 ms", "p99.9 ms");
        Table cpu = new Table("CPU-s per 1 000 frames", "publisher", "middle", "consumer");
        for (Target target : rounds.keySet()) {
            figures.row(
                    target.label(),
                    range(spread(target, Measurement::deliveredPerSecond)),
                    range(spread(target, Measurement::megabytesPerSecond)),
                    Figures.millis(spread(target, m -> m.latencyMillis(50)).median()),
                    Figures.millis(spread(target, m -> m.latencyMillis(99)).median()),
                    Figures.millis(spread(target, m -> m.latencyMillis(99.9)).median()));
            cpu.row(
                    target.label(),
                    Figures.significant(
                            spread(target, m -> m.cpuPerThousand("publisher")).median()),
                    Figures.significant(spread(target, m -> m.cpuPerThousand(target.label()))
                            .median()),
                    Figures.significant(
                            spread(target, m -> m.cpuPerThousand("consumer")).median()));
        }
        return figures + "\n" + cpu + "\n" + ratios();
    }

    private String ratios() {
        Table table = new Table("ratio of frames/s", "median [min - max]", "");
        for (Target[] pair : pairs()) {
            Spread ratio = ratio(pair[0], pair[1]);
            table.row(
                    pair[0] + " / " + pair[1],
                    Figures.decimals(ratio.median(), 2) + " [" + Figures.decimals(ratio.min(), 2) + " - "
                            + Figures.decimals(ratio.max(), 2) + "]",
                    ratio.coversOne() ? "not distinguishable" : "");
        }
        return table.toString();
    }

    /** Each target against the first and the second. */
    private List<Target[]> pairs() {
        List<Target> targets = List.copyOf(rounds.keySet());
        List<Target[]> pairs = new ArrayList<>();
        for (int i = 1; i < targets.size(); i++) {
            for (int j = 0; j < Math.min(i, 2); j++) {
                pairs.add(new Target[] {targets.get(i), targets.get(j)});
            }
        }
        return pairs;
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> byTarget = new LinkedHashMap<>();
        rounds.forEach((target, measurements) -> {
            Map<String, Object> of = new LinkedHashMap<>();
            of.put(
                    "delivered_fps",
                    spread(target, Measurement::deliveredPerSecond).toJson());
            of.put(
                    "delivered_mb_per_s",
                    spread(target, Measurement::megabytesPerSecond).toJson());
            of.put("rounds", measurements.stream().map(Measurement::toJson).toList());
            byTarget.put(target.label(), of);
        });
        json.put("targets", byTarget);
        Map<String, Object> ratios = new LinkedHashMap<>();
        for (Target[] pair : pairs()) {
            Spread ratio = ratio(pair[0], pair[1]);
            Map<String, Object> of = ratio.toJson();
            of.put("distinguishable", !ratio.coversOne());
            ratios.put(pair[0] + "/" + pair[1], of);
        }
        json.put("ratios", ratios);
        return json;
    }

    private static String range(Spread spread) {
        return Figures.whole(spread.median()) + " [" + Figures.whole(spread.min()) + " - " + Figures.whole(spread.max())
                + "]";
    }
}
