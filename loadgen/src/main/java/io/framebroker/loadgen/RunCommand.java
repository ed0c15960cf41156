package io.framebroker.loadgen;

import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.report.Environment;
import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.report.Progress;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
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
            paramLabel = "broker|relay|raw",
            defaultValue = "broker",
            description = "What the frames go through (default: ${DEFAULT-VALUE}).")
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

    @Override
    public Integer call() throws InterruptedException, IOException {
        Target chosen = load.target(target);
        Workload workload = load.workload();
        Setup setup = load.setup(chosen, workload, address, separateProcesses);
        Measurement measurement;
        try (Rig rig = Rig.open(setup)) {
            measurement = rig.measure(load.warmup(), load.duration(), new Progress("", chosen, workload, System.err));
        }
        print(measurement);
        if (load.json() != null) {
            Files.writeString(load.json(), Json.of(json(measurement)));
        }
        measurement.check();
        return 0;
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

    private Map<String, Object> json(Measurement measurement) {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> config = load.toJson(measurement.workload());
        config.put("target", target);
        config.put("address", address);
        config.put("separate_processes", separateProcesses);
        json.put("config", config);
        json.put("environment", Environment.toJson(load.jvmFlags(), load.brokerJvmFlags()));
        json.put("result", measurement.toJson());
        return json;
    }
}
