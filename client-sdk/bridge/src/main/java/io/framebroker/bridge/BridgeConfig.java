package io.framebroker.bridge;

import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.mapping.StreamTemplate;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.v1.AckLevel;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Every setting of the bridge: flag, variable, default, unit and range side by side. A flag wins over its variable. */
final class BridgeConfig {
    @Mixin
    RedisOptions redis;

    @Option(
            names = "--source",
            paramLabel = "KEY",
            defaultValue = "${env:BRIDGE_SOURCE:-frames:metadata}",
            description = "The Redis Stream to read (BRIDGE_SOURCE, default frames:metadata)")
    String source;

    @Option(
            names = "--group",
            defaultValue = "${env:BRIDGE_GROUP:-frame-broker}",
            description = "Its consumer group, the bridge's own: nobody else may read through it"
                    + " (BRIDGE_GROUP, default frame-broker)")
    String group;

    @Option(
            names = "--consumer",
            defaultValue = "${env:BRIDGE_CONSUMER:-}",
            description = "Name within the group; the same after a restart, another for each bridge that stands by"
                    + " (BRIDGE_CONSUMER, default the name of the host)")
    String consumer;

    @Option(
            names = "--from",
            defaultValue = "${env:BRIDGE_FROM:-beginning}",
            description = "Where a new group starts: beginning, or new (BRIDGE_FROM, default beginning)")
    From from;

    @Option(
            names = "--lease",
            defaultValue = "${env:BRIDGE_LEASE:-PT10S}",
            description = "How long a bridge that has fallen silent keeps one of another name out, 1 s..10 min"
                    + " (BRIDGE_LEASE, default PT10S)")
    Duration lease;

    @Option(
            names = "--in-flight",
            defaultValue = "${env:BRIDGE_IN_FLIGHT:-1024}",
            description = "Most entries read and not settled, 1..100000 (BRIDGE_IN_FLIGHT, default 1024)")
    int inFlight;

    @Option(
            names = "--in-flight-bytes",
            defaultValue = "${env:BRIDGE_IN_FLIGHT_BYTES:-64M}",
            converter = ByteSize.class,
            description = "The same in bytes (BRIDGE_IN_FLIGHT_BYTES, default 64M)")
    long inFlightBytes;

    @Option(
            names = "--batch",
            defaultValue = "${env:BRIDGE_BATCH:-256}",
            description = "Most entries of one read, 1..10000 (BRIDGE_BATCH, default 256)")
    int batch;

    @Option(
            names = "--delete-acked",
            arity = "1",
            defaultValue = "${env:BRIDGE_DELETE_ACKED:-false}",
            description = "Whether entries leave the source once the broker has them: only where nobody else reads it"
                    + " (BRIDGE_DELETE_ACKED, default false)")
    boolean deleteAcked;

    @Option(
            names = "--unreadable-limit",
            defaultValue = "${env:BRIDGE_UNREADABLE_LIMIT:-10000}",
            description = "Entries the side stream KEY:unreadable keeps, the oldest go; 0 for all"
                    + " (BRIDGE_UNREADABLE_LIMIT, default 10000)")
    long unreadableLimit;

