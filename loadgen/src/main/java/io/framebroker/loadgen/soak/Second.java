package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.role.Memory;
import io.framebroker.loadgen.role.Sample;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one second of a run was like. It is as long as it took to ask everybody, a little more than a second.
 *
 * @param at its end, in seconds since measuring began
 * @param publishedPerSecond frames
 * @param deliveredPerSecond frames, in all groups together
 * @param latency of the frames delivered in it, in milliseconds
 * @param otherCores what processes other than ours kept busy
 * @param disk what the broker's data folder took at its end
 * @param processes ours, by name
 */
public record Second(
        double at,
        double publishedPerSecond,
        double deliveredPerSecond,
        Latency latency,
        double otherCores,
        Disk disk,
        Map<String, Use> processes) {
    /** Milliseconds; NaN where nothing was delivered. */
    public record Latency(double p50, double p99, double max) {}

    /** Bytes; a limit of 0 is none, and both are 0 where no folder is known. */
    public record Disk(long bytes, long limitBytes) {
        public static final Disk NONE = new Disk(0, 0);
    }

    /**
     * What a process took.
     *
     * @param cores kept busy
     * @param residentBytes all its memory that is in RAM, mapped files included; 0 where the system does not tell
     * @param anonymousBytes the part that is no file's: heap, buffers, stacks
     */
    public record Use(double cores, long residentBytes, long anonymousBytes) {}

    /** Between two samples of a rig. */
    static Second between(double at, Sample before, Sample now, Disk disk, Map<String, Memory> memory) {
        Map<String, Double> cpuSeconds = now.cpuSeconds(before);
        double seconds = (now.consumerNanos() - before.consumerNanos()) / 1e9;
        Map<String, Use> processes = new LinkedHashMap<>();
        memory.forEach((process, used) -> {
            double cores = cpuSeconds.getOrDefault(process, 0.0) / seconds;
            processes.put(process, new Use(cores, used.residentBytes(), used.anonymousBytes()));
        });
        return new Second(
                at,
                now.sentPerSecond(before),
                now.deliveredPerSecond(before),
                new Latency(
                        now.latency().p50Millis(),
                        now.latency().p99Millis(),
                        now.latency().maxMillis()),
                now.otherCores(before),
                disk,
                processes);
    }
}
