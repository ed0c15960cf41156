package io.framebroker.loadgen.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a checked consumer is to be.
 *
 * @param brokers as {@link Brokers#connect} takes them
 * @param streams all frames of which its group gets, from the oldest there is
 * @param frameBytes largest payload, as the publishers have it
 * @param window frames it may hold unsettled
 * @param lease of the group
 * @param work how long it takes for a frame
 * @param nackEvery of so many frames, one is given back when it comes first; 0 for none
 * @param poisonEvery sequences that this divides are given back each time, until the group has given them up or the consumer is
 *     cured; 0 for none
 * @param early whether its group gets frames before they are stored
 * @param logs folder for its log
 */
public record ConsumerSetup(
        String brokers,
        String run,
        String group,
        String consumer,
        List<String> streams,
        long seed,
        int frameBytes,
        int window,
        Duration lease,
        Duration work,
        int nackEvery,
        int poisonEvery,
        boolean early,
        Path logs) {
    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("brokers", brokers);
        fields.put("run", run);
        fields.put("group", group);
        fields.put("consumer", consumer);
        fields.put("streams", String.join(",", streams));
        fields.put("seed", Long.toString(seed));
        fields.put("frame_bytes", Integer.toString(frameBytes));
        fields.put("window", Integer.toString(window));
        fields.put("lease_ms", Long.toString(lease.toMillis()));
        fields.put("work_us", Long.toString(work.toNanos() / 1_000));
        fields.put("nack_every", Integer.toString(nackEvery));
        fields.put("poison_every", Integer.toString(poisonEvery));
        fields.put("early", Boolean.toString(early));
        fields.put("logs", logs.toAbsolutePath().toString());
        return fields;
    }

    /** Reads what {@link #fields} wrote. */
    public static ConsumerSetup of(Map<String, String> fields) {
        return new ConsumerSetup(
                fields.get("brokers"),
                fields.get("run"),
                fields.get("group"),
                fields.get("consumer"),
                List.of(fields.get("streams").split(",")),
                Long.parseLong(fields.get("seed")),
                Integer.parseInt(fields.get("frame_bytes")),
                Integer.parseInt(fields.get("window")),
                Duration.ofMillis(Long.parseLong(fields.get("lease_ms"))),
                Duration.ofNanos(Long.parseLong(fields.get("work_us")) * 1_000),
                Integer.parseInt(fields.get("nack_every")),
                Integer.parseInt(fields.get("poison_every")),
                Boolean.parseBoolean(fields.get("early")),
                Path.of(fields.get("logs")));
    }
}
