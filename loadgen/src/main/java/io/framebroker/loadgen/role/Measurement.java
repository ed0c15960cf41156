package io.framebroker.loadgen.role;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Target;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * One measured stretch of a run, and the verdict on all frames up to its end.
 *
 * @param cpuSeconds processor time within the stretch, by process
 * @param redelivered deliveries with an attempt above 1, since the run began
 */
public record Measurement(
        Target target,
        Workload workload,
        double seconds,
        long published,
        double publishedPerSecond,
        double deliveredPerSecond,
        Map<String, Double> cpuSeconds,
        Histogram latencyMicros,
        Defects defects,
        long redelivered) {
    public static Measurement between(
            Target target, Workload workload, Sample from, Sample to, Histogram latencies, Verdict verdict) {
        return new Measurement(
                target,
                workload,
                (to.consumerNanos() - from.consumerNanos()) / 1e9,
                to.sent() - from.sent(),
                to.sentPerSecond(from),
                to.deliveredPerSecond(from),
                to.cpuSeconds(from),
                latencies,
                verdict.defects(),
                verdict.redelivered());
    }

    /** What the consumer found once the publisher had said where it ended. */
    public record Verdict(Defects defects, long redelivered) {}

    /** Payload bytes delivered a second, in 10^6. */
    public double megabytesPerSecond() {
        return deliveredPerSecond * workload.frameBytes() / 1e6;
    }

    public double latencyMillis(double percentile) {
        return latencyMicros.getTotalCount() == 0 ? Double.NaN : latencyMicros.getValueAtPercentile(percentile) / 1e3;
    }

    /** Processor seconds of a process for 1 000 published frames. */
    public double cpuPerThousand(String process) {
        return published == 0 ? Double.NaN : cpuSeconds.getOrDefault(process, Double.NaN) * 1_000 / published;
    }

    /** Fails when the stretch proves nothing or proves a defect. */
    public void check() {
        if (defects.total() > 0) {
            throw new RunFailure(target + ": verification failed: " + defects);
        }
        if (latencyMicros.getTotalCount() == 0) {
            throw new RunFailure(target + ": nothing flowed: " + published + " frames published, none delivered");
        }
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("seconds", seconds);
        json.put("published_frames", published);
        json.put("published_fps", publishedPerSecond);
        json.put("delivered_fps", deliveredPerSecond);
        json.put("delivered_mb_per_s", megabytesPerSecond());
        Map<String, Object> latency = new LinkedHashMap<>();
        latency.put("count", latencyMicros.getTotalCount());
        latency.put("mean", latencyMicros.getMean() / 1e3);
        latency.put("p50", latencyMillis(50));
        latency.put("p99", latencyMillis(99));
        latency.put("p99_9", latencyMillis(99.9));
        latency.put("max", latencyMillis(100));
        json.put("latency_ms", latency);
        json.put("cpu_seconds", cpuSeconds);
        Map<String, Object> perThousand = new LinkedHashMap<>();
        cpuSeconds.keySet().forEach(process -> perThousand.put(process, cpuPerThousand(process)));
        json.put("cpu_seconds_per_1000_frames", perThousand);
        json.put("redelivered", redelivered);
        json.put("defects", defects.toJson());
        return json;
    }
}
