package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.exceptions.JedisDataException;

/** The file that is handed to users, in real servers. */
@Timeout(300)
@ParameterizedClass
@MethodSource("io.framebroker.server.store.redis.RedisDurabilityTest#binaries")
class RedisConfTest {
    private static final Path DOCKER = Path.of("..", "docker");
    private static final Path FILE = DOCKER.resolve("redis.conf");

    @Parameter
    RedisBinary binary;

    private static List<String> lines() throws IOException {
        try (Stream<String> lines = Files.lines(FILE)) {
            return lines.filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        }
    }

    @Test
    void nothingIsFound() {
        try (RedisProcess redis =
                        RedisProcess.configured().binary(binary).file(FILE).start();
                RedisLink link = RedisLink.to(redis.settings())) {
            RedisDurability durability = RedisDurability.probe(link, AckLevel.STORED, 1 << 20);

            assertThat(durability.refusals()).isEmpty();
            assertThat(durability.findings()).isEmpty();
            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.verified()).isTrue();
        }
    }

    @Test
    void everyLineHasItsReason() throws IOException {
        String page = Files.readString(DOCKER.resolve("README.md"));
        String table = page.substring(page.indexOf("\n## redis.conf\n"), page.indexOf("\n### What is lost"));

        assertThat(lines()).isNotEmpty().allSatisfy(line -> assertThat(table).contains("\n| `" + line + "` | "));
        assertThat(table.lines().filter(line -> line.startsWith("| `")).count()).isEqualTo(lines().size());
    }

    /** The reason for the limit of normal clients: replies that nobody reads count as memory. */
    @Test
    void aClientThatDoesNotReadMakesRedisRefuseFramesUnlessItIsLimited() throws IOException {
        assertThat(refusesFrames("client-output-buffer-limit normal 0 0 0")).isTrue();
        assertThat(refusesFrames("client-output-buffer-limit normal 10mb 0 0")).isFalse();
    }

    private boolean refusesFrames(String limit) throws IOException {
        int most = 60 << 20;
        try (RedisProcess redis = RedisProcess.configured()
                        .binary(binary)
                        .maxMemory(Integer.toString(most), "noeviction")
                        .directives(limit)
                        .start();
                Socket reader = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            byte[] frame = new byte[100_000];
            for (int i = 0; i < 200; i++) {
                redis.call("XADD", "camera", "*", "f", frame);
            }
            reader.getOutputStream().write("XRANGE camera - +\r\n".repeat(4).getBytes(StandardCharsets.US_ASCII));
            RedisProcess.await(
                    "replies that are not read",
                    () -> Integer.parseInt(redis.info("used_memory")) > most
                            || redis.log().contains("overcoming of output buffer limits"));
            return !canAdd(redis, frame);
        }
    }

    private static boolean canAdd(RedisProcess redis, byte[] frame) {
        try {
            redis.call("XADD", "camera", "*", "f", frame);
            return true;
        } catch (JedisDataException e) {
            assertThat(e).hasMessageStartingWith("OOM");
            return false;
        }
    }
}
