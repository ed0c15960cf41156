package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.framebroker.server.store.redis.RedisSettings.Login;
import io.framebroker.server.store.redis.RedisSettings.Mode;
import io.framebroker.server.store.redis.RedisSettings.Node;
import io.framebroker.server.store.redis.RedisSettings.Tls;
import io.framebroker.server.store.redis.RedisSettings.Where;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisSettingsTest {
    private static final String SECRET = "s3cr3t";

    @Test
    void hasDefaults() {
        RedisSettings settings = RedisSettings.parse("redis://localhost");

        assertThat(settings.where())
                .isEqualTo(new Where(Mode.STANDALONE, List.of(new Node("localhost", 6379)), null, 0));
        assertThat(settings.access().redis()).isEqualTo(Login.NONE);
        assertThat(settings.access().sentinel()).isEqualTo(Login.NONE);
        assertThat(settings.access().tls()).isNull();
        assertThat(settings.connectMillis()).isEqualTo(2_000);
        assertThat(settings.socketMillis()).isEqualTo(5_000);
        assertThat(settings.clientName()).isEqualTo("frame-broker");
        assertThat(settings.keyPrefix()).isEqualTo("fb:");
        assertThat(settings.leaseMillis()).isEqualTo(5_000);
    }

    @Test
    void takesEveryPartOfAUrl() {
        RedisSettings settings = RedisSettings.parse("rediss://camera:" + SECRET + "@[::1]:7000/3");

        assertThat(settings.where()).isEqualTo(new Where(Mode.STANDALONE, List.of(new Node("::1", 7000)), null, 3));
        assertThat(settings.access().redis()).isEqualTo(new Login("camera", SECRET));
        assertThat(settings.access().tls()).isEqualTo(Tls.DEFAULT);
    }

    @Test
    void takesSentinels() {
        RedisSettings settings = RedisSettings.parse("redis-sentinel://:" + SECRET + "@a,b:26380/my%20master/2");

        assertThat(settings.where())
                .isEqualTo(new Where(
                        Mode.SENTINEL, List.of(new Node("a", 26_379), new Node("b", 26_380)), "my master", 2));
        assertThat(settings.access().redis()).isEqualTo(new Login("", SECRET));
    }

    @Test
    void takesACluster() {
        assertThat(RedisSettings.parse("rediss-cluster://a:1,b:2").where())
                .isEqualTo(new Where(Mode.CLUSTER, List.of(new Node("a", 1), new Node("b", 2)), null, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "u:p@ss/w?rd#,     u, p@ss/w?rd#",
        "u:100%25%20%C3%A9, u, 100% é",
        "é:ü,               é, ü",
        "u:a:b,             u, a:b",
        "alone,            '', alone"
    })
    void takesAnyPassword(String written, String user, String password) {
        assertThat(RedisSettings.parse("redis://" + written + "@host").access().redis())
                .isEqualTo(new Login(user, password));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "http://h | begins with none of redis://, rediss://",
                "h:6379 | begins with none of redis://, rediss://",
                "redis:// | '' is no address; write host, host:port or [IPv6]:port",
                "redis://h:0 | Redis port of h: 0 is outside 1..65535",
                "redis://h:65536 | Redis port of h: 65536 is outside 1..65535",
                "redis://h:x | port 'x' is no number",
                "redis://::1 | '::1' is no address; write host, host:port or [IPv6]:port",
                "redis://a b | Redis host 'a b' is no host name",
                "redis://h/x | database 'x' is no number",
                "redis://h/0/0 | more behind the database",
                "redis://h/1000001 | Redis database: 1000001 is outside 0..1000000",
                "redis://h?db=1 | settings other than address, login and database have options of their own",
                "redis://a,b | redis:// takes one address, not [a:6379, b:6379]",
                "redis-sentinel://a,b | has no master name; write it behind the addresses",
                "redis-sentinel://a// | has no master name",
                "redis-cluster://a/1 | Redis database 1 is not in a Cluster",
                "redis-cluster://a,,b | '' is no address"
            })
    void aBadUrlIsToldWithTheWayOut(String url, String told) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSettings.parse(url))
                .withMessageStartingWith("Redis URL '" + url + "': ")
                .withMessageContaining(told);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://u:s3cr3t@h:x",
                "redis://u:s3cr3t@s3cr3t@h:x",
                "redis://u:s3cr3t/s3cr3t@h:0",
                "redis://u:s3cr3t%zz@h",
                "redis://u:s3cr3t%2@h",
                "s3cr3t@h",
                "http://u:s3cr3t@h",
                "u:s3cr3t://@h",
                "redis://s3cr3t://s3cr3t@h:x"
            })
    void anErrorDoesNotRepeatThePassword(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSettings.parse(url))
                .satisfies(e -> assertThat(e.getMessage()).contains("***@h").doesNotContain(SECRET))
                .satisfies(e -> assertThat(e.getCause()).isNull());
    }

    @Test
    void settingsDoNotShowPasswords() {
        RedisSettings settings = RedisSettings.parse("rediss://u:" + SECRET + "@h")
                .withSentinelLogin(new Login("", SECRET))
                .withTls(new Tls(Path.of("ca.pem"), Path.of("own.p12"), SECRET, false));

        assertThat(settings.toString())
                .contains("user 'u'", "ca.pem", "own.p12")
                .doesNotContain(SECRET);
    }

    @Test
    void changesOneThingAtATime() {
        RedisSettings plain = RedisSettings.parse("redis://h");

        RedisSettings changed = plain.withLogin(new Login("u", "p"))
                .withSentinelLogin(new Login("s", "q"))
                .withTls(Tls.DEFAULT)
                .withTimeouts(1, 60_000)
                .withClientName("other")
                .withKeyPrefix("")
                .withLeaseMillis(1_000)
                .withStartMillis(0)
                .withMaxFrameBytes(1);

        assertThat(changed)
                .isEqualTo(new RedisSettings(
                        plain.where(),
                        new RedisSettings.Access(new Login("u", "p"), new Login("s", "q"), Tls.DEFAULT),
                        1,
                        60_000,
                        "other",
                        "",
                        1_000,
                        0,
                        1));
    }

    @Test
    void aBadValueIsToldWithItsLimit() {
        RedisSettings plain = RedisSettings.parse("redis://h");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withTimeouts(0, 1))
                .withMessage("Redis connect timeout in ms: 0 is outside 1..60000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withTimeouts(1, 60_001))
                .withMessage("Redis socket timeout in ms: 60001 is outside 1..60000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withLeaseMillis(999))
                .withMessage("Redis lease in ms: 999 is outside 1000..60000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withStartMillis(600_001))
                .withMessage("wait for Redis at start in ms: 600001 is outside 0..600000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withMaxFrameBytes(0))
                .withMessage("largest frame in bytes: 0 is outside 1..1073741824");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withClientName("two words"))
                .withMessageContaining("'two words' is not 1 to 64 printable characters without blanks");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plain.withKeyPrefix("{fb}:"))
                .withMessageContaining("'{fb}:'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Login("camera", ""))
                .withMessage("Redis user 'camera' has no password; give one, or no user");
    }
}
