package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.framebroker.server.store.redis.RedisSettings.Login;
import io.framebroker.server.store.redis.RedisSettings.Tls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

@Timeout(300)
class RedisLinkTest {
    private static final byte[] KEY = bytes("frame");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static RedisLink to(String url) {
        return RedisLink.to(RedisSettings.parse(url).withTimeouts(20_000, 20_000));
    }

    @Test
    void speaksToOneNode() {
        RedisProcess redis = RedisProcess.emptied();
        try (RedisLink link = to(redis.url() + "/1")) {
            link.commands().set("frame", "1");

            assertThat(link.commands().get("frame")).isEqualTo("1");
            assertThat(redis.info("db1")).startsWith("keys=1,");
            assertThat(link.node(KEY)).isEqualTo(redis.address().toString());
            assertThat(link.nodes()).containsExactly(link.node(KEY));
            assertThat(redis.call("CLIENT", "LIST").toString()).contains("name=frame-broker");
        }
    }

    @Test
    void aConnectionTakesManyCommandsBeforeItsReplies() {
        try (RedisLink link = to(RedisProcess.emptied().url());
                Connection connection = link.connection(KEY)) {
            for (int i = 0; i < 1_000; i++) {
                connection.sendCommand(Protocol.Command.INCR, KEY);
            }

            assertThat(connection.getMany(1_000)).last().isEqualTo(1_000L);
        }
    }

    @Test
    void isMadeWhileRedisIsDown() {
        try (RedisProcess redis = RedisProcess.started();
                RedisLink link = to(redis.stop().url())) {
            assertThatThrownBy(() -> link.commands().ping()).isInstanceOf(JedisConnectionException.class);

            redis.start();

            assertThat(link.commands().ping()).isEqualTo("PONG");
        }
    }

    @Test
    void aRestartOfRedisIsNotSeenByTheNextCommand() {
        try (RedisProcess redis = RedisProcess.started();
                RedisLink link = to(redis.url())) {
            link.commands().ping();

            redis.restart();

            assertThat(link.commands().incr("frame")).isEqualTo(1);
        }
    }

    @Test
    void aCommandWithoutAReplyIsNotSentAgain() {
        try (RedisProcess redis = RedisProcess.started()) {
            assertThat(appendedWithoutAReply(redis.url(), redis)).isEqualTo(1L);
        }
    }

    private static Object appendedWithoutAReply(String url, RedisProcess node) {
        try (RedisLink link = RedisLink.to(
                RedisSettings.parse(url).withClientName("impatient").withTimeouts(5_000, 800))) {
            // Whoever has no connection yet may run out of patience while it is made, and have sent nothing.
            RedisProcess.await("a connection", () -> answers(link, node));
            assertThatThrownBy(() -> link.commands().eval(SLOW_APPEND, 1, "frame"))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasMessageContaining("timed out");
        }
        // Redis lets go of a connection when it has done all that was sent on it.
        RedisProcess.await(
                "all that was sent",
                () -> !node.call("CLIENT", "LIST").toString().contains("name=impatient"));
        return node.call("LLEN", "frame");
    }

    private static boolean answers(RedisLink link, RedisProcess node) {
        try {
            return link.commands().exists("frame")
                    == (node.call("EXISTS", "frame").equals(1L));
        } catch (JedisConnectionException e) {
            return false;
        }
    }

    /** Appends, and answers 3500 ms later: before a fifth try would be over, and behind a pause of the machine at the first. */
    private static final String SLOW_APPEND = """
            redis.replicate_commands()
            redis.call('RPUSH', KEYS[1], 'x')
            local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
            local start = now()
            while now() - start < 3500000 do end
            return 1
            """;

    @Test
    void knowsItsUser() {
        try (RedisProcess redis = RedisProcess.configured()
                .password("admin")
                .user("camera", "on >pass%word ~* +@all")
                .start()) {
            RedisSettings settings = RedisSettings.parse("redis://camera:pass%25word@" + redis.address())
                    .withTimeouts(20_000, 20_000);
            try (RedisLink link = RedisLink.to(settings);
                    RedisLink stranger = RedisLink.to(settings.withLogin(new Login("camera", "hunter2")));
                    RedisLink nobody = RedisLink.to(settings.withLogin(Login.NONE));
                    RedisLink administrator = to(redis.url())) {
                assertThat(link.commands().ping()).isEqualTo("PONG");
                assertThat(administrator.commands().ping()).isEqualTo("PONG");
                assertThatThrownBy(() -> stranger.commands().ping())
                        .isInstanceOf(JedisAccessControlException.class)
                        .hasMessageStartingWith("WRONGPASS")
                        .hasMessageNotContaining("hunter2");
                assertThatThrownBy(() -> nobody.connection(KEY)).hasMessageContaining("NOAUTH");
            }
        }
    }

