package io.framebroker.loadgen;

import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.report.Environment;
import io.framebroker.loadgen.report.Json;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.role.RedisSettings;
import io.framebroker.loadgen.role.Room;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.role.Stores;
import io.framebroker.loadgen.scale.Growth;
import io.framebroker.loadgen.scale.Step;
import io.framebroker.loadgen.scale.Steps;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "scale",
        description =
                "Measures the broker at one size after the other, each with processes of its own, and checks every frame:"
                        + " cores, memory and latency as cameras, silent streams, consumers or groups become more.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ScaleCommand implements Callable<Integer> {
    private static final Duration LEAST_DURATION = Duration.ofSeconds(2);

    /** What the files of a step may take. */
    private static final long DISK_BYTES = 8L << 30;

    private static final long REDIS_BYTES = 2L << 30;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--what",
            paramLabel = "WHAT",
            required = true,
            description =
                    "What grows: cameras of 15 frames of 50 kB a second with one consumer; idle streams, which have"
                            + " publisher and consumer and no frames, beside a camera of 30 frames of 100 kB; consumers of one"
                            + " group that share 200 frames of 50 kB a second; or groups of a camera of 30 frames of 100 kB.")
    private String what;

    @Option(
            names = "--store",
            paramLabel = "STORE",
            defaultValue = "memory",
            description = "Where the broker keeps frames: memory, disk or redis (default: ${DEFAULT-VALUE}).")
    private String store;

    @Option(
            names = "--steps",
            paramLabel = "N,N,...",
            split = ",",
            description =
                    "Sizes (default: 1,2,4,8,16,32,64 cameras; 0,100,300,1000 idle streams; 1,10,50,100,200 consumers;"
                            + " 1,2,4,8,16 groups).")
    private List<Integer> sizes = List.of();

    @Option(
            names = "--rate",
            paramLabel = "FPS",
            description = "Frames a second of each camera, at fixed times whatever happens (default: see --what).")
    private Double rate;

    @Option(names = "--frame-bytes", paramLabel = "BYTES", description = "Payload of a frame (default: see --what).")
    private Integer frameBytes;

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            defaultValue = "3s",
            converter = Durations.class,
            description = "Time in which frames flow faster, so that code is compiled (default: ${DEFAULT-VALUE}).")
    private Duration warmup;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = Durations.class,
            description = "Time measured, of each step (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--jvm",
            paramLabel = "FLAGS",
            defaultValue = Jvm.DEFAULT_FLAGS,
            description = "Flags of publisher and consumer (default: ${DEFAULT-VALUE}).")
    private String jvm;

    @Option(
            names = "--broker-jvm",
            paramLabel = "FLAGS",
            description = "Flags of the broker's JVM (default: those of --jvm).")
    private String brokerJvm;

    @Option(names = "--broker-jar", paramLabel = "FILE", description = "Broker to start.")
    private Path brokerJar;

    @Option(
            names = "--broker-arg",
            paramLabel = "ARG",
            description = "One more argument for the broker. Repeat for more.")
    private List<String> brokerArguments = List.of();

    @Option(
            names = "--redis-server",
            paramLabel = "FILE",
            defaultValue = "redis-server",
            description = "Redis to start, with --store redis (default: ${DEFAULT-VALUE}, on the PATH).")
    private String redisServer;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description =
                    "Where disk store and Redis keep their files, on a disk; removed in the end (default: the system's"
                            + " temporary folder).")
    private Path folder;

    @Option(names = "--json", paramLabel = "FILE", description = "Write configuration, environment and results there.")
    private Path json;

    @Option(
            names = "--plot",
            paramLabel = "FILE.svg",
            converter = Pictures.class,
            description = "Draw them there, or as FILE.png.")
    private Path picture;

    @Override
    public Integer call() throws InterruptedException, IOException {
        List<Step> steps = new ArrayList<>();
        Growth growth;
        List<Setup> setups = new ArrayList<>();
        List<Integer> at;
        try {
            growth = Growth.of(what);
            at = sizes.isEmpty() ? growth.steps() : sizes;
            for (int size : at) {
                setups.add(setup(growth, size));
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        requireRoom(setups.get(0).target());
        try {
            for (int i = 0; i < setups.size(); i++) {
                System.err.println(at.get(i) + " " + growth.unit() + " ...");
                steps.add(Step.measure(growth, at.get(i), setups.get(i), warmup, duration));
            }
        } finally {
            // Also of those before one that fails.
            if (!steps.isEmpty()) {
                tell(growth, at, steps);
            }
        }
        return 0;
    }

    private void tell(Growth growth, List<Integer> at, List<Step> steps) throws IOException {
        Steps all = new Steps(growth, title(growth), steps);
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s%n%n%s", title(growth), all);
        out.flush();
        if (json != null) {
            Files.writeString(json, Json.of(toJson(growth, at, steps)));
        }
        if (picture != null) {
            all.write(picture);
        }
    }

    private Setup setup(Growth growth, int size) {
        if (duration.compareTo(LEAST_DURATION) < 0) {
            throw new IllegalArgumentException("--duration is " + duration.toMillis() + "ms; it must be 2s or more");
        }
        long runId = ThreadLocalRandom.current().nextLong() >>> 16;
        Workload workload = growth.workload(runId, size, rate(growth), frameBytes(growth));
        List<String> arguments = new ArrayList<>(growth.brokerArguments(workload, size));
        arguments.addAll(brokerArguments);
        return new Setup(
                Side.of(target()),
                workload,
                null,
                true,
                Jvm.of(jvm),
                Jvm.of(brokerJvmFlags()),
                brokerJar == null ? LoadOptions.defaultBrokerJar() : brokerJar,
                arguments,
                null,
                new Stores(new RedisSettings(null, redisServer, null, folder(), REDIS_BYTES), null, null, folder()));
    }

    private Target target() {
        return switch (store) {
            case "memory" -> Target.BROKER;
            case "disk" -> Target.BROKER_DISK;
            case "redis" -> Target.BROKER_REDIS;
            default -> throw new IllegalArgumentException("--store is '" + store + "'; use one of memory, disk, redis");
        };
    }

    private void requireRoom(Target target) {
        if (!target.stores()) {
            return;
        }
        if (Room.isMemory(folder())) {
            throw new RunFailure(folder() + " is in memory, where storing a frame costs next to nothing; say"
                    + " --data-dir DIR for a folder on a disk");
        }
        Room.disk(folder(), DISK_BYTES, "the files of a step; say --data-dir DIR");
    }

    private String title(Growth growth) {
        return String.format(
                Locale.ROOT,
                "%s, %s store: %s frames/s of %s kB from each camera",
                growth.unit(),
                store,
                plain(rate(growth)),
                plain(frameBytes(growth) / 1e3));
    }

    /** As "15", or "37.5". */
    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    private Map<String, Object> toJson(Growth growth, List<Integer> at, List<Step> steps) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("what", growth.label());
        config.put("store", store);
        config.put("steps", at);
        config.put("rate", rate(growth));
        config.put("frame_bytes", frameBytes(growth));
        config.put("warmup_seconds", warmup.toMillis() / 1e3);
        config.put("duration_seconds", duration.toMillis() / 1e3);
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("config", config);
        root.put("environment", Environment.toJson(jvm, brokerJvmFlags()));
        root.put("steps", steps.stream().map(Step::toJson).toList());
        return root;
    }

    private double rate(Growth growth) {
        return rate == null ? growth.framesPerSecond() : rate;
    }

    private int frameBytes(Growth growth) {
        return frameBytes == null ? growth.frameBytes() : frameBytes;
    }

    private String brokerJvmFlags() {
        return brokerJvm == null ? jvm : brokerJvm;
    }

    private Path folder() {
        return folder == null ? Path.of(System.getProperty("java.io.tmpdir")) : folder;
    }
}
