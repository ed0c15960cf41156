package io.framebroker.loadgen;

import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.report.Comparison;
import io.framebroker.loadgen.report.Environment;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.report.Progress;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Measures targets against each other on a machine that does other things too: each target has three JVMs of its own
 * that stay warm over all rounds, rounds take turns, and ratios are taken within a round.
 */
@Command(
        name = "compare",
        description = "Measures targets in turn, three JVMs each, and prints their ratios.",
        sortOptions = false)
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--targets",
            split = ",",
            paramLabel = "TARGET",
            defaultValue = "raw,relay,broker",
            description = "Two or more of raw, relay, broker; ratios are to the first two (default: ${DEFAULT-VALUE}).")
    private List<String> targets;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Rounds of each target (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--lead",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = Durations.class,
            description = "Unmeasured time at the start of each round (default: ${DEFAULT-VALUE}).")
    private Duration lead;

    @Option(
            names = "--require",
            paramLabel = "A/B=RATIO",
            description = "Fail unless the median ratio of A to B is at least this, for instance relay/raw=0.35."
                    + " Repeat for more.")
    private List<String> requirements = List.of();

    @Mixin
    private LoadOptions load;

    @Override
    public Integer call() throws InterruptedException, IOException {
        Workload workload = load.workload();
        List<Requirement> required = requirements();
        List<Setup> setups = setups(workload);
        Comparison comparison = new Comparison();
        List<Rig> rigs = new ArrayList<>();
        try {
            for (Setup setup : setups) {
                Rig rig = Rig.open(setup);
                rigs.add(rig);
                rig.measure(load.warmup(), Duration.ofSeconds(1), progress("warm-up ", rig, workload))
                        .check();
            }
            for (int round = 1; round <= rounds; round++) {
                for (Rig rig : rigs) {
                    String prefix = "round " + round + "/" + rounds + " ";
                    Measurement measured = rig.measure(lead, load.duration(), progress(prefix, rig, workload));
                    measured.check();
                    comparison.add(measured);
                }
            }
        } finally {
            rigs.forEach(Rig::close);
        }
        print(workload, comparison);
        if (load.json() != null) {
            Files.writeString(load.json(), Json.of(json(workload, comparison)));
        }
        required.forEach(requirement -> requirement.check(comparison));
        return 0;
    }

    private List<Setup> setups(Workload workload) {
        List<Target> distinct =
                targets.stream().map(String::trim).map(load::target).distinct().toList();
        if (distinct.size() < 2 || distinct.size() != targets.size()) {
            throw load.wrong(new IllegalArgumentException(
                    "--targets is " + String.join(",", targets) + "; name two or more, each once"));
        }
        if (rounds < 1) {
            throw load.wrong(new IllegalArgumentException("--rounds is " + rounds + "; it must be 1 or more"));
        }
        return distinct.stream()
                .map(target -> load.setup(target, workload, null, true))
                .toList();
    }

    private List<Requirement> requirements() {
        try {
            return requirements.stream().map(Requirement::parse).toList();
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private static Progress progress(String prefix, Rig rig, Workload workload) {
        return new Progress(prefix, rig.target(), workload, System.err);
    }

    private void print(Workload workload, Comparison comparison) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%d camera(s), %d group(s), %d B a frame, %d frame(s) a message, %s; %d rounds of %d s in turn after"
                        + " %d s of warm-up; %d cores%nmedian [min - max]; every frame checked%n%n",
                workload.cameras(),
                workload.groups(),
                workload.frameBytes(),
                workload.batch(),
                workload.flatOut() ? "flat out" : workload.framesPerSecond() + " fps a camera",
                rounds,
                load.duration().toSeconds(),
                load.warmup().toSeconds(),
                Runtime.getRuntime().availableProcessors());
        out.print(comparison.toText());
        out.flush();
    }

    private Map<String, Object> json(Workload workload, Comparison comparison) {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> config = load.toJson(workload);
        config.put("targets", targets);
        config.put("rounds", rounds);
        config.put("lead_seconds", lead.toMillis() / 1e3);
        json.put("config", config);
        json.put("environment", Environment.toJson(load.jvmFlags(), load.brokerJvmFlags()));
        json.put("result", comparison.toJson());
        return json;
    }
}