    @Test
    void followsAFailover() {
        try (RedisSentinels redis = RedisSentinels.start(1);
                RedisLink told = to(redis.url());
                RedisLink untold = to(redis.url())) {
            told.commands().set("frame", "1");
            untold.commands().ping();
            redis.primary().call("WAIT", 1, 0);
            assertThat(told.node(KEY)).isEqualTo(redis.primary().address().toString());

            RedisProcess next = redis.failOver();
            told.refresh();

            assertThat(told.node(KEY)).isEqualTo(next.address().toString());
            assertThat(told.commands().get("frame")).isEqualTo("1");
            // Whoever is not told finds out by one failure.
            assertThatThrownBy(() -> untold.commands().ping()).isInstanceOf(JedisConnectionException.class);
            assertThat(untold.commands().get("frame")).isEqualTo("1");
        }
    }

    /** One Sentinel is cut off from the others and missed what they did: it still names an old primary. */
    @Test
    void believesTheNewestConfiguration() {
        try (RedisSentinels redis = RedisSentinels.start(1);
                RedisProcess old = RedisProcess.started();
                RedisProcess cutOff = RedisProcess.configured()
                        .sentinel()
                        .directives("sentinel monitor " + RedisSentinels.MASTER + " 127.0.0.1 " + old.port() + " 2")
                        .start()) {
            RedisProcess next = redis.failOver();
            assertThat(redis.namedBy(cutOff)).isEqualTo(old.address());

            try (RedisLink link = to(redis.url().replace("://", "://" + cutOff.address() + ","))) {
                assertThat(link.node(KEY)).isEqualTo(next.address().toString());
            }
        }
    }

    @Test
    void withoutSentinelsTheLastPrimaryStays() {
        try (RedisSentinels redis = RedisSentinels.start(1);
                RedisLink link = to(redis.url());
                RedisLink late = to(redis.url())) {
            link.commands().ping();
            redis.sentinels().forEach(RedisProcess::kill);

            assertThat(loggedBy(SentinelNode.class, link::refresh))
                    .singleElement()
                    .asString()
                    .startsWith("[WARN] no Sentinel answers, " + redis.primary().address() + " is taken for primary");

            assertThat(link.commands().ping()).isEqualTo("PONG");
            assertThatThrownBy(() -> late.node(KEY))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasMessageContaining("no Sentinel tells where the primary of 'frames' is");
        }
    }

    @Test
    void aReplicaThatRefusesToWriteSaysSo() {
        try (RedisProcess primary = RedisProcess.started();
                RedisProcess replica =
                        RedisProcess.configured().replicaOf(primary).start();
                RedisLink link = to(replica.url())) {
            assertThatThrownBy(() -> link.commands().set("frame", "1"))
                    .isInstanceOf(JedisDataException.class)
                    .hasMessageStartingWith("READONLY");
        }
    }

    private static List<ILoggingEvent> loggedBy(Class<?> room, Runnable action) {
        Logger logger = (Logger) LoggerFactory.getLogger(room);
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
        try {
            action.run();
        } finally {
            logger.detachAppender(appender);
            logger.setAdditive(true);
        }
        return appender.list;
    }

    @Nested
    class Encrypted {
        @TempDir
        private static Path folder;

        private static RedisCertificates server;
        private static RedisCertificates other;

        @BeforeAll
        static void make() {
            server = RedisCertificates.make(folder, "server", "ip:127.0.0.1");
            other = RedisCertificates.make(folder, "other", "dns:redis.example");
        }

        @Test
        void encrypts() {
            try (RedisProcess redis = RedisProcess.configured().tls(server).start()) {
                RedisSettings settings = redis.settings();
                try (RedisLink link = RedisLink.to(settings.withTls(new Tls(server.certificate(), null, "", true)));
                        RedisLink unknown = RedisLink.to(settings)) {
                    assertThat(link.commands().ping()).isEqualTo("PONG");
                    assertThatThrownBy(() -> unknown.connection(KEY))
                            .isInstanceOf(JedisConnectionException.class)
                            .hasStackTraceContaining("unable to find valid certification path");
                }
            }
        }

        @Test
        void aCertificateForAnotherHostIsRefusedUnlessToldOtherwise() {
            try (RedisProcess redis = RedisProcess.configured().tls(other).start()) {
                RedisSettings settings = redis.settings();
                try (RedisLink checks = RedisLink.to(settings.withTls(new Tls(other.certificate(), null, "", true)));
                        RedisLink trusts =
                                RedisLink.to(settings.withTls(new Tls(other.certificate(), null, "", false)))) {
                    assertThatThrownBy(() -> checks.connection(KEY))
                            .isInstanceOf(JedisConnectionException.class)
                            .hasStackTraceContaining("subject alternative names matching IP address 127.0.0.1");
                    assertThat(trusts.commands().ping()).isEqualTo("PONG");
                }
            }
        }

