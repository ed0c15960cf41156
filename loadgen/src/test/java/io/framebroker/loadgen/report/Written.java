package io.framebroker.loadgen.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What compare would have written of a comparison that never was, of two rounds or more. */
public final class Written {
    private final Map<String, Object> config = new LinkedHashMap<>();
    private final Map<String, Object> stores = new LinkedHashMap<>();
    private final Map<String, Object> targets = new LinkedHashMap<>();

    /** One camera and one group; {@code framesPerSecond} is 0 for flat out. */
    public Written(int frameBytes, double framesPerSecond) {
        config.put("frame_bytes", frameBytes);
        config.put("cameras", 1);
        config.put("groups", 1);
        config.put("batch", 1);
        config.put("rate", framesPerSecond);
        config.put("rounds", 2);
    }

    public Written with(String setting, Object value) {
        config.put(setting, value);
        return this;
    }

    /** With a Redis that appends and forces as it says. */
    public Written redis(String appendonly, String appendfsync) {
        stores.put("redis-server", Map.of("appendonly", appendonly, "appendfsync", appendfsync));
        return this;
    }

    /** A target that was given as many frames as it took, whose rounds had these rates; its slowest frames took {@code p99Millis}, others a tenth of that. */
    public Written target(String label, double p99Millis, double... framesPerSecond) {
        return backedUp(label, p99Millis, 0, framesPerSecond);
    }

    /** The same, of one that was given so many whatever became of them; 0 for as many. */
    public Written backedUp(String label, double p99Millis, double published, double... framesPerSecond) {
        List<Object> rounds = new ArrayList<>();
        for (double fps : framesPerSecond) {
            Map<String, Object> round = new LinkedHashMap<>();
            round.put("seconds", 2.0);
            round.put("settled_fps", fps);
            round.put("published_fps", published == 0 ? fps : published);
            round.put("delivered_fps", 4 * fps);
            round.put("latency_ms", Map.of("p50", p99Millis / 10, "p99", p99Millis));
            round.put("cpu_seconds", label.startsWith("broker") ? Map.of(label, 0.5) : Map.of());
            rounds.add(round);
        }
        targets.put(label, Map.of("rounds", rounds));
        return this;
    }

    public String json() {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("config", config);
        if (!stores.isEmpty()) {
            root.put("stores", stores);
        }
        root.put("result", Map.of("compared", "settled_fps", "targets", targets));
        return Json.of(root);
    }

    public Results results() {
        return Results.parse("written", json());
    }
}
