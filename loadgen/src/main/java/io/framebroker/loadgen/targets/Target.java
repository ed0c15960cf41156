package io.framebroker.loadgen.targets;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What stands between publisher and consumer. */
public enum Target {
    /** Frame Broker, through its client SDK. */
    BROKER,
    /** {@link BareRelay}: the same gRPC and marshallers, no broker. */
    RELAY,
    /** {@link RawRelay}: TCP only. */
    RAW,
    /** {@link PollingBuffer}: the HTTP frame buffer that the broker replaces. */
    POLLING,
    /** Plain Redis Streams, an entry for each frame. */
    REDIS,
    /** The same with a server that keeps nothing over its end: {@code appendonly no}. */
    REDIS_NOAOF,
    /** Plain Redis Streams, the client packing the frames of a message into one entry. */
    REDIS_BATCH,
    /** Frame Broker with its frames in Redis. */
    BROKER_REDIS,
    /** The same, of which groups get frames while they are on their way to the store. */
    BROKER_REDIS_EARLY,
    /** The same, of which consumers take the newest frame there is when they have time for one. */
    BROKER_REDIS_LATEST,
    /** Frame Broker with its frames in files, acknowledged when they are written. */
    BROKER_DISK,
    /** Frame Broker with its frames in files, acknowledged when they are forced to the disk. */
    BROKER_DISK_FSYNC,
    /** NATS JetStream with its frames in files, a message for each. */
    NATS,
    /** RabbitMQ, a persistent message for each frame in a quorum queue for each group. */
    RABBITMQ;

    /** As users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether a broker process stands in between. */
    public boolean isBroker() {
        return this == BROKER || isBrokerOnRedis() || isBrokerOnDisk();
    }

    /** Whether that broker keeps its frames in a Redis. */
    public boolean isBrokerOnRedis() {
        return this == BROKER_REDIS || this == BROKER_REDIS_EARLY || this == BROKER_REDIS_LATEST;
    }

    /** Whether frames may be left out for newer ones, which then has to be said of each. */
    public boolean leavesOut() {
        return this == BROKER_REDIS_LATEST;
    }

    /** Whether that broker keeps its frames in files of its own. */
    public boolean isBrokerOnDisk() {
        return this == BROKER_DISK || this == BROKER_DISK_FSYNC;
    }

    /** Whether clients talk to Redis themselves. */
    public boolean isPlainRedis() {
        return this == REDIS || this == REDIS_NOAOF || this == REDIS_BATCH;
    }

    /** Whether it is what one would otherwise take: nothing of ours stands in between. */
    public boolean isPeer() {
        return isPlainRedis() || this == NATS || this == RABBITMQ;
    }

    /** Whether frames are kept by a Redis server. */
    public boolean needsRedis() {
        return isPlainRedis() || isBrokerOnRedis();
    }

    /** Whether that server also writes them to a file. */
    public boolean appends() {
        return needsRedis() && this != REDIS_NOAOF;
    }

    /** Whether frames are kept outside the memory of who passes them on. */
    public boolean stores() {
        return server() != null || isBrokerOnDisk();
    }

    /** The program that keeps the frames; null where no other than the broker does. */
    public String server() {
        if (needsRedis()) {
            return "redis-server";
        }
        return switch (this) {
            case NATS -> "nats-server";
            case RABBITMQ -> "rabbitmq-server";
            default -> null;
        };
    }

    /** Whether the members of a group share its frames. */
    public boolean hasGroups() {
        return isBroker() && !leavesOut() || isPeer();
    }

    public static Target of(String label) {
        for (Target target : values()) {
            if (target.label().equals(label)) {
                return target;
            }
        }
        String known = Arrays.stream(values()).map(Target::label).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("target '" + label + "' is not known; use one of " + known);
    }

    @Override
    public String toString() {
        return label();
    }
}
