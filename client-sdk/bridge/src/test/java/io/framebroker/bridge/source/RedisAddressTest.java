package io.framebroker.bridge.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.bridge.testkit.Certificates;
import io.framebroker.bridge.testkit.RedisProcess;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class RedisAddressTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "redis://cache,cache,6379,0,'','',false",
        "redis://cache:7000/3,cache,7000,3,'','',false",
        "rediss://cache/,cache,6379,0,'','',true",
        "redis://:secret@cache,cache,6379,0,'',secret,false",
        "redis://reader:p%40ss%3A+word@cache:1,cache,1,0,reader,p@ss:+word,false"
    })
    void aUrlSaysItAll(String url, String host, int port, int db, String user, String password, boolean tls) {
        assertThat(RedisAddress.of(url, null)).isEqualTo(new RedisAddress(host, port, db, user, password, tls, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cache:6379",
                "http://cache",
                "redis://",
                "redis://u:secret@host/zero",
                "redis://u:secret@ho st"
            })
    void aWrongUrlIsRefusedWithoutShowingIt(String url) {
        assertThatThrownBy(() -> RedisAddress.of(url, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("redis://[user[:password]@]host[:port][/db]")
                .hasMessageNotContaining("secret");
    }

    @Test
    void thePasswordIsNeverShown() {
        assertThat(RedisAddress.of("rediss://reader:secret@cache:1/2", null)).hasToString("rediss://reader@cache:1/2");
    }

    @Test
    void logsInWithUserAndPasswordAndTakesTheDatabase() throws Exception {
        try (RedisProcess redis =
                RedisProcess.started("--user", "default", "off", "--user", "reader", "on", ">pass", "~*", "+@all")) {
            String address = "127.0.0.1:" + redis.port();
            try (RedisConnection connection = connection("redis://reader:pass@" + address + "/5", null)) {
                connection.open();
                String client = connection.tell(jedis -> jedis.clientList());
                assertThat(client).contains("user=reader", "db=5", "name=frame-broker-bridge");
            }

            assertThatThrownBy(() ->
                            connection("redis://reader:wrong@" + address, null).open())
                    .isInstanceOf(GiveUpException.class)
                    .hasMessageContaining("redis://reader@" + address)
                    .hasMessageContaining("WRONGPASS")
                    .hasMessageNotContaining("wrong@");
        }
    }

    @Test
    void speaksTlsAndTrustsWhomItIsToldToTrust() throws Exception {
        Certificates certificates = Certificates.make(directory, "127.0.0.1");
        Certificates others = Certificates.make(directory.resolve("others"), "127.0.0.1");
        try (RedisProcess redis = RedisProcess.started(
                "--tls-port",
                "PORT",
                "--tls-cert-file",
                certificates.certificate().toString(),
                "--tls-key-file",
                certificates.key().toString(),
                "--tls-ca-cert-file",
                certificates.certificate().toString(),
                "--tls-auth-clients",
                "no")) {
            String url = "rediss://127.0.0.1:" + redis.port();
            try (RedisConnection connection = connection(url, certificates.certificate())) {
                connection.open();
                String answer = connection.tell(jedis -> jedis.echo("hello"));
                assertThat(answer).isEqualTo("hello");
            }

            for (Path notTrusted : List.of(others.certificate())) {
                assertThatThrownBy(() -> connection(url, notTrusted).open()).isInstanceOf(TryAgainException.class);
            }
            assertThatThrownBy(() -> connection(url, null).open()).isInstanceOf(TryAgainException.class);
        }
    }

    @Test
    void aFileWithoutCertificatesIsNamed() {
        Path missing = directory.resolve("ca.pem");

        assertThatThrownBy(() -> connection("rediss://127.0.0.1:1", missing).open())
                .isInstanceOf(GiveUpException.class)
                .hasMessageContaining(missing.toString());
    }

    @Test
    void aRedisThatIsNotThereIsTriedAgain() throws Exception {
        int port = RedisProcess.freePort();

        assertThatThrownBy(() -> connection("redis://127.0.0.1:" + port, null).open())
                .isInstanceOf(TryAgainException.class)
                .hasMessageContaining("127.0.0.1:" + port);
    }

    private static RedisConnection connection(String url, Path ca) {
        return new RedisConnection(RedisAddress.of(url, ca));
    }
}
