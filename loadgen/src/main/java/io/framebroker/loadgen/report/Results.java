package io.framebroker.loadgen.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.framebroker.loadgen.targets.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * A comparison as it was written down, read back.
 *
 * @param name of the file, without its ending
 * @param work what was carried
 * @param compared name of the rate that counts: settled, or delivered where nothing is
 * @param goals what was wanted of it, in the words of {@link Goal}
 * @param rounds of each side, in the order of the tables
 */
public record Results(String name, Work work, String compared, List<Goal> goals, Map<Side, List<Round>> rounds) {
    private static final String DELIVERED = "delivered_fps";
    private static final double KEPT_UP = 0.95;

    /**
     * What was carried.
     *
     * @param framesPerSecond of a camera; 0 for flat out
     * @param redis when a Redis server wrote frames to the disk, as it calls it; empty where none did
     */
    public record Work(
            int frameBytes, int cameras, int groups, int batch, double framesPerSecond, int rounds, String redis) {
        public boolean flatOut() {
            return framesPerSecond == 0;
        }

        /** As "100 kB, 1 camera, 4 groups, Redis everysec; 10 rounds". */
        @Override
        public String toString() {
            List<String> words = new ArrayList<>();
            words.add(size());
            if (batch > 1) {
                words.add(batch + " a message");
            }
            words.add(count(cameras, "camera"));
            words.add(count(groups, "group"));
            if (!flatOut()) {
                words.add(Figures.whole(framesPerSecond * cameras) + " frames/s");
            }
            if (!redis.isEmpty()) {
                words.add("Redis " + redis);
            }
            return String.join(", ", words) + "; " + count(rounds, "round");
        }

        private String size() {
            if (frameBytes >= 1_000_000) {
                return String.format(Locale.ROOT, "%.1f MB", frameBytes / 1e6);
            }
            return frameBytes % 1_000 == 0 ? frameBytes / 1_000 + " kB" : frameBytes + " B";
        }

        private static String count(int count, String of) {
            return count + " " + of + (count == 1 ? "" : "s");
        }
    }

    /**
     * One round of one side.
     *
     * @param framesPerSecond at the rate that counts
     * @param publishedPerSecond frames handed to the target
     * @param cores that the process in the middle kept busy; NaN where there is none
     */
    public record Round(
            double framesPerSecond, double publishedPerSecond, double p50Millis, double p99Millis, double cores) {}

    /**
     * Reads a file of {@code compare --json}.
     *
     * @throws IllegalArgumentException naming the file where it is something else
     */
    public static Results read(Path file) throws IOException {
        String name = file.getFileName().toString().replaceFirst("\\.json$", "");
        try {
            return parse(name, Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + " has no comparison: " + e.getMessage(), e);
        }
    }

