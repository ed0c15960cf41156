package io.framebroker.server.store.redis;

import io.framebroker.server.store.redis.RedisSettings.Tls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;

/** Encryption as settings say. Files are read again for each connection, so that renewed certificates are taken up. */
final class RedisTls {
    private static final char[] IN_MEMORY = {};

    private RedisTls() {}

    /** @throws IllegalArgumentException a file cannot be used */
    static SslOptions options(Tls tls) {
        // Without the check of the host, any certificate of a trusted authority is taken for any host.
        SslOptions.Builder builder =
                SslOptions.builder().sslVerifyMode(tls.checkHost() ? SslVerifyMode.FULL : SslVerifyMode.CA);
        if (tls.caFile() != null) {
            builder.trustStoreType("PKCS12").truststore(() -> authorities(tls.caFile()), IN_MEMORY);
        }
        if (tls.keystore() != null) {
            builder.keyStoreType("PKCS12")
                    .keystore(
                            () -> Files.newInputStream(tls.keystore()),
                            tls.keystorePassword().toCharArray());
        }
        SslOptions options = builder.build();
        try {
            options.createSslContext();
            return options;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("Redis TLS (" + tls + "): " + e, e);
        }
    }

    /** The certificates of a PEM file, as a keystore in memory. */
    private static InputStream authorities(Path caFile) throws IOException {
        try (InputStream in = Files.newInputStream(caFile)) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("authority-" + trusted.size(), certificate);
            }
            if (trusted.size() == 0) {
                throw new IOException(caFile + " has no certificates in PEM form");
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            trusted.store(bytes, IN_MEMORY);
            return new ByteArrayInputStream(bytes.toByteArray());
        } catch (GeneralSecurityException e) {
            throw new IOException(caFile + " has no certificates in PEM form: " + e.getMessage(), e);
        }
    }
}
