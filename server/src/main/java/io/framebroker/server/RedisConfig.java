package io.framebroker.server;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.redis.RedisSettings;
import io.framebroker.server.store.redis.RedisSettings.Login;
import io.framebroker.server.store.redis.RedisSettings.Mode;
import io.framebroker.server.store.redis.RedisSettings.Node;
import io.framebroker.server.store.redis.RedisSettings.Tls;
import io.framebroker.server.store.redis.RedisSettings.Where;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** The settings of the Redis store, by the names the service before this one had for them where it had any. */
final class RedisConfig {
    @Option(
            names = "--redis-url",
            defaultValue = "${env:REDIS_URL:-}",
            description = "Redis to keep frames in: redis://[user:password@]host[:port][/db], rediss:// for TLS,"
                    + " redis-sentinel://host:port,.../master, redis-cluster://host:port,... (REDIS_URL)")
    String url;

    @Option(
            names = "--redis-host",
            defaultValue = "${env:REDIS_HOST:-}",
            description = "Host of the Redis, instead of a URL (REDIS_HOST)")
    String host;

    @Option(
            names = "--redis-port",
            defaultValue = "${env:REDIS_PORT:-6379}",
            description = "Its port (REDIS_PORT, default 6379)")
    int port;

    @Option(
            names = "--redis-db",
            defaultValue = "${env:REDIS_DB:-0}",
            description = "Its database (REDIS_DB, default 0)")
    int db;

    @Option(
            names = "--redis-username",
            defaultValue = "${env:REDIS_USERNAME:-}",
            description = "User, where there is one beside the default user (REDIS_USERNAME)")
    String username;

    @Option(
            names = "--redis-password",
            defaultValue = "${env:REDIS_PASSWORD:-}",
            description = "Password; rather set the variable: flags are seen by others (REDIS_PASSWORD)")
    String password;

    @Option(
            names = "--redis-tls",
            arity = "1",
            defaultValue = "${env:REDIS_TLS:-false}",
            description = "Encrypt (REDIS_TLS, default false; rediss:// does as well)")
    boolean tls;

    @Option(
            names = "--redis-ca-file",
            defaultValue = "${env:REDIS_CA_FILE:-}",
            description = "PEM file with the authority of the certificate, where the JVM does not know it"
                    + " (REDIS_CA_FILE)")
    String caFile;

    @Option(
            names = "--redis-prefix",
            defaultValue = "${env:FRAME_QUEUE_NAME:-fb}",
            description = "What all keys begin with, before a colon; brokers that share it share their streams"
                    + " (FRAME_QUEUE_NAME, default fb)")
    String prefix;

    @Option(
            names = "--redis-timeout",
            defaultValue = "${env:REDIS_TIMEOUT:-PT2S}",
            description = "Longest wait for Redis, 1 ms .. 60 s, ISO-8601 (REDIS_TIMEOUT, default PT2S)")
    Duration timeout;

    @Option(
            names = "--redis-start-wait",
            defaultValue = "${env:REDIS_START_WAIT:-PT60S}",
            description = "How long a Redis that is not there yet, or still loads its data, is waited for at start,"
                    + " 0..10 min, ISO-8601 (REDIS_START_WAIT, default PT60S)")
    Duration startWait;

    @Option(
            names = "--redis-lease",
            defaultValue = "${env:REDIS_LEASE:-PT5S}",
            description = "Silence after which another broker takes a stream over, 1..60 s, ISO-8601"
                    + " (REDIS_LEASE, default PT5S)")
    Duration lease;

    @Option(
            names = "--redis-replicas",
            defaultValue = "${env:REDIS_REPLICAS:-0}",
            description = "Replicas that must have a frame before it is acknowledged, 0..16; every one that may be"
                    + " promoted must be among them (REDIS_REPLICAS, default 0)")
    int replicas;

    @Option(
            names = "--redis-stated-level",
            defaultValue = "${env:REDIS_STATED_LEVEL:-STORED}",
            description = "What acknowledged frames survive, where Redis does not let the broker read its settings:"
                    + " MEMORY, STORED, FSYNC (REDIS_STATED_LEVEL, default STORED)")
    AckLevel statedLevel;

    /** What happens to publishers while Redis is away. */
    enum Outage {
        /** They wait. */
        BLOCK,
        /** Those who take ack level MEMORY go on from memory, as far as the backlog's limits reach. */
        DEGRADE
    }

    @Option(
            names = "--redis-outage",
            defaultValue = "${env:REDIS_OUTAGE:-BLOCK}",
            description = "While Redis is away: BLOCK has publishers wait, DEGRADE acknowledges from memory those who"
                    + " opened with ack level MEMORY (REDIS_OUTAGE, default BLOCK)")
    Outage outage;

    /** Whether anything says that there is a Redis. */
    boolean isGiven() {
        return !url.isEmpty() || !host.isEmpty();
    }

    RedisSettings settings() {
        if (!isGiven()) {
            throw new IllegalArgumentException(
                    "--store redis needs --redis-url or --redis-host (REDIS_URL, REDIS_HOST)");
        }
        if (!url.isEmpty() && !host.isEmpty()) {
            throw new IllegalArgumentException("--redis-url and --redis-host are both given; give one of them");
        }
        if (!username.isEmpty() && password.isEmpty()) {
            throw new IllegalArgumentException(
                    "--redis-username " + username + " has no password; set REDIS_PASSWORD, or leave the user out");
        }
        if (replicas < 0 || replicas > 16) {
            throw new IllegalArgumentException("--redis-replicas " + replicas + " is outside 0..16");
        }
        RedisSettings settings = url.isEmpty()
                ? RedisSettings.of(new Where(Mode.STANDALONE, List.of(new Node(host, port)), null, db))
                : RedisSettings.parse(url);
        if (!password.isEmpty()) {
            settings = settings.withLogin(new Login(username, password));
        }
        if (tls || !caFile.isEmpty()) {
            settings = settings.withTls(new Tls(caFile.isEmpty() ? null : Path.of(caFile), null, "", true));
        }
        int millis = (int) Math.min(Integer.MAX_VALUE, timeout.toMillis());
        return settings.withKeyPrefix(prefix + ":")
                .withTimeouts(millis, millis)
                .withLeaseMillis((int) Math.min(Integer.MAX_VALUE, lease.toMillis()))
                .withStartMillis((int) Math.min(Integer.MAX_VALUE, startWait.toMillis()));
    }
}
