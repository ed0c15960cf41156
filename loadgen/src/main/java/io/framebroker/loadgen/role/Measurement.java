package io.framebroker.loadgen.role;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * One measured stretch of a run, and the verdict on all frames up to its end.
 *
 * @param from counters at its start
 * @param to the same at its end
 * @param defects what the consumer found once the publisher had said where it ended
 * @param redelivered deliveries with an attempt above 1, since the run began
 * @param leftOut frames the target said it leaves out for newer ones, since the run began
 */
public record Measurement(
        Side side,
        Workload workload,
        Sample from,
        Sample to,
        Histogram latencyMicros,
        Defects defects,
        long redelivered,
        long leftOut) {
    public Target target() {
        return side.target();
    }

    public double seconds() {
        return (to.consumerNanos() - from.consumerNanos()) / 1e9;
    }

    /** Frames handed to the target. */
    public long published() {
        return to.sent() - from.sent();
    }

    public double publishedPerSecond() {
        return to.sentPerSecond(from);
    }

    /** In all groups together. */
    public double deliveredPerSecond() {
        return to.deliveredPerSecond(from);
    }

    /** Frames that every group has settled. */
    public double settledPerSecond() {
        return to.settledPerSecond(from);
    }

    /** Payload bytes delivered a second, in 10^6. */
    public double megabytesPerSecond() {
        return deliveredPerSecond() * workload.frameBytes() / 1e6;
    }

    public double latencyMillis(double percentile) {
        return latencyMicros.getTotalCount() == 0 ? Double.NaN : latencyMicros.getValueAtPercentile(percentile) / 1e3;
    }

    /** Processor seconds of a process for 1 000 published frames. */
    public double cpuPerThousand(String process) {
        return published() == 0 ? Double.NaN : cpuSeconds().getOrDefault(process, Double.NaN) * 1_000 / published();
    }

    /** The same of all processes together. */
    public double cpuPerThousand() {
        double all =
                cpuSeconds().values().stream().mapToDouble(Double::doubleValue).sum();
        return published() == 0 ? Double.NaN : all * 1_000 / published();
    }

    /** Processor time, by process. */
    public Map<String, Double> cpuSeconds() {
        return to.cpuSeconds(from);
    }

    /** The most memory a process had in RAM up to the end of the stretch, in 2^20 bytes; NaN where nobody tells. */
    public double peakMebibytes(String process) {
        Long bytes = to.costs().peakBytes().get(process);
        return bytes == null ? Double.NaN : (double) bytes / (1 << 20);
    }

    /** Bytes by which Redis's append-only file grew for a published frame. */
    public double aofBytesPerFrame() {
        return published() == 0
                ? Double.NaN
                : (double) (to.costs().aofBytes() - from.costs().aofBytes()) / published();
    }

    /** Fails when the stretch proves nothing or proves a defect. */
    public void check() {
        if (defects.total() > 0) {
            throw new RunFailure(side + ": verification failed: " + defects);
        }
        if (latencyMicros.getTotalCount() == 0) {
            throw new RunFailure(side + ": nothing flowed: " + published() + " frames published, none delivered");
        }
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("seconds", seconds());
        json.put("published_frames", published());
        json.put("published_fps", publishedPerSecond());
        json.put("delivered_fps", deliveredPerSecond());
        json.put("delivered_mb_per_s", megabytesPerSecond());
        json.put("settled_fps", settledPerSecond());
        Map<String, Object> latency = new LinkedHashMap<>();
        latency.put("count", latencyMicros.getTotalCount());
        latency.put("mean", latencyMicros.getMean() / 1e3);
        latency.put("p50", latencyMillis(50));
        latency.put("p99", latencyMillis(99));
        latency.put("p99_9", latencyMillis(99.9));
        latency.put("max", latencyMillis(100));
        json.put("latency_ms", latency);
        json.put("cpu_seconds", cpuSeconds());
        Map<String, Object> perThousand = new LinkedHashMap<>();
        cpuSeconds().keySet().forEach(process -> perThousand.put(process, cpuPerThousand(process)));
        json.put("cpu_seconds_per_1000_frames", perThousand);
        json.put("peak_resident_bytes", to.costs().peakBytes());
        if (target().appends()) {
            json.put("aof_bytes_per_frame", aofBytesPerFrame());
        }
        json.put("cores_used_by_others", to.otherCores(from));
        json.put("redelivered", redelivered);
        json.put("left_out", leftOut);
        json.put("defects", defects.toJson());
        return json;
    }
}