    /** Reads what {@link Json} wrote. */
    public static Results parse(String name, String json) {
        try {
            JsonObject root = object(JsonParser.parseString(json), "it");
            JsonObject config = object(root.get("config"), "config");
            JsonObject result = object(root.get("result"), "result");
            String compared = result.has("compared") ? result.get("compared").getAsString() : "settled_fps";
            Map<Side, List<Round>> rounds = new LinkedHashMap<>();
            for (Map.Entry<String, JsonElement> of :
                    object(result.get("targets"), "targets").entrySet()) {
                Side side = Side.of(of.getKey());
                rounds.put(side, rounds(side, object(of.getValue(), of.getKey()), compared));
            }
            return new Results(name, work(config, root), compared, goals(config), rounds);
        } catch (JsonParseException | UnsupportedOperationException | IllegalStateException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Work work(JsonObject config, JsonObject root) {
        return new Work(
                (int) number(config, "frame_bytes"),
                (int) number(config, "cameras"),
                (int) number(config, "groups"),
                (int) number(config, "batch"),
                number(config, "rate"),
                (int) number(config, "rounds"),
                redis(root));
    }

    private static String redis(JsonObject root) {
        if (!root.has("stores") || !root.getAsJsonObject("stores").has("redis-server")) {
            return "";
        }
        JsonObject facts = root.getAsJsonObject("stores").getAsJsonObject("redis-server");
        return switch (facts.get("appendonly").getAsString()) {
            case "yes" -> facts.get("appendfsync").getAsString();
            case "no" -> "without a file";
            default -> "";
        };
    }

    private static List<Goal> goals(JsonObject config) {
        List<Goal> goals = new ArrayList<>();
        if (config.has("goals")) {
            config.getAsJsonArray("goals").forEach(goal -> goals.add(Goal.parse(goal.getAsString())));
        }
        return goals;
    }

    private static List<Round> rounds(Side side, JsonObject target, String compared) {
        List<Round> rounds = new ArrayList<>();
        if (!(target.get("rounds") instanceof JsonArray all)) {
            throw new IllegalArgumentException("rounds of " + side + " are not there, or no array");
        }
        for (JsonElement element : all) {
            JsonObject round = object(element, "a round");
            JsonObject latency = object(round.get("latency_ms"), "latency_ms");
            JsonObject cpu = object(round.get("cpu_seconds"), "cpu_seconds");
            String middle = side.target().label();
            rounds.add(new Round(
                    number(round, compared),
                    number(round, "published_fps"),
                    number(latency, "p50"),
                    number(latency, "p99"),
                    cpu.has(middle) ? number(cpu, middle) / number(round, "seconds") : Double.NaN));
        }
        return rounds;
    }

    private static JsonObject object(JsonElement element, String name) {
        if (element == null || !element.isJsonObject()) {
            throw new IllegalArgumentException(name + " is not there, or no object");
        }
        return element.getAsJsonObject();
    }

    /** NaN for null, which is how {@link Json} writes it. */
    private static double number(JsonObject of, String name) {
        JsonElement element = of.get(name);
        if (element == null) {
            throw new IllegalArgumentException(name + " is not there");
        }
        return element.isJsonNull() ? Double.NaN : element.getAsDouble();
    }

    /** Whether a side was measured; one may have been left out. */
    public boolean has(Side side) {
        return rounds.containsKey(side);
    }

    /**
     * Whether a side carried the frames that came at fixed times as they came, but for a twentieth; flat out it does. One that
     * leaves frames out for newer ones need only have taken them in.
     */
    boolean keptUp(Side side) {
        int cameras = side.cameras() == 0 ? work.cameras() : side.cameras();
        ToDoubleFunction<Round> carried = side.target().leavesOut()
                ? Round::publishedPerSecond
                : round -> Math.min(round.publishedPerSecond(), round.framesPerSecond());
        return spread(side, carried).min() >= KEPT_UP * work.framesPerSecond() * cameras;
    }

    public Spread spread(Side side, ToDoubleFunction<Round> figure) {
        return Spread.of(values(side, figure));
    }

    /** Rates of one side to those of another, round by round. */
    public Spread ratio(Side numerator, Side denominator) {
        return ratio(numerator, denominator, Round::framesPerSecond);
    }

    /** A figure of one side to that of another, round by round. */
    Spread ratio(Side numerator, Side denominator, ToDoubleFunction<Round> figure) {
        return Spread.ratios(values(numerator, figure), values(denominator, figure));
    }

    private List<Double> values(Side side, ToDoubleFunction<Round> figure) {
        return rounds.get(side).stream().map(figure::applyAsDouble).toList();
    }

    /** What the rates are, for people. */
    public String rateName() {
        return compared.equals(DELIVERED) ? "frames/s" : "settled frames/s";
    }

    /** Goals of several, each with what became of it. */
    public static String goals(List<Results> all) {
        Table table = new Table("cell", "goal", "median [min - max]", "");
        for (Results results : all) {
            results.goals.forEach(goal -> table.row(
                    results.name,
                    goal.toString(),
                    goal.measured(results),
                    goal.judge(results).toString()));
        }
        return table.toString();
    }
}
