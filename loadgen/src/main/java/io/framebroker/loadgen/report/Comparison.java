package io.framebroker.loadgen.report;

import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.targets.Side;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The rounds of several sides. */
public final class Comparison {
    /** In the order of the tables. */
    private final Map<Side, List<Measurement>> rounds = new LinkedHashMap<>();

    /** What is compared, and its name in the table. */
    private final ToDoubleFunction<Measurement> figure;

    private final String figureName;

    /** The same in JSON. */
    private final String figureKey;

    private Comparison(List<Side> sides, String figureName, String figureKey, ToDoubleFunction<Measurement> figure) {
        sides.forEach(side -> rounds.put(side, new ArrayList<>()));
        this.figureName = figureName;
        this.figureKey = figureKey;
        this.figure = figure;
    }

    /** Compares frames delivered, in all groups together. */
    public static Comparison ofDelivered(List<Side> sides) {
        return new Comparison(sides, "frames/s", "delivered_fps", Measurement::deliveredPerSecond);
    }

    /** Compares frames settled by every group. */
    public static Comparison ofSettled(List<Side> sides) {
        return new Comparison(sides, "settled frames/s", "settled_fps", Measurement::settledPerSecond);
    }

    /** Adds a side's next round. All sides must have the same number in the end. */
    public void add(Measurement measurement) {
        rounds.get(measurement.side()).add(measurement);
    }

    public Spread spread(Side side, ToDoubleFunction<Measurement> figure) {
        return Spread.of(values(side, figure));
    }

    List<Side> sides() {
        return List.copyOf(rounds.keySet());
    }

    /** Frames a second of one side to those of another, round by round. */
    public Spread ratio(Side numerator, Side denominator) {
        return ratio(numerator, denominator, figure);
    }

    private Spread ratio(Side numerator, Side denominator, ToDoubleFunction<Measurement> of) {
        return Spread.ratios(values(numerator, of), values(denominator, of));
    }

    private List<Double> values(Side side, ToDoubleFunction<Measurement> figure) {
        if (!rounds.containsKey(side)) {
            throw new IllegalArgumentException("target " + side + " was not measured; measured: " + rounds.keySet());
        }
        return rounds.get(side).stream().map(figure::applyAsDouble).toList();
    }

    /** Tables for people. */
    public String toText() {
        Table figures = new Table("target", "frames/s", "MB/s", "p50 ms", "p99 ms", "p99.9 ms");
        Table cpu = new Table("CPU-s per 1 000 frames", "publisher", "middle", "consumer");
        for (Side side : rounds.keySet()) {
            figures.row(
                    side.label(),
                    range(spread(side, Measurement::deliveredPerSecond)),
                    range(spread(side, Measurement::megabytesPerSecond)),
                    Figures.millis(spread(side, m -> m.latencyMillis(50)).median()),
                    Figures.millis(spread(side, m -> m.latencyMillis(99)).median()),
                    Figures.millis(spread(side, m -> m.latencyMillis(99.9)).median()));
            cpu.row(
                    side.label(),
                    Figures.significant(
                            spread(side, m -> m.cpuPerThousand("publisher")).median()),
                    Figures.significant(
                            spread(side, m -> m.cpuPerThousand(side.target().label()))
                                    .median()),
                    Figures.significant(
                            spread(side, m -> m.cpuPerThousand("consumer")).median()));
        }
        return figures + "\n" + cpu + "\n" + memory() + "\n" + ratios();
    }

    /** The most each process took, over all rounds: memory that is not given back is what a machine must have. */
    String memory() {
        Table table = new Table("peak memory, MiB", "publisher", "middle", "server", "consumer");
        for (Side side : rounds.keySet()) {
            List<String> cells = new ArrayList<>(List.of(side.label()));
            for (String process : roles(side).values()) {
                cells.add(Figures.whole(
                        spread(side, m -> m.peakMebibytes(process)).max()));
            }
            table.row(cells.toArray(String[]::new));
        }
        return table.toString();
    }

