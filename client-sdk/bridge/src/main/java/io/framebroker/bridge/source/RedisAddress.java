package io.framebroker.bridge.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;

/**
 * Where Redis is, and how to get in.
 *
 * @param user empty for the default user
 * @param password empty for none; never shown
 * @param ca PEM file with the certificates to trust; null for those the JVM trusts. Only with TLS
 */
public record RedisAddress(String host, int port, int db, String user, String password, boolean tls, Path ca) {
    private static final int CONNECT_MILLIS = 3_000;

    /** Well above the longest wait for an entry, and enough for a batch of large entries on a slow network. */
    private static final int ANSWER_MILLIS = 10_000;

    /** What is trusted is kept in memory only; the format wants a password. */
    private static final String STORE_TYPE = "PKCS12";

    private static final char[] STORE_PASSWORD = "trusted".toCharArray();

    private static final String FORM = "redis://[user[:password]@]host[:port][/db], or rediss:// for TLS";

    /**
     * The address that a URL names.
     *
     * @param ca as in the record
     * @throws IllegalArgumentException when it names none; the message does not show the URL, which may hold a password
     */
    public static RedisAddress of(String url, Path ca) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("the Redis URL is not of the form " + FORM);
        }
        boolean tls = "rediss".equals(uri.getScheme());
        if (!tls && !"redis".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new IllegalArgumentException("the Redis URL is not of the form " + FORM);
        }
        String path = uri.getPath() == null ? "" : uri.getPath().replaceFirst("^/", "");
        if (!path.matches("\\d{0,5}")) {
            throw new IllegalArgumentException("the Redis URL has no database number behind the slash: " + FORM);
        }
        String[] login = uri.getRawUserInfo() == null
                ? new String[] {"", ""}
                : uri.getRawUserInfo().split(":", 2);
        return new RedisAddress(
                uri.getHost(),
                uri.getPort() < 0 ? 6379 : uri.getPort(),
                path.isEmpty() ? 0 : Integer.parseInt(path),
                decoded(login[0]),
                login.length > 1 ? decoded(login[1]) : "",
                tls,
                ca);
    }

    HostAndPort hostAndPort() {
        return new HostAndPort(host, port);
    }

    JedisClientConfig config() {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis(CONNECT_MILLIS)
                .socketTimeoutMillis(ANSWER_MILLIS)
                .clientName("frame-broker-bridge")
                .database(db);
        if (!password.isEmpty()) {
            config.user(user.isEmpty() ? null : user).password(password);
        }
        if (tls) {
            config.sslOptions(sslOptions());
        }
        return config.build();
    }

    private SslOptions sslOptions() {
        SslOptions.Builder options = SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL);
        if (ca != null) {
            byte[] trusted = trusted();
            options.trustStoreType(STORE_TYPE)
                    .truststore(() -> new ByteArrayInputStream(trusted), STORE_PASSWORD.clone());
        }
        return options.build();
    }

    /** The certificates, in the form the driver reads. */
    private byte[] trusted() {
        try (InputStream in = Files.newInputStream(ca)) {
            KeyStore store = KeyStore.getInstance(STORE_TYPE);
            store.load(null, null);
            int number = 0;
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + number++, each);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            store.store(out, STORE_PASSWORD);
            return out.toByteArray();
        } catch (IOException | GeneralSecurityException e) {
            throw new GiveUpException("no certificates to trust in " + ca + ": " + e.getMessage(), e);
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return (tls ? "rediss://" : "redis://") + (user.isEmpty() ? "" : user + "@") + host + ":" + port
                + (db == 0 ? "" : "/" + db);
    }
}
