package io.framebroker.loadgen.soak;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A run that never was, to be spoilt by tests: 10 ms, 200 MB, 300 MB of 1 GB on the disk. */
final class Seconds {
    static final long LIMIT = 1L << 30;
    static final long RESIDENT = 200_000_000;
    private static final long DISK = 300_000_000;

    private final List<Second> all;

    private Seconds(List<Second> all) {
        this.all = all;
    }

    static Seconds flat(int count) {
        return new Seconds(new ArrayList<>(IntStream.rangeClosed(1, count)
                .mapToObj(at -> new Second(
                        at,
                        300,
                        300,
                        // Noise, but no trend.
                        new Second.Latency(4 + at % 3 * 0.1, 10 + at % 5 * 0.3, 20 + at % 7),
                        0.1,
                        new Second.Disk(DISK, LIMIT),
                        processes(RESIDENT)))
                .toList()));
    }

    private static Map<String, Second.Use> processes(long brokerResident) {
        Map<String, Second.Use> processes = new LinkedHashMap<>();
        processes.put("loadgen", new Second.Use(0.3, 100_000_000, 90_000_000));
        processes.put("broker", new Second.Use(0.5, brokerResident, 150_000_000));
        return processes;
    }

    /** With another latency where the function has one; null keeps it. */
    Seconds latency(IntFunction<Second.Latency> of) {
        all.replaceAll(second -> {
            Second.Latency latency = of.apply((int) second.at());
            return latency == null ? second : with(second, latency, second.disk(), second.processes());
        });
        return this;
    }

    Seconds brokerResident(IntFunction<Long> of) {
        all.replaceAll(second -> with(second, second.latency(), second.disk(), processes(of.apply((int) second.at()))));
        return this;
    }

    Seconds disk(IntFunction<Long> bytes) {
        all.replaceAll(second -> with(
                second,
                second.latency(),
                new Second.Disk(bytes.apply((int) second.at()), second.disk().limitBytes()),
                second.processes()));
        return this;
    }

    private static Second with(
            Second second, Second.Latency latency, Second.Disk disk, Map<String, Second.Use> processes) {
        return new Second(
                second.at(),
                second.publishedPerSecond(),
                second.deliveredPerSecond(),
                latency,
                second.otherCores(),
                disk,
                processes);
    }

    List<Second> list() {
        return List.copyOf(all);
    }
}
