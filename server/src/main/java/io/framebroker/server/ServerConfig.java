package io.framebroker.server;

import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.grpc.EdgeSettings;
import io.framebroker.server.http.GatewaySettings;
import io.framebroker.server.http.HttpSettings;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.server.store.redis.RedisFrameStore;
import io.framebroker.server.telemetry.TracingSettings;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Every setting of the broker: flag, environment variable, default, unit and range side by side. A flag wins over its
 * variable, and that over the {@linkplain ConfigFile file}. Sizes take a unit: 64M, 2G, 500K.
 */
final class ServerConfig {
    static final String FILE_FLAG = "--config";

    /** Of several brokers on one machine the first has it. */
    private static final int USUAL_HTTP_PORT = 8002;
    /** So that its doublings stay far from the end of what a long holds. */
    private static final Duration LONGEST_LETTER_RETRY = Duration.ofDays(365);

    @Option(
            names = FILE_FLAG,
            paramLabel = "FILE",
            defaultValue = "${env:CONFIG_FILE:-}",
            description = "Java properties with settings that neither a flag nor a variable gives, named like the flags"
                    + " without dashes (CONFIG_FILE, default none)")
    String file;

    @Option(
            names = "--grpc-host",
            defaultValue = "${env:GRPC_HOST:-127.0.0.1}",
            description = "Address to listen on; 0.0.0.0 for all (GRPC_HOST, default 127.0.0.1)")
    String grpcHost;

    @Option(
            names = "--grpc-port",
            defaultValue = "${env:GRPC_PORT:-50051}",
            description = "Port to listen on, 0 for a free one (GRPC_PORT, default 50051)")
    int grpcPort;

    @Option(
            names = "--http-host",
            defaultValue = "${env:HTTP_HOST:-127.0.0.1}",
            description = "Address to serve health and metrics on; 0.0.0.0 for all (HTTP_HOST, default 127.0.0.1)")
    String httpHost;

    @Option(
            names = "--http-port",
            defaultValue = "${env:HTTP_PORT:-8002}",
            description =
                    "Port for them, 0 for a free one, -1 for none. Where 8002 is taken the broker runs without; any"
                            + " other must be free (HTTP_PORT, default 8002)")
    int httpPort;

    @Option(
            names = "--http-token",
            paramLabel = "TOKEN",
            defaultValue = "${env:HTTP_TOKEN:-}",
            description = "What an HTTP request that changes something has to carry; empty for nothing, which is for"
                    + " programs of this machine only (HTTP_TOKEN, default none)")
    String httpToken;

    @Option(
            names = "--http-gateway",
            arity = "1",
            defaultValue = "${env:HTTP_GATEWAY:-true}",
            description = "Serve the REST interface of the Python frame buffer as well (HTTP_GATEWAY, default true)")
    boolean httpGateway;

    @Option(
            names = "--http-gateway-stream",
            defaultValue = "${env:HTTP_GATEWAY_STREAM:-frame_queue}",
            description = "Stream for posted frames that name no camera (HTTP_GATEWAY_STREAM, default frame_queue)")
    String httpGatewayStream;

    @Option(
            names = "--http-gateway-group",
            defaultValue = "${env:HTTP_GATEWAY_GROUP:-frame-buffer}",
            description =
                    "Group that frames are taken for by who names none (HTTP_GATEWAY_GROUP, default frame-buffer)")
    String httpGatewayGroup;

    @Option(
            names = "--advertise-address",
            defaultValue = "${env:ADVERTISE_ADDRESS:-}",
            description = "host:port where other brokers on the same Redis reach this one (ADVERTISE_ADDRESS, default"
                    + " the address it listens on)")
    String advertiseAddress;

    @Option(
            names = "--store",
            defaultValue = "${env:STORE:-auto}",
            description = "Where frames are kept: memory, disk, redis, or auto, which is redis where one is named, and"
                    + " disk elsewhere (STORE, default auto)")
    String storeName;

    @Mixin
    RedisConfig redis;

    @Mixin
    DiskConfig disk;

    @Mixin
    LogConfig log;

    @Option(
            names = "--auto-create-streams",
            arity = "1",
            defaultValue = "${env:AUTO_CREATE_STREAMS:-true}",
            description = "Create a stream when it is first used (AUTO_CREATE_STREAMS, default true)")
    boolean autoCreateStreams;