        @Test
        void showsItsOwnCertificate() {
            try (RedisProcess redis = RedisProcess.configured()
                    .tls(server)
                    .directives("tls-auth-clients yes")
                    .start()) {
                RedisSettings settings = redis.settings();
                try (RedisLink shown = RedisLink.to(settings.withTls(
                                new Tls(server.certificate(), server.keystore(), server.password(), true)));
                        RedisLink hidden =
                                RedisLink.to(settings.withTls(new Tls(server.certificate(), null, "", true)))) {
                    assertThat(shown.commands().ping()).isEqualTo("PONG");
                    assertThatThrownBy(() -> hidden.commands().ping()).isInstanceOf(JedisConnectionException.class);
                }
            }
        }

        @Test
        void filesThatCannotBeUsedAreToldAtOnce() throws IOException {
            RedisSettings settings = RedisSettings.parse("redis://h");
            Path empty = Files.writeString(folder.resolve("empty.pem"), "");

            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> RedisLink.to(settings.withTls(new Tls(folder.resolve("none.pem"), null, "", true))))
                    .withMessageContaining("none.pem");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RedisLink.to(settings.withTls(new Tls(empty, null, "", true))))
                    .withMessageContaining("empty.pem has no certificates in PEM form");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RedisLink.to(settings.withTls(new Tls(null, server.keystore(), "not-it", true))))
                    .withMessageContaining("server.p12")
                    .withMessageContaining("password was incorrect")
                    .satisfies(e -> assertThat(e).hasMessageNotContaining("not-it"));
        }
    }

    @Nested
    class InACluster {
        private static RedisClusterProcesses redis;

        @BeforeAll
        static void start() {
            redis = RedisClusterProcesses.start();
        }

        @AfterAll
        static void end() {
            redis.close();
        }

        @Test
        void findsTheNodeOfAClusterThatServesAKey() {
            try (RedisLink link = to(redis.url())) {
                List<String> keys =
                        IntStream.range(0, 20).mapToObj(i -> "frame-" + i).toList();
                for (String key : keys) {
                    RedisProcess node = redis.firstNodeOf(key);
                    link.commands().set(key, "1");

                    assertThat(link.node(bytes(key))).isEqualTo(node.address().toString());
                    assertThat(node.call("GET", key)).isEqualTo("1");
                    try (Connection connection = link.connection(bytes(key))) {
                        connection.sendCommand(Protocol.Command.GET, key);
                        assertThat(connection.getBulkReply()).isEqualTo("1");
                    }
                }
                assertThat(keys.stream().map(redis::firstNodeOf).distinct()).hasSize(3);
                assertThat(link.nodes()).hasSize(3);
            }
        }

        /** The driver's own way in a Cluster is to try five times: it would append as often. */
        @Test
        void aCommandWithoutAReplyIsNotSentAgain() {
            RedisProcess node = redis.firstNodeOf("frame");
            node.call("DEL", "frame");

            assertThat(appendedWithoutAReply(redis.url(), node)).isEqualTo(1L);
        }

        @Test
        void followsASlotThatMoves() {
            try (RedisLink link = to(redis.url())) {
                link.commands().ping();
                RedisProcess from = redis.firstNodeOf("frame");
                from.call("DEL", "frame");
                RedisProcess to = redis.nodes().stream()
                        .filter(node -> node != from)
                        .findFirst()
                        .orElseThrow();
                try (Connection connection = link.connection(KEY)) {
                    redis.moveSlot("frame", to);

                    connection.sendCommand(Protocol.Command.SET, "frame", "1");
                    assertThatThrownBy(connection::getStatusCodeReply).isInstanceOf(JedisMovedDataException.class);
                }
                link.refresh();
                assertThat(link.node(KEY)).isEqualTo(to.address().toString());

                redis.moveSlot("frame", from);

                link.commands().set("frame", "2");
                assertThat(from.call("GET", "frame")).isEqualTo("2");
            }
        }

        @Test
        void aConnectionThatRedisHasClosedIsNoNews() {
            RedisProcess node = redis.firstNodeOf("frame");
            try (RedisLink link = to(redis.url())) {
                link.commands().exists("frame");
                node.call("CLIENT", "KILL", "TYPE", "normal");

                assertThat(loggedBy(
                                ConnectionFactory.class, () -> link.commands().exists("frame")))
                        .isEmpty();
            }
        }

        @Test
        void everyNodeIsAskedWhatItSurvives() {
            try (RedisLink link = to(redis.url())) {
                RedisDurability durability = RedisDurability.probe(link, null, 1 << 20);

                assertThat(durability.refusals()).isEmpty();
                assertThat(durability.nodes()).extracting(RedisFacts::node).isEqualTo(link.nodes());
            }
        }

        @Test
        void saysThatANodeIsInACluster() {
            try (RedisLink link = to(redis.nodes().get(0).url())) {
                List<String> keys =
                        IntStream.range(0, 20).mapToObj(i -> "frame-" + i).toList();

                assertThatThrownBy(() -> keys.forEach(key -> link.commands().set(key, "1")))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("write redis-cluster:// for redis://");
            }
        }
    }
}
