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
 * @param missing frames not seen by a group though a later one was; on their way by another member, or lost
 * @param p99Micros of the deliveries since the sample before; -1 for none
 * @param cpu time used, by process
 */
public record Sample(
        long publisherNanos,
        long sent,
        long confirmed,
        long consumerNanos,
        long delivered,
        long missing,
        long p99Micros,
        Map<String, Duration> cpu) {
    public double sentPerSecond(Sample before) {
        return perSecond(sent - before.sent, publisherNanos - before.publisherNanos);
    }

    public double deliveredPerSecond(Sample before) {
        return perSecond(delivered - before.delivered, consumerNanos - before.consumerNanos);
    }

    /** Seconds of processor time since a sample, by process. */
    public Map<String, Double> cpuSeconds(Sample before) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        cpu.forEach((process, used) ->
                seconds.put(process, used.minus(before.cpu.get(process)).toNanos() / 1e9));
        return seconds;
    }

    private static double perSecond(long count, long nanos) {
        return nanos <= 0 ? 0 : count * 1e9 / nanos;
    }
}