    @Option(
            names = "--max-streams",
            defaultValue = "${env:MAX_STREAMS:-10000}",
            description = "Most streams there may be (MAX_STREAMS, default 10000)")
    int maxStreams;

    @Option(
            names = "--backlog-frames",
            defaultValue = "${env:FRAME_BUFFER_SIZE:-0}",
            description =
                    "Backlog limit of a new stream in frames, 1..1000000; 0 for one that goes up and down with the"
                            + " load, 100..10000 (FRAME_BUFFER_SIZE, default 0)")
    int backlogFrames;

    @Option(
            names = "--backlog-bytes",
            defaultValue = "${env:FRAME_BUFFER_BYTES:-256M}",
            converter = ByteSize.class,
            description = "The same in bytes (FRAME_BUFFER_BYTES, default 256M)")
    long backlogBytes;

    @Option(
            names = "--overflow-policy",
            defaultValue = "${env:OVERFLOW_POLICY:-BLOCK}",
            description =
                    "What happens at the backlog limit of a new stream: ${COMPLETION-CANDIDATES} (OVERFLOW_POLICY,"
                            + " default BLOCK)")
    OverflowPolicy overflowPolicy;

    @Option(
            names = "--retention-frames",
            defaultValue = "${env:RETENTION_FRAMES:-100}",
            description = "Settled frames a new stream keeps as history (RETENTION_FRAMES, default 100)")
    int retentionFrames;

    @Option(
            names = "--retention-bytes",
            defaultValue = "${env:RETENTION_BYTES:-64M}",
            converter = ByteSize.class,
            description = "The same in bytes (RETENTION_BYTES, default 64M)")
    long retentionBytes;

    @Option(
            names = "--open-wait",
            defaultValue = "${env:OPEN_WAIT:-PT30S}",
            description = "How long a call waits for a store that does not open its stream, 100 ms or more, ISO-8601"
                    + " (OPEN_WAIT, default PT30S)")
    Duration openWait;

    @Option(
            names = "--resume-grace",
            defaultValue = "${env:RESUME_GRACE:-PT5S}",
            description = "How long the frames of a consumer that lost its connection wait for it, ISO-8601"
                    + " (RESUME_GRACE, default PT5S)")
    Duration resumeGrace;

    @Option(
            names = "--group-ttl",
            defaultValue = "${env:GROUP_TTL:-PT1H}",
            description = "Time without a consumer after which a durable group no longer protects its frames, until one"
                    + " comes; PT0S for never, ISO-8601 (GROUP_TTL, default PT1H)")
    Duration groupTtl;

    @Option(
            names = "--dead-letter-retry",
            defaultValue = "${env:DEAD_LETTER_RETRY:-PT0S}",
            description =
                    "Time after which a dead letter is tried again by itself, 1 s or more; after twice as long each"
                            + " time then. PT0S for never, ISO-8601 (DEAD_LETTER_RETRY, default PT0S)")
    Duration deadLetterRetry;

    @Option(
            names = "--max-frame-bytes",
            defaultValue = "${env:MAX_FRAME_BYTES:-32832K}",
            converter = ByteSize.class,
            description = "Largest frame, header and payload, at most 1G (MAX_FRAME_BYTES, default 32832K, which is"
                    + " 32 MiB and 64 kB)")
    long maxFrameBytes;

    @Option(
            names = "--memory-limit",
            defaultValue = "${env:MEMORY_LIMIT:-0}",
            converter = ByteSize.class,
            description =
                    "Memory for frames kept; up to twice this in the worst case (MEMORY_LIMIT, default a quarter of"
                            + " the heap)")
    long memoryLimit;

    @Option(
            names = "--inbound-limit",
            defaultValue = "${env:INBOUND_LIMIT:-0}",
            converter = ByteSize.class,
            description = "Memory reserved for messages that are coming in, one for each publisher (INBOUND_LIMIT,"
                    + " default a quarter of the heap)")
    long inboundLimit;

    @Option(
            names = "--outbound-limit",
            defaultValue = "${env:OUTBOUND_LIMIT:-0}",
            converter = ByteSize.class,
            description = "Memory reserved for what consumers leave unread, 1.25M and more for each (OUTBOUND_LIMIT,"
                    + " default a quarter of the heap)")
    long outboundLimit;

