package io.framebroker.loadgen.scenario;

import io.framebroker.loadgen.report.Figures;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What was seen.
 *
 * @param maxAge of the group
 * @param noise what the machine may add to any time, because others use it too
 * @param ledger when all was settled
 */
public record FreshFramesFindings(
        long published, Duration maxAge, Duration noise, Consumer latest, Consumer young, GetLedgerResponse ledger) {
    /** Age at delivery of the frame that is one in a hundred, at most. */
    private static final long MOST_P99_MICROS = 150_000;
    /** From the broker's decision to the handler. */
    private static final long WAY_MICROS = 50_000;

    /**
     * @param ageMicros from the time a frame was due at the camera, or where {@code max_age} matters was received by the broker,
     *     to the beginning of its handling
     * @param gaps frames it was told it does not get, by reason
     * @param stalls how often it slept for long
     * @param doubled frames that came twice, or behind later ones
     */
    public record Consumer(Histogram ageMicros, Map<String, Long> gaps, long stalls, long doubled) {
        private long accounted() {
            return ageMicros.getTotalCount()
                    + gaps.values().stream().mapToLong(Long::longValue).sum();
        }

        @Override
        public String toString() {
            return String.format(
                    "%d delivered, age p50 %s ms, p99 %s ms, max %s ms; not delivered %s; %d stalls",
                    ageMicros.getTotalCount(),
                    Figures.millis(ageMicros.getValueAtPercentile(50) / 1e3),
                    Figures.millis(ageMicros.getValueAtPercentile(99) / 1e3),
                    Figures.millis(ageMicros.getMaxValue() / 1e3),
                    gaps,
                    stalls);
        }

        private Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("delivered", ageMicros.getTotalCount());
            json.put("age_p50_ms", ageMicros.getValueAtPercentile(50) / 1e3);
            json.put("age_p99_ms", ageMicros.getValueAtPercentile(99) / 1e3);
            json.put("age_max_ms", ageMicros.getMaxValue() / 1e3);
            json.put("gaps", gaps);
            json.put("stalls", stalls);
            return json;
        }
    }

    /** What does not hold; empty when all does. */
    public List<String> verdict() {
        List<String> wrong = new ArrayList<>();
        check("LATEST", latest, wrong);
        check("max_age", young, wrong);
        long noiseMicros = noise.toNanos() / 1_000;
        if (latest.ageMicros.getValueAtPercentile(99) > MOST_P99_MICROS + noiseMicros) {
            wrong.add("LATEST: p99 above " + (MOST_P99_MICROS + noiseMicros) / 1_000 + " ms");
        }
        long wayMicros = WAY_MICROS + noiseMicros;
        if (young.ageMicros.getMaxValue() > maxAge.toNanos() / 1_000 + wayMicros) {
            wrong.add("max_age: something older than " + maxAge.toMillis() + " ms and " + wayMicros / 1_000
                    + " ms for the way was delivered");
        }
        if (ledger.getStream().getStored() != published || ledger.getStream().getImbalance() != 0) {
            wrong.add("ledger: " + ledger.getStream());
        }
        for (GroupLedger group : ledger.getGroupsList()) {
            long skipped = group.getSkippedMap().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            if (group.getImbalance() != 0 || group.getAcked() + skipped != group.getStored()) {
                wrong.add("ledger: " + group);
            }
        }
        return wrong;
    }

    private void check(String what, Consumer consumer, List<String> wrong) {
        if (consumer.accounted() != published) {
            wrong.add(what + ": " + consumer.accounted() + " delivered or named, " + published + " published");
        }
        if (consumer.doubled > 0) {
            wrong.add(what + ": " + consumer.doubled + " came twice or behind later ones");
        }
        if (consumer.stalls == 0) {
            wrong.add(what + ": it never stalled; run longer");
        }
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("published", published);
        json.put("latest", latest.toJson());
        json.put("max_age", young.toJson());
        json.put("wrong", verdict());
        return json;
    }

    @Override
    public String toString() {
        List<String> wrong = verdict();
        return String.join(
                System.lineSeparator(),
                published + " published",
                "LATEST, 10 a second: " + latest,
                "max_age " + maxAge.toMillis() + " ms: " + young,
                wrong.isEmpty() ? "holds" : "DOES NOT HOLD: " + String.join("; ", wrong),
                "");
    }
}
