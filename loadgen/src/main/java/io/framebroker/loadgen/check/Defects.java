package io.framebroker.loadgen.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was wrong with the frames a run delivered, in frames.
 *
 * @param lost published and acknowledged, and never delivered
 * @param duplicates delivered again although it was not a retry
 * @param reordered first deliveries behind a later frame
 * @param damaged payloads that are not what was published: length, checksum or stamp
 * @param ghosts frames nobody published: of another run or camera, or beyond the last sequence
 * @param examples the first few, in words
 */
public record Defects(long lost, long duplicates, long reordered, long damaged, long ghosts, List<String> examples) {
    public static final Defects NONE = new Defects(0, 0, 0, 0, 0, List.of());

    static final int MAX_EXAMPLES = 10;

    public long total() {
        return lost + duplicates + reordered + damaged + ghosts;
    }

    public Defects plus(Defects other) {
        List<String> both = new ArrayList<>(examples);
        both.addAll(other.examples);
        return new Defects(
                lost + other.lost,
                duplicates + other.duplicates,
                reordered + other.reordered,
                damaged + other.damaged,
                ghosts + other.ghosts,
                List.copyOf(both.subList(0, Math.min(MAX_EXAMPLES, both.size()))));
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("lost", lost);
        json.put("duplicates", duplicates);
        json.put("reordered", reordered);
        json.put("damaged", damaged);
        json.put("ghosts", ghosts);
        json.put("examples", examples);
        return json;
    }

    @Override
    public String toString() {
        return "lost " + lost + ", duplicates " + duplicates + ", reordered " + reordered + ", damaged " + damaged
                + ", ghosts " + ghosts + (examples.isEmpty() ? "" : ": " + String.join("; ", examples));
    }
}
