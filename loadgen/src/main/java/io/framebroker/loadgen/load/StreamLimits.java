package io.framebroker.loadgen.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far a stream may run ahead of its slowest group, and what it keeps behind it: the same for every target that
 * stores frames.
 *
 * @param backlogFrames frames a group may have unsettled before the publisher waits
 * @param backlogBytes the same in payload bytes
 * @param retentionFrames settled frames kept as history
 * @param retentionBytes the same in payload bytes
 */
public record StreamLimits(int backlogFrames, long backlogBytes, int retentionFrames, long retentionBytes) {
    /** Those the broker has when nothing is said. */
    public static final StreamLimits DEFAULT = new StreamLimits(1_000, 256L << 20, 100, 64L << 20);

    public StreamLimits {
        if (backlogFrames < 1 || backlogFrames > 1_000_000) {
            throw new IllegalArgumentException("--backlog-frames is " + backlogFrames + "; it must be 1 to 1000000");
        }
        if (retentionFrames < 0 || retentionFrames > 1_000_000) {
            throw new IllegalArgumentException(
                    "--retention-frames is " + retentionFrames + "; it must be 0 to 1000000");
        }
    }

    /** Backlog in frames of a size; room for one message at least, or nothing would ever flow. */
    public long backlogFramesOf(Workload workload) {
        return Math.max(workload.batch(), Math.min(backlogFrames, backlogBytes / workload.frameBytes()));
    }

    public long retentionFramesOf(Workload workload) {
        return Math.min(retentionFrames, retentionBytes / workload.frameBytes());
    }

    /** As the broker's command line has them. */
    public List<String> brokerArguments() {
        return List.of(
                "--backlog-frames", Integer.toString(backlogFrames),
                "--backlog-bytes", Long.toString(backlogBytes),
                "--retention-frames", Integer.toString(retentionFrames),
                "--retention-bytes", Long.toString(retentionBytes));
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("backlog_frames", backlogFrames);
        json.put("backlog_bytes", backlogBytes);
        json.put("retention_frames", retentionFrames);
        json.put("retention_bytes", retentionBytes);
        return json;
    }

    /** The same as text. */
    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        toJson().forEach((name, value) -> fields.put(name, value.toString()));
        return fields;
    }

    /** Reads what {@link #fields} wrote. */
    public static StreamLimits of(Map<String, String> fields) {
        return new StreamLimits(
                Integer.parseInt(fields.get("backlog_frames")),
                Long.parseLong(fields.get("backlog_bytes")),
                Integer.parseInt(fields.get("retention_frames")),
                Long.parseLong(fields.get("retention_bytes")));
    }
}
