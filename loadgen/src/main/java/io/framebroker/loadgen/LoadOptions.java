package io.framebroker.loadgen;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.role.Room;
import io.framebroker.loadgen.role.Setup;
import io.framebroker.loadgen.role.Stores;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that {@code run} and {@code compare} share. */
final class LoadOptions {
    private static final String BROKER_JAR_PROPERTY = "framebroker.jar";

    private final long runId = ThreadLocalRandom.current().nextLong() >>> 16;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--cameras",
            paramLabel = "N",
            defaultValue = "1",
            description = "Streams, each with its publisher (default: ${DEFAULT-VALUE}).")
    private int cameras;

    @Option(
            names = "--groups",
            paramLabel = "N",
            defaultValue = "1",
            description = "Groups; each gets every frame (default: ${DEFAULT-VALUE}).")
    private int groups;

    @Option(
            names = "--consumers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Members of a group, which share its frames; not for the relays (default: ${DEFAULT-VALUE}).")
    private int consumers;

    @Option(
            names = "--frame-bytes",
            paramLabel = "BYTES",
            defaultValue = "100000",
            description = "Payload of a frame (default: ${DEFAULT-VALUE}).")
    private int frameBytes;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Frames a message (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--window",
            paramLabel = "FRAMES",
            description =
                    "Frames a consumer may hold unsettled; not for the relays (default: 64 messages, 256 or more).")
    private Integer window;

    @Option(
            names = "--in-flight",
            paramLabel = "FRAMES",
            description =
                    "Frames a publisher may have sent and not seen stored (default: about 16 MB, of all cameras together 256 MB).")
    private Integer inFlight;

    @Option(
            names = "--rate",
            paramLabel = "FPS",
            defaultValue = "0",
            description = "Frames a second of each camera, at fixed times whatever happens; 0 for flat out"
                    + " (default: ${DEFAULT-VALUE}).")
    private double rate;

    @Option(
            names = "--verify",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Compute and compare checksums; sequences are always checked (default: ${DEFAULT-VALUE}).")
    private boolean verify;

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            defaultValue = "15s",
            converter = Durations.class,
            description = "Time before anything is measured (default: ${DEFAULT-VALUE}).")
    private Duration warmup;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = Durations.class,
            description = "Time measured, of each round (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--jvm",
            paramLabel = "FLAGS",
            defaultValue = Jvm.DEFAULT_FLAGS,
            description = "Flags of child JVMs (default: ${DEFAULT-VALUE}).")
    private String jvm;

    @Option(
            names = "--broker-jvm",
            paramLabel = "FLAGS",
            description = "Flags of the broker's JVM, when it is started (default: those of --jvm).")
    private String brokerJvm;

    @Option(
            names = "--broker-jar",
            paramLabel = "FILE",
            description = "Broker to start (default: server/target/frame-broker.jar beside this module, or the system"
                    + " property " + BROKER_JAR_PROPERTY + ").")
    private Path brokerJar;

    @Option(
            names = "--broker-arg",
            paramLabel = "ARG",
            description = "One more argument for the broker, when it is started. Repeat for more.")
    private List<String> brokerArguments = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Write configuration, environment and results there.")
    private Path json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    /** What all sides carry that say nothing of their own. */
    Workload workload() {
        return workload(cameras);
    }

    /** What a side carries: the same run, maybe with cameras of its own. */
    Workload workload(Side side) {
        return workload(side.cameras() == 0 ? cameras : side.cameras());
    }

    private Workload workload(int of) {
        try {
            return new Workload(
                    runId,
                    of,
                    groups,
                    consumers,
                    frameBytes,
                    batch,
                    window == null ? Math.max(256, 64 * batch) : window,
                    inFlight == null ? Workload.inFlightFor(frameBytes, batch, of) : inFlight,
                    rate,
                    verify);
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    Setup setup(
            Side side,
            Workload workload,
            String address,
            boolean separateProcesses,
            StreamLimits limits,
            Stores stores) {
        try {
            return new Setup(
                    side,
                    workload,
                    address,
                    separateProcesses,
                    Jvm.of(jvm),
                    Jvm.of(brokerJvmFlags()),
                    brokerJar(),
                    brokerArguments,
                    limits,
                    stores);
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    Side side(String label) {
        try {
            return Side.of(label);
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    /** A message about arguments, with exit code 2. */
    ParameterException wrong(IllegalArgumentException cause) {
        return new ParameterException(spec.commandLine(), cause.getMessage(), cause);
    }

    Duration warmup() {
        return warmup;
    }

    Duration duration() {
        return duration;
    }

    /** Largest heaps of the JVMs of a target whose roles have one each. */
    long heapBytes(Target target) {
        long roles = 2 * Room.heapBytes(Jvm.of(jvm).flags());
        // A server of another make has none.
        return target.server() == null
                ? roles + Room.heapBytes(Jvm.of(brokerJvmFlags()).flags())
                : roles;
    }

    String jvmFlags() {
        return jvm;
    }

    String brokerJvmFlags() {
        return brokerJvm == null ? jvm : brokerJvm;
    }

    /** Null for none. */
    Path json() {
        return json;
    }

    Map<String, Object> toJson(Workload workload) {
        Map<String, Object> config = workload.toJson();
        config.put("warmup_seconds", warmup.toMillis() / 1e3);
        config.put("duration_seconds", duration.toMillis() / 1e3);
        return config;
    }

    private Path brokerJar() {
        return brokerJar == null ? defaultBrokerJar() : brokerJar;
    }

    /** The broker built beside this module, or the one the system property names. */
    static Path defaultBrokerJar() {
        String property = System.getProperty(BROKER_JAR_PROPERTY);
        if (property != null) {
            return Path.of(property);
        }
        try {
            // loadgen/target/frame-broker-loadgen.jar or loadgen/target/classes
            Path here = Path.of(LoadGen.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return here.resolve("../../../server/target/frame-broker.jar").normalize();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
