package io.framebroker.bridge;

import io.framebroker.bridge.source.RedisAddress;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where Redis is. The variables are those of the services that write to it. */
final class RedisOptions {
    @Option(
            names = "--redis-url",
            paramLabel = "URL",
            defaultValue = "${env:REDIS_URL:-}",
            description = "redis://[user[:password]@]host[:port][/db], or rediss:// for TLS; instead of the next six"
                    + " (REDIS_URL)")
    String url;

    @Option(
            names = "--redis-host",
            defaultValue = "${env:REDIS_HOST:-localhost}",
            description = "Where Redis is (REDIS_HOST, default localhost)")
    String host;

    @Option(
            names = "--redis-port",
            defaultValue = "${env:REDIS_PORT:-6379}",
            description = "Its port (REDIS_PORT, default 6379)")
    int port;

    @Option(
            names = "--redis-db",
            defaultValue = "${env:REDIS_DB:-0}",
            description = "Number of its database (REDIS_DB, default 0)")
    int db;

    @Option(
            names = "--redis-username",
            defaultValue = "${env:REDIS_USERNAME:-}",
            description = "User, where there is more than the default one (REDIS_USERNAME)")
    String user;

    @Option(
            names = "--redis-password",
            defaultValue = "${env:REDIS_PASSWORD:-}",
            description = "Password; as a variable it does not show in the list of processes (REDIS_PASSWORD)")
    String password;

    @Option(
            names = "--redis-tls",
            arity = "1",
            defaultValue = "${env:REDIS_TLS:-false}",
            description = "Whether to use TLS (REDIS_TLS, default false)")
    boolean tls;

    @Option(
            names = "--redis-ca-file",
            paramLabel = "FILE",
            defaultValue = "${env:REDIS_CA_FILE:-}",
            description = "Certificates to trust with TLS, PEM; default: those Java trusts (REDIS_CA_FILE)")
    String ca;

    /** @throws IllegalArgumentException with what is wrong */
    RedisAddress address() {
        Path trusted = ca.isEmpty() ? null : Path.of(ca);
        if (!url.isEmpty()) {
            return RedisAddress.of(url, trusted);
        }
        BridgeConfig.require(port >= 1 && port <= 65_535, "--redis-port " + port + " is outside 1..65535");
        BridgeConfig.require(db >= 0, "--redis-db " + db + " is below 0");
        return new RedisAddress(host, port, db, user, password, tls, trusted);
    }
}
