package io.framebroker.loadgen.role;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a {@link Rig} is made of.
 *
 * @param address of a target that runs already; null to start one
 * @param separateProcesses whether publishers, consumers and a relay each get a JVM of their own; a broker always does
 * @param jvm of publishers, consumers and relays
 * @param brokerJvm of a broker that is started
 * @param brokerJar what is started
 * @param brokerArguments more arguments for it
 * @param limits of the streams; null for the broker's own
 * @param stores where frames are kept; may be null for targets that keep them in memory
 */
public record Setup(
        Side side,
        Workload workload,
        String address,
        boolean separateProcesses,
        Jvm jvm,
        Jvm brokerJvm,
        Path brokerJar,
        List<String> brokerArguments,
        StreamLimits limits,
        Stores stores) {
    private static final Pattern ADDRESS = Pattern.compile(".+:\\d{1,5}");

    public Setup {
        if (address != null && !ADDRESS.matcher(address).matches()) {
            throw new IllegalArgumentException("--address is '" + address + "'; write it as host:port");
        }
        Target target = side.target();
        if (address != null && target.stores()) {
            String way = target.isBrokerOnDisk()
                    ? " target is a broker that is started with its own folder"
                    : " target is found by --" + target.server().replace("-server", "") + "-url";
            throw new IllegalArgumentException("--address is " + address + ", but the " + target + way
                    + "; a broker that runs already is target broker, whatever its store");
        }
        if (!target.hasGroups() && workload.consumers() != 1) {
            throw new IllegalArgumentException("--consumers is " + workload.consumers() + ", but the " + target
                    + " target has no groups to share frames in: each consumer gets every frame. Use --consumers 1"
                    + " and --groups for the number of consumers");
        }
        if (target == Target.REDIS_NOAOF && !stores.redis().starts()) {
            throw new IllegalArgumentException(
                    "--redis-url is " + stores.redis().url() + ", but redis-noaof is a"
                            + " server that is started without its append-only file; leave one of the two out");
        }
        if (target == Target.REDIS_BATCH && workload.batch() == 1) {
            throw new IllegalArgumentException(
                    "--batch is 1, with which redis-batch is redis; say how many frames share an entry, --batch 64");
        }
    }

    public Target target() {
        return side.target();
    }

    /** The same, and the broker is told more. */
    public Setup withBrokerArguments(List<String> more) {
        List<String> all = new ArrayList<>(brokerArguments);
        all.addAll(more);
        return new Setup(side, workload, address, separateProcesses, jvm, brokerJvm, brokerJar, all, limits, stores);
    }

    /**
     * What a broker that is started is told, beside its port.
     *
     * @param redisUrl null for one that is not on Redis
     * @param folder null for one that is not on disk
     */
    List<String> brokerArguments(String redisUrl, Path folder) {
        List<String> arguments = new ArrayList<>();
        arguments.addAll(
                switch (target()) {
                    case BROKER -> saysWhere(brokerArguments) ? List.of() : List.of("--store", "memory");
                    case BROKER_REDIS, BROKER_REDIS_EARLY, BROKER_REDIS_LATEST ->
                        List.of("--store", "redis", "--redis-url", redisUrl);
                    case BROKER_DISK -> onDisk(folder, "STORED");
                    case BROKER_DISK_FSYNC -> onDisk(folder, "FSYNC");
                    default -> throw new IllegalStateException(side + " has no broker");
                });
        if (limits != null) {
            arguments.addAll(limits.brokerArguments());
        }
        arguments.addAll(brokerArguments);
        return arguments;
    }

    private static boolean saysWhere(List<String> arguments) {
        return arguments.stream().anyMatch(argument -> argument.startsWith("--store"));
    }

    private static List<String> onDisk(Path folder, String level) {
        return List.of("--store", "disk", "--data-dir", folder.toString(), "--disk-ack-level", level);
    }
}
