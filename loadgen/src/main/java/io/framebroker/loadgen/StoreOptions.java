package io.framebroker.loadgen;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.RedisSettings;
import io.framebroker.loadgen.role.Room;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.role.ServerSettings;
import io.framebroker.loadgen.role.Stores;
import io.framebroker.loadgen.targets.NatsClient;
import io.framebroker.loadgen.targets.RabbitClient;
import io.framebroker.loadgen.targets.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** Options for targets that store frames, and for what streams hold. */
final class StoreOptions {
    /** More than a server was ever seen to append in a second. */
    private static final long AOF_BYTES_PER_SECOND = 600_000_000L;

    /** What a server needs beside its frames: buffers, and room for what lies behind the groups. */
    private static final long SERVER_BYTES = 512L << 20;

    /** Files of a target that lets go of settled frames by itself. */
    private static final long FILE_BYTES = 2L << 30;

    /** What they were seen to take, with 100 kB frames. */
    private static final long NATS_BYTES = 3L << 30;

    private static final long RABBIT_BYTES = 3L << 29;

    private static final int BACKLOG_PER_IN_FLIGHT = 2;

    @Option(
            names = "--redis-url",
            paramLabel = "URL",
            description = "A Redis that runs already, redis://HOST:PORT, for all targets on Redis; it is used as it is"
                    + " (default: start one for each).")
    private String url;

    @Option(
            names = "--redis-server",
            paramLabel = "FILE",
            defaultValue = "redis-server",
            description = "Redis to start (default: ${DEFAULT-VALUE}, on the PATH).")
    private String server;

    @Option(
            names = "--redis-conf",
            paramLabel = "FILE",
            description = "Its configuration (default: appendonly yes, appendfsync everysec, save \"\").")
    private Path conf;

    @Option(
            names = "--nats-url",
            paramLabel = "URL",
            description = "A NATS server with JetStream that runs already, nats://HOST:PORT (default: start one).")
    private String natsUrl;

    @Option(
            names = "--nats-server",
            paramLabel = "FILE",
            defaultValue = "nats-server",
            description = "NATS to start (default: ${DEFAULT-VALUE}, on the PATH).")
    private String natsServer;

    @Option(
            names = "--rabbitmq-url",
            paramLabel = "URL",
            description = "A RabbitMQ that runs already, amqp://USER:PASSWORD@HOST:PORT (default: start one).")
    private String rabbitUrl;

    @Option(
            names = "--rabbitmq-server",
            paramLabel = "FILE",
            defaultValue = "rabbitmq-server",
            description = "RabbitMQ to start (default: ${DEFAULT-VALUE}, on the PATH).")
    private String rabbitServer;

    @Option(
            names = {"--data-dir", "--redis-dir"},
            paramLabel = "DIR",
            description =
                    "Where servers that are started and the broker's disk store keep their files, on a disk, each in"
                            + " a folder of its own that is removed in the end (default: the system's temporary folder).")
    private Path folder;

    @Option(
            names = "--backlog-frames",
            paramLabel = "N",
            description =
                    "Frames a group may be behind before the publisher waits, in the broker and its peers alike"
                            + " (default: with a target that stores frames twice --in-flight, 1000 or more; else the broker's own).")
    private Integer backlogFrames;

    @Option(
            names = "--retention-frames",
            paramLabel = "N",
            description = "Settled frames a stream keeps, likewise (default: the broker's own, 100).")
    private Integer retentionFrames;

    /** Null when nothing was said and nothing is stored: the broker then has its defaults. */
    StreamLimits limits(Workload workload, boolean stored) {
        if (!stored && backlogFrames == null && retentionFrames == null) {
            return null;
        }
        StreamLimits usual = StreamLimits.DEFAULT;
        int backlog = stored
                ? Math.max(usual.backlogFrames(), BACKLOG_PER_IN_FLIGHT * workload.inFlight())
                : usual.backlogFrames();
        return new StreamLimits(
                backlogFrames == null ? backlog : backlogFrames,
                usual.backlogBytes(),
                retentionFrames == null ? usual.retentionFrames() : retentionFrames,
                usual.retentionBytes());
    }

    Stores stores() {
        if (natsUrl != null && !NatsClient.isUrl(natsUrl)) {
            throw new IllegalArgumentException("--nats-url is not a URL of NATS; write it as nats://host:port");
        }
        if (rabbitUrl != null && !RabbitClient.isUrl(rabbitUrl)) {
            throw new IllegalArgumentException(
                    "--rabbitmq-url is not a URL of RabbitMQ; write it as amqp://user:password@host:port");
        }
        return new Stores(
                new RedisSettings(url, server, conf, folder(), redisBytes()),
                new ServerSettings(natsUrl, natsServer, folder()),
                new ServerSettings(rabbitUrl, rabbitServer, folder()),
                folder());
    }

    /** Why a target's server is not there; null when it is, or when the target has none. */
    String missing(Target target) {
        String program = program(target);
        if (program == null || url(target) != null || ServerSettings.isFound(program)) {
            return null;
        }
        String name = target.server().replace("-server", "");
        return "there is no " + program + (program.contains("/") ? "" : " on the PATH") + ", and no --" + name + "-url";
    }

    /**
     * Fails when the machine has no room for what is about to be started.
     *
     * @param heapBytes of all JVMs
     * @param longest time frames flow before an append-only file is rewritten
     */
    void requireRoom(List<Target> targets, long heapBytes, Duration longest) {
        List<Target> stored = targets.stream().filter(this::isStarted).toList();
        if (stored.isEmpty()) {
            return;
        }
        if (folder == null && Room.isMemory(folder())) {
            throw new RunFailure(folder() + " is in memory, where storing a frame costs next to nothing; say"
                    + " --data-dir DIR for a folder on a disk");
        }
        long seconds = Math.max(1, longest.toSeconds() + 1);
        boolean redis = stored.stream().anyMatch(Target::appends);
        Room.disk(
                folder(),
                (redis ? AOF_BYTES_PER_SECOND * seconds : 0) + stored.size() * FILE_BYTES,
                (redis ? seconds + " s of append-only file, and " : "") + "the files of " + stored.size()
                        + " targets; free some, say --data-dir DIR, or make --warmup and --duration shorter");
        Room.memory(
                heapBytes + stored.stream().mapToLong(StoreOptions::memoryBytes).sum(),
                "the servers of " + stored.size() + " targets and the JVMs beside them; say --jvm with less, or name"
                        + " fewer targets");
    }

    /** Whether a server or a broker's disk store is started for a target. */
    private boolean isStarted(Target target) {
        return target.stores() && (target.server() == null || url(target) == null);
    }

    private String url(Target target) {
        return target.needsRedis() ? url : target == Target.NATS ? natsUrl : rabbitUrl;
    }

    /** Null where no other than the broker stores. */
    private String program(Target target) {
        if (target.needsRedis()) {
            return server;
        }
        return switch (target) {
            case NATS -> natsServer;
            case RABBITMQ -> rabbitServer;
            default -> null;
        };
    }

    private static long memoryBytes(Target target) {
        if (target.needsRedis()) {
            return redisBytes();
        }
        return switch (target) {
            case NATS -> NATS_BYTES;
            case RABBITMQ -> RABBIT_BYTES;
            default -> 0;
        };
    }

    private static long redisBytes() {
        return 2 * StreamLimits.DEFAULT.backlogBytes() + SERVER_BYTES;
    }

    private Path folder() {
        return folder == null ? Path.of(System.getProperty("java.io.tmpdir")) : folder;
    }
}
