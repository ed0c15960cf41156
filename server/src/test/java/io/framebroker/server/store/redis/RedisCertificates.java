package io.framebroker.server.store.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A self-signed certificate with its key, made when it is asked for, in the two forms that are needed: PEM files for
 * redis-server and to trust, a keystore for a client.
 *
 * @param password of the keystore
 */
public record RedisCertificates(Path certificate, Path key, Path keystore, String password) {
    private static final String PASSWORD = "only-for-this-test";

    /**
     * @param names what it is for, as in {@code dns:localhost,ip:127.0.0.1}
     */
    public static RedisCertificates make(Path folder, String alias, String names) {
        Path keystore = folder.resolve(alias + ".p12");
        try {
            Process keytool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            alias,
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=" + alias,
                            "-ext",
                            "san=" + names,
                            "-validity",
                            "2",
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            keystore.toString(),
                            "-storepass",
                            PASSWORD)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new IllegalStateException("keytool: " + said);
            }
            KeyStore store = KeyStore.getInstance(keystore.toFile(), PASSWORD.toCharArray());
            return new RedisCertificates(
                    pem(
                            folder.resolve(alias + ".crt"),
                            "CERTIFICATE",
                            store.getCertificate(alias).getEncoded()),
                    pem(
                            folder.resolve(alias + ".key"),
                            "PRIVATE KEY",
                            store.getKey(alias, PASSWORD.toCharArray()).getEncoded()),
                    keystore,
                    PASSWORD);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path pem(Path file, String kind, byte[] content) throws IOException {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return Files.writeString(file, "-----BEGIN " + kind + "-----\n" + lines + "\n-----END " + kind + "-----\n");
    }
}