    /** Name of the process of each column, in the tables' order; a server that a target has none of is a name nobody has. */
    private static Map<String, String> roles(Side side) {
        Map<String, String> roles = new LinkedHashMap<>();
        roles.put("publisher", "publisher");
        roles.put("middle", side.target().label());
        roles.put("server", String.valueOf(side.target().server()));
        roles.put("consumer", "consumer");
        return roles;
    }

    /** What is compared of whom: frames a second flat out; of frames at fixed times all targets carry as many, and latency tells. */
    String ratios() {
        if (pairs().isEmpty()) {
            return "";
        }
        return paced()
                ? ratios("p50 ms", m -> m.latencyMillis(50)) + "\n" + ratios("p99 ms", m -> m.latencyMillis(99))
                : ratios(figureName, figure).toString();
    }

    private boolean paced() {
        return rounds.values().stream()
                .flatMap(List::stream)
                .noneMatch(measured -> measured.workload().flatOut());
    }

    private Table ratios(String name, ToDoubleFunction<Measurement> of) {
        Table table = new Table("ratio of " + name, "median [min - max]", "");
        for (Side[] pair : pairs()) {
            Spread ratio = ratio(pair[0], pair[1], of);
            table.row(
                    pair[0] + " / " + pair[1],
                    Figures.decimals(ratio.median(), 2) + " [" + Figures.decimals(ratio.min(), 2) + " - "
                            + Figures.decimals(ratio.max(), 2) + "]",
                    ratio.coversOne() ? "not distinguishable" : "");
        }
        return table;
    }

    /** Each side against the first and the second, but peers, against which all others are held. */
    private List<Side[]> pairs() {
        List<Side> sides = sides();
        List<Side[]> pairs = new ArrayList<>();
        for (int i = 0; i < sides.size(); i++) {
            for (int j = 0; j < sides.size(); j++) {
                boolean yardstick = j < i && j < 2 && !isPeer(sides.get(i));
                boolean peer = isPeer(sides.get(j)) && (j < i || !isPeer(sides.get(i)));
                if (i != j && (yardstick || peer)) {
                    pairs.add(new Side[] {sides.get(i), sides.get(j)});
                }
            }
        }
        return pairs;
    }

    private static boolean isPeer(Side side) {
        return side.target().isPeer();
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("compared", figureKey);
        Map<String, Object> byTarget = new LinkedHashMap<>();
        rounds.forEach((side, measurements) -> {
            Map<String, Object> of = new LinkedHashMap<>();
            of.put(
                    "delivered_fps",
                    spread(side, Measurement::deliveredPerSecond).toJson());
            of.put(
                    "delivered_mb_per_s",
                    spread(side, Measurement::megabytesPerSecond).toJson());
            of.put("settled_fps", spread(side, Measurement::settledPerSecond).toJson());
            of.put(
                    "published_fps",
                    spread(side, Measurement::publishedPerSecond).toJson());
            Map<String, Object> memory = new LinkedHashMap<>();
            roles(side)
                    .forEach((role, process) -> memory.put(
                            role, spread(side, m -> m.peakMebibytes(process)).max()));
            of.put("peak_resident_mib", memory);
            of.put("rounds", measurements.stream().map(Measurement::toJson).toList());
            byTarget.put(side.label(), of);
        });
        json.put("targets", byTarget);
        Map<String, Object> ratios = new LinkedHashMap<>();
        for (Side[] pair : pairs()) {
            Spread ratio = ratio(pair[0], pair[1]);
            Map<String, Object> of = ratio.toJson();
            of.put("distinguishable", !ratio.coversOne());
            ratios.put(pair[0] + "/" + pair[1], of);
        }
        json.put("ratios", ratios);
        return json;
    }

    static String range(Spread spread) {
        return Figures.whole(spread.median()) + " [" + Figures.whole(spread.min()) + " - " + Figures.whole(spread.max())
                + "]";
    }
}
