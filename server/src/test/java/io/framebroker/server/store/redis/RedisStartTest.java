package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.framebroker.server.store.redis.RedisSettings.Login;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** A broker that starts with its Redis, before it, or without it. */
@Timeout(300)
class RedisStartTest {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(RedisFrameStore.class);
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    };

    @BeforeEach
    void listen() {
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(appender);
    }

    private static CompletableFuture<RedisFrameStore> starts(RedisSettings settings) {
        return CompletableFuture.supplyAsync(() -> new RedisFrameStore(settings, 0, null), RedisProcess::besides);
    }

    private void awaitLine(String what) {
        RedisProcess.await(
                "a line with " + what,
                () -> lines.stream().anyMatch(line -> line.contains("is not ready") && line.contains(what)));
    }

    /** It used to end, and whoever had it started together with Redis had to know that. */
    @Test
    void waitsForARedisThatIsStartedAfterIt() throws Exception {
        try (RedisProcess redis = RedisProcess.started()) {
            redis.stop();

            CompletableFuture<RedisFrameStore> start = starts(redis.settings());
            awaitLine("it is waited for, 60 s at most: ");
            redis.start();

            start.get(60, TimeUnit.SECONDS).close();
        }
    }

    @Test
    void waitsForARedisThatLoads() throws Exception {
        try (RedisProcess redis =
                RedisProcess.configured().appendOnly("everysec").start()) {
            assumeTrue(redis.isAtLeast(7), "6.2 cannot be made to load for long enough to be asked");
            CompletableFuture<Void> redisStart = redis.loading();
            CompletableFuture<RedisFrameStore> start = starts(redis.settings());
            awaitLine("is loading its data");
            redis.loadOn();

            redisStart.get(60, TimeUnit.SECONDS);
            start.get(60, TimeUnit.SECONDS).close();
        }
    }

    @Test
    void endsWithTheReasonWhenTheTimeIsOver() {
        try (RedisProcess redis = RedisProcess.started()) {
            redis.stop();
            RedisSettings settings = redis.settings().withStartMillis(3_000);

            assertThatThrownBy(() -> new RedisFrameStore(settings, 0, null))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("127.0.0.1:" + redis.port() + "] cannot be used: ");

            assertThat(lines).filteredOn(line -> line.contains("is not ready")).hasSize(1);
        }
    }

    @Test
    void doesNotWaitForWhatDoesNotPass() {
        try (RedisProcess redis = RedisProcess.configured()
                .user("broker", "on >secret ~* +@all")
                .maxMemory("100mb", "allkeys-lru")
                .start()) {
            RedisSettings settings = redis.settings();

            assertThatThrownBy(() -> new RedisFrameStore(settings.withLogin(new Login("broker", "wrong")), 0, null))
                    .hasMessageContaining("WRONGPASS");
            assertThatThrownBy(() -> new RedisFrameStore(settings, 0, null)).hasMessageContaining("allkeys-lru");

            assertThat(lines).noneMatch(line -> line.contains("is not ready"));
        }
    }

    @Test
    void whatSomebodysSettingsCauseDoesNotPass() {
        JedisConnectionException away = new JedisConnectionException("Connection refused");
        JedisConnectionException distrust =
                new JedisConnectionException("TLS", new SSLHandshakeException("unknown CA"));

        assertThat(RedisBreaker.mayPass(away)).isTrue();
        assertThat(RedisBreaker.mayPass(new JedisDataException("CLUSTERDOWN The cluster is down")))
                .isTrue();
        assertThat(RedisBreaker.mayPass(distrust)).isFalse();
        assertThat(RedisBreaker.mayPass(new JedisDataException("NOAUTH Authentication required.")))
                .isFalse();
        assertThat(RedisBreaker.mayPass(new JedisDataException("NOPERM this user has no permissions")))
                .isFalse();
    }
}