    @Option(
            names = "--max-calls",
            defaultValue = "${env:MAX_CALLS:-2000}",
            description = "Most publishing and consuming calls at a time (MAX_CALLS, default 2000)")
    int maxCalls;

    @Option(
            names = "--keepalive-time",
            defaultValue = "${env:KEEPALIVE_TIME:-PT20S}",
            description = "Silence after which a client is asked for a sign of life (KEEPALIVE_TIME, default PT20S)")
    Duration keepAliveTime;

    @Option(
            names = "--keepalive-timeout",
            defaultValue = "${env:KEEPALIVE_TIMEOUT:-PT10S}",
            description = "Time it has to give one (KEEPALIVE_TIMEOUT, default PT10S)")
    Duration keepAliveTimeout;

    @Option(
            names = "--drain-time",
            defaultValue = "${env:DRAIN_TIME:-PT5S}",
            description = "Time clients have to leave when the broker stops (DRAIN_TIME, default PT5S)")
    Duration drainTime;

    @Option(
            names = "--max-connection-age",
            defaultValue = "${env:MAX_CONNECTION_AGE:-PT0S}",
            description =
                    "Age, give or take a tenth, at which clients are asked to connect anew, so that their load spreads"
                            + " over brokers that have come since; PT0S for never (MAX_CONNECTION_AGE, default PT0S)")
    Duration maxConnectionAge;

    @Option(
            names = "--otlp-endpoint",
            paramLabel = "URL",
            defaultValue = "${env:OTEL_EXPORTER_OTLP_ENDPOINT:-}",
            description = "Where traces go, by OTLP over HTTP, such as http://localhost:4318; empty for nowhere"
                    + " (OTEL_EXPORTER_OTLP_ENDPOINT, default none)")
    String otlpEndpoint;

    @Option(
            names = "--service-name",
            paramLabel = "NAME",
            defaultValue = "${env:OTEL_SERVICE_NAME:-frame-broker}",
            description = "What traces show this broker as (OTEL_SERVICE_NAME, default frame-broker)")
    String serviceName;

    @Option(
            names = "--exit-with-stdin",
            description = "Stop when standard input ends: for whoever starts a broker as a child")
    boolean exitWithStdin;

    static String environment(String name) {
        return System.getenv(name);
    }

    /**
     * Looks at all settings, as far as they can be looked at without using them.
     *
     * @throws IllegalArgumentException that says everything that is wrong
     */
    void check() {
        new Complaints()
                .unless(grpcPort >= 0 && grpcPort <= 65_535, () -> "--grpc-port " + grpcPort + " is outside 0..65535")
                .of(this::http)
                .of(this::traces)
                .of(this::checkStore)
                .of(this::broker)
                .of(this::memory)
                .of(this::edge)
                .done();
    }

    private void checkStore() {
        switch (chosenStore()) {
            case "redis" -> redis.settings();
            case "disk" -> disk.check(maxFrameBytes);
            default -> {}
        }
    }

    private String chosenStore() {
        return switch (storeName) {
            case "auto" -> redis.isGiven() ? "redis" : "disk";
            case "memory", "disk", "redis" -> storeName;
            default ->
                throw new IllegalArgumentException("--store " + storeName + " is none of memory, disk, redis, auto");
        };
    }

    /** The store to keep frames in. It may have to ask a server whether it is fit for that. */
    FrameStore store() {
        return switch (chosenStore()) {
            case "disk" -> disk.store(edge().maxFrameBytes());
            case "redis" ->
                new RedisFrameStore(
                        redis.settings().withMaxFrameBytes(edge().maxFrameBytes()), redis.replicas, redis.statedLevel);
            default -> new MemoryFrameStore();
        };
    }

    /** Where traces go; null for nowhere. */
    TracingSettings traces() {
        if (otlpEndpoint.isEmpty()) {
            return null;
        }
        // A user's password would be in the log with the endpoint, and is of no use: it is not sent.
        if (!otlpEndpoint.matches("https?://[^/?#@]+/?")) {
            throw new IllegalArgumentException("--otlp-endpoint " + otlpEndpoint.replaceFirst("[^/]*@", "***@")
                    + " is no http://host:port or https://host:port; name the port for OTLP over HTTP, mostly 4318");
        }
        String instance = grpcPort == 0 ? "process " + ProcessHandle.current().pid() : address(grpcPort);
        return new TracingSettings(
                otlpEndpoint.replaceFirst("/$", ""), serviceName, instance, EdgeSettings.DEFAULT.version());
    }

