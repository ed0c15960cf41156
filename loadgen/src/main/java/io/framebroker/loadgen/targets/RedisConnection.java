package io.framebroker.loadgen.targets;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisURIHelper;

/**
 * A connection that writes and reads apart: one thread may send and flush while another reads replies, in the order of
 * the commands.
 */
public final class RedisConnection extends Connection {
    /** Jedis reads it when its streams are first used. A frame of 100 kB then takes two reads instead of a dozen. */
    private static final String BUFFER_PROPERTY = "jedis.bufferSize";

    private static final String BUFFER_BYTES = "65536";

    /** A server that writes its append-only file may leave everybody waiting for seconds. */
    private static final int TIMEOUT_MILLIS = (int) TimeUnit.SECONDS.toMillis(30);

    static {
        if (System.getProperty(BUFFER_PROPERTY) == null) {
            System.setProperty(BUFFER_PROPERTY, BUFFER_BYTES);
        }
    }

    private final String shown;

    private RedisConnection(URI url, JedisClientConfig config) {
        super(JedisURIHelper.getHostAndPort(url), config);
        this.shown = shown(url);
    }

    /**
     * Connects.
     *
     * @param url as {@code redis://user:password@host:port/db}
     * @throws TargetException naming the server, when it is not there or does not let us in
     */
    public static RedisConnection open(String url) {
        URI uri = URI.create(url);
        try {
            RedisConnection connection = new RedisConnection(uri, config(uri));
            connection.connect();
            return connection;
        } catch (JedisException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            throw new TargetException("Redis at " + shown(uri) + ": " + root.getMessage(), e);
        }
    }

    /** Whether it is a URL that names a Redis server. */
    public static boolean isUrl(String url) {
        try {
            URI uri = URI.create(url);
            return JedisURIHelper.isValid(uri) && (JedisURIHelper.isRedisScheme(uri) || isTls(uri));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isTls(URI uri) {
        return JedisURIHelper.isRedisSSLScheme(uri);
    }

    private static JedisClientConfig config(URI url) {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .resp2()
                .timeoutMillis(TIMEOUT_MILLIS)
                .user(JedisURIHelper.getUser(url))
                .password(JedisURIHelper.getPassword(url))
                .database(JedisURIHelper.getDBIndex(url));
        return isTls(url) ? config.sslOptions(SslOptions.defaults()).build() : config.build();
    }

    /** Sends what was written and not sent. */
    @Override
    public void flush() {
        super.flush();
    }

    /** The fields of an {@code INFO} section. */
    public Map<String, String> info(String section) {
        byte[] text = (byte[]) executeCommand(new CommandArguments(Command.INFO).add(section));
        Map<String, String> fields = new HashMap<>();
        new String(text, StandardCharsets.UTF_8).lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1));
            }
        });
        return fields;
    }

    /** Without the password. */
    private static String shown(URI url) {
        return url.getHost() + ":" + url.getPort();
    }

    @Override
    public String toString() {
        return "Redis at " + shown;
    }
}
