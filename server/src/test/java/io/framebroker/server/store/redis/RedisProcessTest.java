package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** The kit itself: what it starts is real, and is gone afterwards. */
@Timeout(300)
class RedisProcessTest {

    @ParameterizedTest
    @EnumSource(RedisBinary.class)
    void isARealRedis(RedisBinary binary) {
        assumeTrue(binary.isThere());
        try (RedisProcess redis = RedisProcess.configured().binary(binary).start()) {
            redis.call("SET", "frame", "1");

            assertThat(redis.call("GET", "frame")).isEqualTo("1");
            assertThat(redis.info("redis_version")).startsWith(binary == RedisBinary.EMBEDDED_6_2 ? "6.2." : "");
        }
    }

    @Test
    void keepsItsPortAndItsDataOverACrash() {
        try (RedisProcess redis = RedisProcess.configured().appendOnly("always").start()) {
            int port = redis.port();
            redis.call("SET", "frame", "1");

            redis.kill();
            redis.start();

            assertThat(redis.port()).isEqualTo(port);
            assertThat(redis.call("GET", "frame")).isEqualTo("1");
        }
    }

    @Test
    void forgetsWithoutAFile() {
        try (RedisProcess redis = RedisProcess.started()) {
            redis.call("SET", "frame", "1");

            redis.restart();

            assertThat(redis.call("GET", "frame")).isNull();
        }
    }

    @Test
    void aSuspendedOneHoldsItsConnectionsAndAnswersLater() throws IOException {
        try (RedisProcess redis = RedisProcess.started();
                Connection connection = redis.connection()) {
            connection.setSoTimeout(100);
            redis.suspend();
            assertThatThrownBy(connection::ping)
                    .isInstanceOf(JedisConnectionException.class)
                    .hasMessageContaining("timed out");

            redis.resume();

            assertThat(redis.call("PING")).isEqualTo("PONG");
        }
    }

    @Test
    void leavesNothingWhenClosed() {
        RedisProcess redis = RedisProcess.started();
        Path directory = redis.directory();
        assertThat(directory).exists();

        redis.close();

        assertThat(directory).doesNotExist();
        assertThat(redis.isAlive()).isFalse();
    }

    @Test
    void saysWhyItDidNotStart() {
        assertThatThrownBy(() -> RedisProcess.started("no-such-directive 1"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no-such-directive");
    }

    @Test
    void theSharedOneIsEmpty() {
        RedisProcess.emptied().call("SET", "frame", "1");

        assertThat(RedisProcess.emptied().call("DBSIZE")).isEqualTo(0L);
    }

    @Test
    void diesWithAJvmThatIsKilled() throws Exception {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Starter.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String[] pids = jvm.inputReader().readLine().split(" ");
        ProcessHandle redis = ProcessHandle.of(Long.parseLong(pids[0])).orElseThrow();
        assertThat(redis.isAlive()).isTrue();

        jvm.destroyForcibly();

        redis.onExit().get(60, TimeUnit.SECONDS);
        delete(Path.of(pids[1]));
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** A program that would leave a Redis behind. */
    static final class Starter {
        private Starter() {}

        public static void main(String[] arguments) throws Exception {
            RedisProcess redis = RedisProcess.started();
            System.out.println(redis.pid() + " " + redis.directory());
            System.in.read();
        }
    }

    @Test
    void sentinelsReplaceAPrimaryThatIsGone() {
        try (RedisSentinels redis = RedisSentinels.start(1)) {
            redis.primary().call("SET", "frame", "1");
            redis.primary().call("WAIT", 1, 0);

            RedisProcess next = redis.failOver();

            assertThat(next).isSameAs(redis.replicas().get(0));
            assertThat(next.call("GET", "frame")).isEqualTo("1");
        }
    }

    @Test
    void clusterNodesShareTheSlots() {
        try (RedisClusterProcesses redis = RedisClusterProcesses.start()) {
            redis.firstNodeOf("frame").call("SET", "frame", "1");

            assertThat(redis.firstNodeOf("frame").call("GET", "frame")).isEqualTo("1");
        }
    }

    @Test
    void certificatesServe(@TempDir Path folder) {
        RedisCertificates certificates = RedisCertificates.make(folder, "server", "ip:127.0.0.1");
        try (RedisProcess redis = RedisProcess.configured().tls(certificates).start()) {
            assertThat(redis.url()).isEqualTo("rediss://127.0.0.1:" + redis.port());
            assertThatThrownBy(() -> redis.call("PING")).isInstanceOf(JedisConnectionException.class);
        }
    }
}
