package io.framebroker.loadgen;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.report.Environment;
import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.report.Progress;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.Sample;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.soak.Flatness;
import io.framebroker.loadgen.soak.Recorder;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "run",
        description = "Runs one load against one target and checks every frame.",
        sortOptions = false,
        showDefaultValues = false)
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--target",
            paramLabel = "TARGET",
            defaultValue = "broker",
            description =
                    "What the frames go through: broker, broker-redis, broker-redis-early, broker-redis-latest, broker-disk, broker-disk-fsync, relay, raw, polling,"
                            + " redis, redis-noaof, redis-batch, nats or rabbitmq (default: ${DEFAULT-VALUE}).")
    private String target;

    @Option(
            names = "--address",
            paramLabel = "HOST:PORT",
            description = "A target that runs already (default: start one).")
    private String address;

    @Option(
            names = "--separate-processes",
            description = "Publishers, consumers and the relay each in a JVM of their own.")
    private boolean separateProcesses;

    @Mixin
    private LoadOptions load;

    @Mixin
    private StoreOptions stores;

    @Mixin
    private SoakOptions soak;

    @Override
    public Integer call() throws InterruptedException, IOException {
        Target chosen = target();
        Workload workload = load.workload();
        Setup setup = setup(chosen, workload);
        Measurement measurement;
        List<Second> seconds;
        try (Rig rig = Rig.open(setup);
                Recorder recorder = soak.recorder(rig, load.warmup())) {
            BiConsumer<Sample, Sample> progress = new Progress("", setup.side(), workload, System.err);
            measurement =
                    rig.measure(load.warmup(), load.duration(), soak.wanted() ? progress.andThen(recorder) : progress);
            seconds = recorder.seconds();
        }
        print(measurement);
        Flatness flatness = soak.wanted() ? soak.finish(title(chosen, workload), seconds) : null;
        if (flatness != null) {
            print(flatness);
        }
        if (load.json() != null) {
            Files.writeString(load.json(), Json.of(json(measurement, flatness)));
        }
        measurement.check();
        if (flatness != null) {
            soak.check(flatness);
        }
        return 0;
    }

    private Target target() {
        try {
            return Target.of(target);
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private String title(Target chosen, Workload workload) {
        return String.format(
                Locale.ROOT,
                "%s: %d camera(s), %d group(s), %d B a frame, %s",
                chosen,
                workload.cameras(),
                workload.groups(),
                workload.frameBytes(),
                workload.flatOut()
                        ? "flat out"
                        : Figures.whole(workload.framesPerSecond() * workload.cameras()) + " frames/s in all");
    }

    private Setup setup(Target chosen, Workload workload) {
        try {
            StreamLimits limits = stores.limits(workload, chosen.stores());
            Setup setup = load.setup(Side.of(chosen), workload, address, separateProcesses, limits, stores.stores());
            stores.requireRoom(
                    List.of(chosen), load.heapBytes(chosen), load.warmup().plus(load.duration()));
            soak.requireRoom(chosen, stores.stores().folder());
            return setup.withBrokerArguments(soak.brokerArguments(chosen));
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private void print(Measurement measurement) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%s: published %s fps, delivered %s fps, %s MB/s over %s s%n",
                measurement.target(),
                Figures.whole(measurement.publishedPerSecond()),
                Figures.whole(measurement.deliveredPerSecond()),
                Figures.whole(measurement.megabytesPerSecond()),
                Figures.decimals(measurement.seconds(), 1));
        out.printf(
                "latency ms: p50 %s, p99 %s, p99.9 %s, max %s%n",
                Figures.millis(measurement.latencyMillis(50)),
                Figures.millis(measurement.latencyMillis(99)),
                Figures.millis(measurement.latencyMillis(99.9)),
                Figures.millis(measurement.latencyMillis(100)));
        measurement
                .cpuSeconds()
                .forEach((process, seconds) -> out.printf(
                        "CPU of %s: %s cores, %s s per 1 000 frames%n",
                        process,
                        Figures.decimals(seconds / measurement.seconds(), 2),
                        Figures.significant(measurement.cpuPerThousand(process))));
        out.printf("verified: %s; redelivered %d%n", measurement.defects(), measurement.redelivered());
        out.flush();
    }

    private void print(Flatness flatness) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(flatness);
        out.flush();
    }

    private Map<String, Object> json(Measurement measurement, Flatness flatness) {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> config = load.toJson(measurement.workload());
        config.put("target", target);
        config.put("address", address);
        config.put("separate_processes", separateProcesses);
        json.put("config", config);
        json.put("environment", Environment.toJson(load.jvmFlags(), load.brokerJvmFlags()));
        json.put("result", measurement.toJson());
        if (flatness != null) {
            json.put("soak", flatness.toJson());
        }
        return json;
    }
}