    @Option(
            names = "--broker",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:BROKER:-localhost:50051}",
            description = "Where the broker is (BROKER, default localhost:50051)")
    String broker;

    @Option(
            names = "--ack-level",
            defaultValue = "${env:BRIDGE_ACK_LEVEL:-strongest}",
            description =
                    "What the broker must promise before an entry is settled: memory, stored, fsync, replicated, or the"
                            + " strongest it gives (BRIDGE_ACK_LEVEL, default strongest)")
    Level ackLevel;

    @Option(
            names = "--publisher-id",
            defaultValue = "${env:BRIDGE_PUBLISHER_ID:-}",
            description = "As whom to publish; another for each Redis where several feed one broker"
                    + " (BRIDGE_PUBLISHER_ID, default redis/KEY/GROUP)")
    String publisherId;

    @Option(
            names = "--epoch",
            defaultValue = "${env:BRIDGE_EPOCH:-1}",
            description =
                    "Stays 1; grows by one when the source was begun anew with lower ids (BRIDGE_EPOCH, default 1)")
    long epoch;

    @Option(
            names = "--max-streams",
            defaultValue = "${env:BRIDGE_MAX_STREAMS:-256}",
            description = "Most streams that entries may name, 1..10000 (BRIDGE_MAX_STREAMS, default 256)")
    int maxStreams;

    @Option(
            names = "--losses-to",
            paramLabel = "STREAM",
            defaultValue = "${env:BRIDGE_LOSSES_TO:-}",
            description =
                    "Stream in whose ledger losses go that name no stream (BRIDGE_LOSSES_TO, default the fixed stream, else"
                            + " the name of the source)")
    String lossesTo;

    @Mixin
    MappingOptions mapping;

    @Option(
            names = "--status-interval",
            defaultValue = "${env:BRIDGE_STATUS_INTERVAL:-PT10S}",
            description =
                    "How often to say in a line how it goes; PT0S for never (BRIDGE_STATUS_INTERVAL, default PT10S)")
    Duration statusInterval;

    @Option(
            names = "--drain-time",
            defaultValue = "${env:BRIDGE_DRAIN_TIME:-PT3S}",
            description = "What entries in flight may take at the end (BRIDGE_DRAIN_TIME, default PT3S)")
    Duration drainTime;

    @Option(names = "--exit-with-stdin", hidden = true)
    boolean exitWithStdin;

    /** Where a new group starts. */
    enum From {
        BEGINNING,
        NEW
    }

    /** What an acknowledgement must mean. */
    enum Level {
        STRONGEST(AckLevel.ACK_LEVEL_UNSPECIFIED),
        MEMORY(AckLevel.ACK_LEVEL_MEMORY),
        STORED(AckLevel.ACK_LEVEL_STORED),
        FSYNC(AckLevel.ACK_LEVEL_FSYNC),
        REPLICATED(AckLevel.ACK_LEVEL_REPLICATED);

        final AckLevel level;

        Level(AckLevel level) {
            this.level = level;
        }
    }

    static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /**
     * Looks at all settings before anything is started.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    void check() {
        require(!source.isEmpty(), "--source is empty");
        require(group.matches("\\S+"), "--group '" + group + "' is empty or has spaces");
        require(inFlight >= 1 && inFlight <= 100_000, "--in-flight " + inFlight + " is outside 1..100000");
        require(batch >= 1 && batch <= 10_000, "--batch " + batch + " is outside 1..10000");
        require(inFlightBytes >= 1, "--in-flight-bytes is below 1");
        require(epoch >= 1, "--epoch " + epoch + " is below 1");
        require(maxStreams >= 1 && maxStreams <= 10_000, "--max-streams " + maxStreams + " is outside 1..10000");
        require(unreadableLimit >= 0, "--unreadable-limit " + unreadableLimit + " is below 0");
        require(lease.toMillis() >= 1_000 && lease.toMinutes() <= 10, "--lease " + lease + " is outside PT1S..PT10M");
        require(!statusInterval.isNegative(), "--status-interval " + statusInterval + " is negative");
        require(
                !drainTime.isNegative() && drainTime.toMinutes() <= 1,
                "--drain-time " + drainTime + " is outside PT0S..PT1M");
        require(
                publisherId().length() <= 128,
                "publisher id '" + publisherId() + "' is longer than 128 characters: give one with --publisher-id");
        require(
                StreamTemplate.isName(lossesTo()),
                "losses have no stream: '" + lossesTo() + "' is no name of one (" + StreamTemplate.rule()
                        + "); give one with --losses-to");
        redis.address();
        mapping.settings();
    }

    RedisSource.Settings sourceSettings() {
        return new RedisSource.Settings(
                source, group, consumer(), lease.toMillis(), epoch, deleteAcked, unreadableLimit);
    }

    FrameMapping.Settings mappingSettings() {
        return mapping.settings();
    }

    Target.Settings targetSettings() {
        return new Target.Settings(
                publisherId(),
                epoch,
                ackLevel.level,
                (int) mapping.maxPayloadBytes,
                2 * inFlight,
                Duration.ofSeconds(1));
    }

    Pump.Settings pumpSettings() {
        return new Pump.Settings(
                from == From.BEGINNING,
                inFlight,
                inFlightBytes,
                batch,
                maxStreams,
                lossesTo(),
                lease,
                statusInterval,
                drainTime);
    }

    String consumer() {
        String name = consumer.isEmpty() ? hostName() : consumer;
        return name.replaceAll("\\s", "_");
    }

    String publisherId() {
        return publisherId.isEmpty() ? "redis/" + source + "/" + group : publisherId;
    }

    String lossesTo() {
        if (!lossesTo.isEmpty()) {
            return lossesTo;
        }
        StreamTemplate template = mapping.template();
        return template.isFixed() ? template.toString() : source;
    }

    private static String hostName() {
        String given = System.getenv("HOSTNAME");
        if (given != null && !given.isBlank()) {
            return given;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "bridge";
        }
    }
}
