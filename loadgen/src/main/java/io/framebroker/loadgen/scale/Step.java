package io.framebroker.loadgen.scale;

import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.soak.Recorder;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.soak.Second.Use;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What it was like at one size.
 *
 * @param size how many there were of what grows
 * @param broker its process in the last second measured; no memory where the system does not tell
 */
public record Step(int size, Measurement measurement, Use broker, BrokerMemory memory) {
    /** Frames flow so long at their own rate before they count. */
    private static final Duration LEAD = Duration.ofSeconds(1);

    /** Starts everything, warms it, measures, checks every frame, and ends everything. */
    public static Step measure(Growth growth, int size, Setup setup, Duration warmup, Duration duration)
            throws InterruptedException {
        String prefix = "loadgen/" + Long.toHexString(setup.workload().runId());
        try (Rig rig = Rig.open(setup);
                Recorder recorder = new Recorder(rig.processes(), Duration.ZERO, null, 0, null);
                IdleStreams idle = IdleStreams.open(
                        rig.address(),
                        prefix,
                        growth.idle(size),
                        setup.workload().frameBytes())) {
            rig.warmUp(warmup, Growth.warmRate(setup.workload()));
            Measurement measurement = rig.measure(LEAD, duration, recorder);
            measurement.check();
            idle.check();
            String broker = setup.target().label();
            return new Step(
                    size,
                    measurement,
                    last(recorder.seconds(), broker),
                    BrokerMemory.of(rig.address(), rig.processes().get(broker)));
        }
    }

    private static Use last(List<Second> seconds, String broker) {
        if (seconds.isEmpty()) {
            throw new RunFailure("there is no whole second to look at; make --duration longer");
        }
        return seconds.get(seconds.size() - 1).processes().get(broker);
    }

    /** Kept busy by a process; NaN for one there was not. */
    public double cores(String process) {
        return measurement.cpuSeconds().getOrDefault(process, Double.NaN) / measurement.seconds();
    }

    /** Kept busy by the broker. */
    public double cores() {
        return cores(measurement.target().label());
    }

    /** Objects on the broker's heap; NaN where that is not known. */
    double liveHeapBytes() {
        return memory.liveHeapBytes().isPresent() ? memory.liveHeapBytes().getAsLong() : Double.NaN;
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("size", size);
        json.putAll(measurement.toJson());
        Map<String, Object> cores = new LinkedHashMap<>();
        measurement.cpuSeconds().keySet().forEach(process -> cores.put(process, cores(process)));
        json.put("cores", cores);
        Map<String, Object> of = new LinkedHashMap<>();
        of.put("resident_bytes", broker.residentBytes());
        of.put("anonymous_bytes", broker.anonymousBytes());
        of.putAll(memory.toJson());
        json.put("broker_memory", of);
        return json;
    }
}
