package io.framebroker.loadgen;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.picture.Bars;
import io.framebroker.loadgen.report.Comparison;
import io.framebroker.loadgen.report.Environment;
import io.framebroker.loadgen.report.Goal;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.report.PeerTables;
import io.framebroker.loadgen.report.Progress;
import io.framebroker.loadgen.report.Results;
import io.framebroker.loadgen.role.Machine;
import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.role.Stores;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
    /** Ends the name of a target that is left out where its server is not there. */
    private static final String OPTIONAL = "?";
    /** How much faster than they are measured frames that come at fixed times come before. */
    private static final double WARM_UP_FACTOR = 3;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--targets",
            split = ",",
            paramLabel = "TARGET",
            defaultValue = "raw,relay,broker",
            description = "Two or more of raw, relay, broker, broker-redis, broker-redis-early,"
                    + " broker-redis-latest, broker-disk, broker-disk-fsync, redis, redis-noaof, redis-batch, nats,"
                    + " rabbitmq; ratios are to the first two and to the last five, its peers."
                    + " broker@64 is the broker with 64 cameras, whatever --cameras says; redis? is left out where"
                    + " its server is not there (default: ${DEFAULT-VALUE}).")
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

    @Option(
            names = "--goal",
            split = ",",
            paramLabel = "GOAL",
            description = "Say in the end whether this is met: broker/relay>=0.9, fps(broker)>=1000000,"
                    + " p99(broker-redis)<3 milliseconds, cores(broker-redis)<0.3 of the process in the middle. Met is"
                    + " what every round meets. Repeat for more.")
    private List<String> goals = List.of();

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            converter = Pictures.class,
            description = "Draw the targets as bars there; .svg or .png.")
    private Path picture;

    @Option(
            names = Preset.OPTION,
            paramLabel = "NAME",
            completionCandidates = Preset.Labels.class,
            description = "A comparison that is written out already: ${COMPLETION-CANDIDATES} (x4: to four groups)."
                    + " Other options beside it win.")
    private String preset;

    @Mixin
    private LoadOptions load;

    @Mixin
    private StoreOptions stores;

    @Override
    public Integer call() throws InterruptedException, IOException {
        Workload workload = load.workload();
        List<Side> chosen = sides();
        List<Requirement> required = requirements(chosen);
        requireGoals();
        boolean stored = chosen.stream().anyMatch(side -> side.target().stores());
        StreamLimits limits = limits(workload, stored);
        List<Setup> setups = setups(chosen, limits);
        Comparison comparison = stored ? Comparison.ofSettled(chosen) : Comparison.ofDelivered(chosen);
        Map<String, Object> json = config(workload);
        List<Rig> rigs = new ArrayList<>();
        try {
            for (Setup setup : setups) {
                Rig rig = Rig.open(setup);
                rigs.add(rig);
                if (!workload.flatOut()) {
                    // At its own pace what is measured would still be compiled meanwhile.
                    rig.warmUp(load.warmup(), WARM_UP_FACTOR * workload.framesPerSecond());
                }
                rig.measure(
                                workload.flatOut() ? load.warmup() : Duration.ZERO,
                                Duration.ofSeconds(1),
                                progress("warm-up ", rig))
                        .check();
            }
            if (stored) {
                json.put("limits", limits.toJson());
                json.put("stores", storeFacts(rigs));
            }
            json.put("order", measure(rigs, workload, comparison));
        } finally {
            rigs.forEach(Rig::close);
        }
        json.put("result", comparison.toJson());
        print(workload, comparison, json);
        write(Json.of(json));
        required.forEach(requirement -> requirement.check(comparison));
        return 0;
    }

    /** What is written, and what is drawn and judged by reading it again, so that later is as now. */
    private void write(String json) throws IOException {
        if (load.json() != null) {
            Files.writeString(load.json(), json);
        }
        Results results = Results.parse(preset == null ? "this" : preset, json);
        if (picture != null) {
            new Bars("", List.of(results), 1).write(picture);
        }
        if (!goals.isEmpty()) {
            PrintWriter out = spec.commandLine().getOut();
            out.print("\n" + Results.goals(List.of(results)));
            out.flush();
        }
    }

    /**
     * Lets the targets take turns, in another order each round, so that none is always the one behind another.
     *
     * @return the orders
     */
    private List<List<String>> measure(List<Rig> rigs, Workload workload, Comparison comparison)
            throws InterruptedException {
        Random random = new Random(workload.runId());
        List<List<String>> orders = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            List<Rig> order = new ArrayList<>(rigs);
            Collections.shuffle(order, random);
            orders.add(order.stream().map(rig -> rig.side().label()).toList());
            for (Rig rig : order) {
                String prefix = "round " + round + "/" + rounds + " ";
                Machine.writeBack();
                Measurement measured = rig.measure(lead, load.duration(), progress(prefix, rig));
                measured.check();
                comparison.add(measured);
            }
        }
        return orders;
    }

    private List<Side> sides() {
        List<Side> sides = new ArrayList<>();
        boolean leftOut = false;
        for (String text : targets) {
            boolean optional = text.endsWith(OPTIONAL);
            Side side = load.side(optional ? text.substring(0, text.length() - 1) : text);
            String missing = optional ? stores.missing(side.target()) : null;
            if (missing == null) {
                sides.add(side);
            } else {
                leftOut = true;
                spec.commandLine().getErr().println(side + " is left out: " + missing);
            }
        }
        boolean enough = sides.size() >= 2 || leftOut && !sides.isEmpty();
        if (!enough || sides.stream().distinct().count() != sides.size()) {
            throw load.wrong(new IllegalArgumentException(
                    "--targets is " + String.join(",", targets) + "; name two or more, each once"));
        }
        return sides;
    }

    private StreamLimits limits(Workload workload, boolean stored) {
        try {
            if (preset != null) {
                Preset.of(preset);
            }
            return stores.limits(workload, stored);
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private List<Setup> setups(List<Side> chosen, StreamLimits limits) {
        if (rounds < 1) {
            throw load.wrong(new IllegalArgumentException("--rounds is " + rounds + "; it must be 1 or more"));
        }
        try {
            Stores where = stores.stores();
            List<Setup> setups = chosen.stream()
                    .map(side -> load.setup(side, load.workload(side), null, true, limits, where))
                    .toList();
            List<Target> all = chosen.stream().map(Side::target).toList();
            Duration longest = Collections.max(List.of(load.warmup(), lead.plus(load.duration())));
            stores.requireRoom(all, all.stream().mapToLong(load::heapBytes).sum(), longest);
            return setups;
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private List<Requirement> requirements(List<Side> chosen) {
        try {
            List<Requirement> required =
                    requirements.stream().map(Requirement::parse).toList();
            required.forEach(requirement -> requirement.requireMeasured(chosen));
            return required;
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private void requireGoals() {
        try {
            for (String goal : goals) {
                for (Side side : Goal.parse(goal).sides()) {
                    if (!targets.contains(side.label()) && !targets.contains(side.label() + OPTIONAL)) {
                        throw new IllegalArgumentException("--goal is '" + goal + "'; " + side
                                + " is none of --targets " + String.join(",", targets));
                    }
                }
            }
        } catch (IllegalArgumentException e) {
            throw load.wrong(e);
        }
    }

    private Progress progress(String prefix, Rig rig) {
        return new Progress(prefix, rig.side(), load.workload(rig.side()), System.err);
    }

    /** By the program that stores, which is the same for all targets that use it. */
    private static Map<String, Object> storeFacts(List<Rig> rigs) {
        Map<String, Object> facts = new LinkedHashMap<>();
        for (Rig rig : rigs) {
            Target target = rig.side().target();
            if (target.stores()) {
                facts.put(store(target), rig.storeFacts());
            }
        }
        return facts;
    }

    private static String store(Target target) {
        boolean own = target.server() == null || target == Target.REDIS_NOAOF;
        return own ? target.label() : target.server();
    }

    private void print(Workload workload, Comparison comparison, Map<String, Object> json) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%d camera(s), %d group(s), %d B a frame, %d frame(s) a message, %s; %d rounds of %d s in turn after"
                        + " %d s of warm-up; %d cores%n",
                workload.cameras(),
                workload.groups(),
                workload.frameBytes(),
                workload.batch(),
                workload.flatOut() ? "flat out" : workload.framesPerSecond() + " fps a camera",
                rounds,
                load.duration().toSeconds(),
                load.warmup().toSeconds(),
                Runtime.getRuntime().availableProcessors());
        if (json.get("stores") instanceof Map<?, ?> facts) {
            facts.forEach((store, of) -> out.printf("%s: %s%n", store, words(of)));
            out.printf("streams: %s%n", words(json.get("limits")));
            out.printf("median [min - max]; every frame checked, and settled by every group%n%n");
            out.print(PeerTables.of(comparison));
        } else {
            out.printf("median [min - max]; every frame checked%n%n");
            out.print(comparison.toText());
        }
        out.flush();
    }

    private static String words(Object facts) {
        return ((Map<?, ?>) facts)
                .entrySet().stream()
                        .map(fact -> fact.getKey() + " " + fact.getValue())
                        .collect(Collectors.joining(", "));
    }

    private Map<String, Object> config(Workload workload) {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> config = load.toJson(workload);
        config.put("targets", targets);
        config.put("rounds", rounds);
        config.put("goals", goals);
        config.put("lead_seconds", lead.toMillis() / 1e3);
        json.put("config", config);
        json.put("environment", Environment.toJson(load.jvmFlags(), load.brokerJvmFlags()));
        return json;
    }
}