    HttpSettings http() {
        if (httpPort < -1 || httpPort > 65_535) {
            throw new IllegalArgumentException("--http-port " + httpPort + " is outside -1..65535");
        }
        return new HttpSettings(
                httpHost,
                httpPort,
                httpPort != USUAL_HTTP_PORT,
                httpToken,
                new GatewaySettings(httpGateway, httpGatewayStream, httpGatewayGroup));
    }

    /** Where other brokers reach this one. */
    String address(int port) {
        return advertiseAddress.isEmpty()
                ? (grpcHost.indexOf(':') < 0 ? grpcHost : "[" + grpcHost + "]") + ":" + port
                : advertiseAddress;
    }

    BrokerSettings broker() {
        new Complaints()
                .unless(maxStreams >= 1, () -> "--max-streams " + maxStreams + " is not 1 or more")
                .unless(
                        backlogFrames >= 0 && backlogFrames <= 1_000_000,
                        () -> "--backlog-frames " + backlogFrames + " is outside 0..1000000")
                .unless(backlogBytes >= 1, () -> "--backlog-bytes " + backlogBytes + " is not 1 or more")
                .unless(
                        retentionFrames >= 0 && retentionFrames <= 1_000_000,
                        () -> "--retention-frames " + retentionFrames + " is outside 0..1000000")
                .unless(!resumeGrace.isNegative(), () -> "--resume-grace " + resumeGrace + " is below 0")
                .unless(openWait.toMillis() >= 100, () -> "--open-wait " + openWait + " is below 100 ms")
                .unless(!groupTtl.isNegative(), () -> "--group-ttl " + groupTtl + " is below 0")
                .unless(
                        deadLetterRetry.isZero()
                                || deadLetterRetry.toSeconds() >= 1
                                        && deadLetterRetry.compareTo(LONGEST_LETTER_RETRY) <= 0,
                        () -> "--dead-letter-retry " + deadLetterRetry + " is outside PT1S.." + LONGEST_LETTER_RETRY
                                + ", and not PT0S, which is for never")
                .done();
        return new BrokerSettings(
                autoCreateStreams,
                maxStreams,
                resumeGrace.toMillis(),
                new StreamSettings(backlogFrames, backlogBytes, overflowPolicy, retentionFrames, retentionBytes, 0),
                redis.outage == RedisConfig.Outage.DEGRADE,
                openWait.toMillis(),
                groupTtl.toMillis(),
                deadLetterRetry.toMillis());
    }

    FrameMemory memory() {
        long quarter = Runtime.getRuntime().maxMemory() / 4;
        return new FrameMemory(
                memoryLimit == 0 ? quarter : memoryLimit,
                inboundLimit == 0 ? quarter : inboundLimit,
                outboundLimit == 0 ? quarter : outboundLimit);
    }

    EdgeSettings edge() {
        new Complaints()
                .unless(
                        maxFrameBytes >= 1024 && maxFrameBytes <= 1 << 30,
                        () -> "--max-frame-bytes " + maxFrameBytes + " is outside 1K..1G")
                .unless(maxCalls >= 1, () -> "--max-calls " + maxCalls + " is not 1 or more")
                .unless(
                        keepAliveTime.toSeconds() >= 10,
                        () -> "--keepalive-time " + keepAliveTime + " is below the 10 s that the transport takes")
                .unless(
                        keepAliveTimeout.toMillis() >= 1,
                        () -> "--keepalive-timeout " + keepAliveTimeout + " is below 1 ms")
                .unless(!drainTime.isNegative(), () -> "--drain-time " + drainTime + " is below 0")
                .unless(
                        maxConnectionAge.isZero() || maxConnectionAge.toMillis() >= 1_000,
                        () -> "--max-connection-age " + maxConnectionAge
                                + " is below 1 s, and not 0, which is for ever")
                .done();
        return new EdgeSettings(
                (int) maxFrameBytes,
                (int) Math.min(maxFrameBytes, EdgeSettings.DEFAULT.defaultFrameBytes()),
                maxCalls,
                EdgeSettings.DEFAULT.openMillis(),
                EdgeSettings.DEFAULT.heartbeatMillis(),
                drainTime.toMillis(),
                maxConnectionAge.toMillis(),
                EdgeSettings.DEFAULT.version());
    }
}
