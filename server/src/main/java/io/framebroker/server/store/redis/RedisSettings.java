package io.framebroker.server.store.redis;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Which Redis, and how it is spoken to. Every value is checked when it is made; a bad one is an
 * {@link IllegalArgumentException} that names it, its limit and the way out. Secrets are in no text this gives.
 *
 * @param connectMillis longest wait for a connection, 1..60000
 * @param socketMillis longest wait for a reply, 1..60000. Whoever blocks in Redis for longer sets its own on the
 *     connection
 * @param clientName how CLIENT LIST shows these connections; up to 64 printable characters without blanks
 * @param keyPrefix what all keys begin with; up to 64 printable characters without blanks and braces, which a Cluster
 *     takes for hash tags
 * @param leaseMillis how long an owner of a stream may be silent before another takes over, 1000..60000
 * @param startMillis how long a Redis that is not there yet, or still loads its data, is waited for at start, 0..600000
 * @param maxFrameBytes largest frame that is to be stored, 1..1073741824; a Redis that does not take it is refused
 */
public record RedisSettings(
        Where where,
        Access access,
        int connectMillis,
        int socketMillis,
        String clientName,
        String keyPrefix,
        int leaseMillis,
        int startMillis,
        int maxFrameBytes) {
    private static final Pattern NAME = Pattern.compile("[!-~]{1,64}");
    private static final Pattern PREFIX = Pattern.compile("[!-z|~]{0,64}");

    /** How the node that serves a key is found. */
    public enum Mode {
        /** There is one, and it stays. */
        STANDALONE,
        /** Sentinels are asked which it is. */
        SENTINEL,
        /** Each serves a part of the keys. */
        CLUSTER
    }

    /** An address. IPv6 without brackets. */
    public record Node(String host, int port) {
        public Node {
            if (host == null || host.isEmpty() || host.chars().anyMatch(c -> c <= ' ' || c == '/' || c == ',')) {
                throw new IllegalArgumentException(
                        "Redis host '" + host + "' is no host name; write a name or an address, such as 127.0.0.1");
            }
            inRange("Redis port of " + host, port, 1, 65_535);
        }

        @Override
        public String toString() {
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        }
    }

    /**
     * @param nodes the Redis itself, one; or the Sentinels; or some nodes of the Cluster
     * @param master what the Sentinels call it; null without Sentinels
     * @param db 0 in a Cluster
     */
    public record Where(Mode mode, List<Node> nodes, String master, int db) {
        public Where {
            nodes = List.copyOf(nodes);
            if (nodes.isEmpty()) {
                throw new IllegalArgumentException("Redis " + mode + " has no address; name one, such as host:6379");
            }
            if (mode == Mode.STANDALONE && nodes.size() > 1) {
                throw new IllegalArgumentException("redis:// takes one address, not " + nodes
                        + "; several are for redis-sentinel:// or redis-cluster://");
            }
            if (mode == Mode.SENTINEL && (master == null || master.isEmpty())) {
                throw new IllegalArgumentException("redis-sentinel:// has no master name; write it behind the"
                        + " addresses, as in redis-sentinel://host:26379/mymaster");
            }
            inRange("Redis database", db, 0, 1_000_000);
            if (mode == Mode.CLUSTER && db != 0) {
                throw new IllegalArgumentException(
                        "Redis database " + db + " is not in a Cluster, which has 0 alone; leave it out");
            }
        }
    }

    /** Empty texts for none. A password without a user is the default user's. */
    public record Login(String user, String password) {
        public static final Login NONE = new Login("", "");

        public Login {
            Objects.requireNonNull(user);
            Objects.requireNonNull(password);
            if (password.isEmpty() && !user.isEmpty()) {
                throw new IllegalArgumentException("Redis user '" + user + "' has no password; give one, or no user");
            }
        }

        @Override
        public String toString() {
            return password.isEmpty() ? "none" : "user '" + user + "' with a password";
        }
    }

    /**
     * Encryption. The server's certificate must be signed by an authority of {@code caFile}, or of the JVM.
     *
     * @param caFile PEM; null for the JVM's authorities
     * @param keystore PKCS12 with our own certificate and key, for a server that asks for one; null for none
     * @param checkHost whether the certificate must name the host that was asked for
     */
    public record Tls(Path caFile, Path keystore, String keystorePassword, boolean checkHost) {
        public static final Tls DEFAULT = new Tls(null, null, "", true);

        @Override
        public String toString() {
            return "caFile=" + caFile + ", keystore=" + keystore + ", checkHost=" + checkHost;
        }
    }

    /**
     * @param redis who we are to Redis
     * @param sentinel who we are to the Sentinels
     * @param tls null for no encryption
     */
    public record Access(Login redis, Login sentinel, Tls tls) {
        public static final Access OPEN = new Access(Login.NONE, Login.NONE, null);
    }

    public RedisSettings {
        inRange("Redis connect timeout in ms", connectMillis, 1, 60_000);
        inRange("Redis socket timeout in ms", socketMillis, 1, 60_000);
        inRange("Redis lease in ms", leaseMillis, 1_000, 60_000);
        inRange("wait for Redis at start in ms", startMillis, 0, 600_000);
        inRange("largest frame in bytes", maxFrameBytes, 1, 1 << 30);
        if (!NAME.matcher(clientName).matches()) {
            throw new IllegalArgumentException(
                    "Redis client name '" + clientName + "' is not 1 to 64 printable characters without blanks");
        }
        if (!PREFIX.matcher(keyPrefix).matches()) {
            throw new IllegalArgumentException("Redis key prefix '" + keyPrefix
                    + "' is not up to 64 printable characters without blanks, { and }, such as fb:");
        }
    }

    /**
     * Timeouts of 2 s and 5 s, client name frame-broker, key prefix {@code fb:}, lease of 5 s, a minute at start, frames of
     * up to 32 MiB, no login, no TLS.
     */
    public static RedisSettings of(Where where) {
        return new RedisSettings(where, Access.OPEN, 2_000, 5_000, "frame-broker", "fb:", 5_000, 60_000, 32 << 20);
    }

    /**
     * From {@code redis://[[user]:password@]host[:port][/db]}, {@code redis-sentinel://[...@]host[:port],.../master[/db]}
     * or {@code redis-cluster://[...@]host[:port],...}, and the same with {@code rediss} for TLS. Ports default to 6379,
     * those of Sentinels to 26379. The rest is as in {@link #of}.
     */
    public static RedisSettings parse(String url) {
        return RedisUrl.parse(url);
    }

    /** Who we are, with the rest as it is. */
    public RedisSettings withLogin(Login login) {
        return withAccess(new Access(login, access.sentinel, access.tls));
    }

    public RedisSettings withSentinelLogin(Login login) {
        return withAccess(new Access(access.redis, login, access.tls));
    }

    public RedisSettings withTls(Tls tls) {
        return withAccess(new Access(access.redis, access.sentinel, tls));
    }

    private RedisSettings withAccess(Access access) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withTimeouts(int connectMillis, int socketMillis) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withClientName(String clientName) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withKeyPrefix(String keyPrefix) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withLeaseMillis(int leaseMillis) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withStartMillis(int startMillis) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    public RedisSettings withMaxFrameBytes(int maxFrameBytes) {
        return new RedisSettings(
                where,
                access,
                connectMillis,
                socketMillis,
                clientName,
                keyPrefix,
                leaseMillis,
                startMillis,
                maxFrameBytes);
    }

    static void inRange(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + ": " + value + " is outside " + least + ".." + most);
        }
    }
}
