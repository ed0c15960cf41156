package io.framebroker.loadgen.role;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The counters of a rig at one moment. Each side's count comes with that side's own time, so that the way of the answer
 * does not blur the rate.
 *
 * @param publisherNanos when {@code sent} and {@code confirmed} were read
 * @param sent frames handed to the target
 * @param confirmed frames it said are stored
 * @param consumerNanos when {@code delivered} was read
 * @param delivered deliveries, over all groups
 * @param settled frames that every group has settled, as the target confirmed it; delivered ones where it confirms nothing
 * @param missing frames not seen by a group though a later one was; on their way by another member, or lost
 * @param latency of the deliveries since the sample before
 * @param costs what it took so far
 */
public record Sample(
        long publisherNanos,
        long sent,
        long confirmed,
        long consumerNanos,
        long delivered,
        long settled,
        long missing,
        Latency latency,
        Costs costs) {
    /** Microseconds; all -1 where nothing was delivered. */
    public record Latency(long p50Micros, long p99Micros, long maxMicros) {
        public static final Latency NONE = new Latency(-1, -1, -1);

        /** NaN for none; the same holds for the others. */
        public double p50Millis() {
            return millis(p50Micros);
        }

        public double p99Millis() {
            return millis(p99Micros);
        }

        public double maxMillis() {
            return millis(maxMicros);
        }

        private static double millis(long micros) {
            return micros < 0 ? Double.NaN : micros / 1e3;
        }
    }

    /**
     * What was used up to a moment.
     *
     * @param cpu processor time, by process
     * @param machineCpu of all processes of the machine
     * @param peakBytes the most memory each process has had in RAM; no entry where the system does not tell
     * @param aofBytes size of Redis's append-only file; 0 without one
     */
    public record Costs(Map<String, Duration> cpu, Duration machineCpu, Map<String, Long> peakBytes, long aofBytes) {}

    public double sentPerSecond(Sample before) {
        return perSecond(sent - before.sent, publisherNanos - before.publisherNanos);
    }

    public double deliveredPerSecond(Sample before) {
        return perSecond(delivered - before.delivered, consumerNanos - before.consumerNanos);
    }

    public double settledPerSecond(Sample before) {
        return perSecond(settled - before.settled, consumerNanos - before.consumerNanos);
    }

    /** Seconds of processor time since a sample, by process. */
    public Map<String, Double> cpuSeconds(Sample before) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        costs.cpu.forEach((process, used) -> {
            Duration then = before.costs.cpu.getOrDefault(process, Duration.ZERO);
            seconds.put(process, used.minus(then).toNanos() / 1e9);
        });
        return seconds;
    }

    /** Cores that processes other than ours kept busy since a sample. */
    public double otherCores(Sample before) {
        double ours = cpuSeconds(before).values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        double all = costs.machineCpu.minus(before.costs.machineCpu).toNanos() / 1e9;
        long nanos = consumerNanos - before.consumerNanos;
        return nanos <= 0 ? 0 : Math.max(0, all - ours) * 1e9 / nanos;
    }

    private static double perSecond(long count, long nanos) {
        return nanos <= 0 ? 0 : count * 1e9 / nanos;
    }
}
