package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.redis.RedisDurability.Finding;
import io.framebroker.server.store.redis.RedisSettings.Login;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** Asked of real servers, old and new. */
@Timeout(300)
@ParameterizedClass
@MethodSource("binaries")
class RedisDurabilityTest {
    @Parameter
    RedisBinary binary;

    static Stream<RedisBinary> binaries() {
        return Stream.of(RedisBinary.values()).filter(RedisBinary::isThere);
    }

    /** One in which there is nothing to find. */
    private RedisOptions good() {
        return RedisProcess.configured()
                .binary(binary)
                .appendOnly("everysec")
                .maxMemory("100mb", "noeviction")
                .directives("auto-aof-rewrite-min-size 4gb");
    }

    private static RedisDurability probe(RedisProcess redis) {
        return probe(redis, null);
    }

    private static RedisDurability probe(RedisProcess redis, AckLevel stated) {
        return probe(redis.settings(), stated);
    }

    private static RedisDurability probe(RedisSettings settings, AckLevel stated) {
        try (RedisLink link = RedisLink.to(settings)) {
            return RedisDurability.probe(link, stated, settings.maxFrameBytes());
        }
    }

    private static void assertFound(RedisDurability durability, String... whats) {
        assertThat(durability.refusals()).isEmpty();
        assertThat(durability.findings()).hasSize(whats.length);
        for (int i = 0; i < whats.length; i++) {
            assertThat(durability.findings().get(i).what()).contains(whats[i]);
        }
    }

    private static void assertRefused(RedisDurability durability, String what) {
        assertThat(durability.refusals())
                .singleElement()
                .extracting(Finding::what)
                .asString()
                .contains(what);
        assertThat(durability.level()).isEqualTo(AckLevel.MEMORY);
        assertThat(durability.survives()).startsWith("nothing is promised: ").contains(what);
    }

    @Test
    void aSecondMayBeLostWithEverysec() {
        try (RedisProcess redis = good().start()) {
            RedisDurability durability = probe(redis);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.verified()).isTrue();
            assertThat(durability.survives())
                    .startsWith("STORED: frames survive a crash of the broker; a crash of Redis loses the last of them")
                    .contains("loss of power those of up to two seconds", "loss of the node loses all of them");
            assertFound(durability);
        }
    }

    @Test
    void alwaysSurvivesLossOfPower() {
        try (RedisProcess redis = good().directives("appendfsync always").start()) {
            RedisDurability durability = probe(redis);

            assertThat(durability.level()).isEqualTo(AckLevel.FSYNC);
            assertThat(durability.survives())
                    .contains(", a crash of Redis (measured: 0 of 4346 lost) and loss of power;");
            assertFound(durability);
        }
    }

    @Test
    void alwaysIsLessWhenItPausesForRewrites() {
        try (RedisProcess redis = good().directives("appendfsync always", "no-appendfsync-on-rewrite yes")
                .start()) {
            RedisDurability durability = probe(redis);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.survives()).contains("loss of power while its file is rewritten loses some of them");
            assertFound(durability, "no-appendfsync-on-rewrite yes");
        }
    }

    @Test
    void withoutAFileARedisThatEndsLosesAll() {
        try (RedisProcess redis = good().directives("appendonly no").start()) {
            RedisDurability durability = probe(redis);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.survives()).contains("a crash of Redis loses all of them");
            assertFound(durability, "has no append-only file");
        }
    }

    @Test
    void snapshotsKeepWhatWasBeforeThem() {
        try (RedisProcess redis =
                good().directives("appendonly no", "save 3600 1").start()) {
            assertThat(probe(redis).survives()).contains("a crash of Redis loses all since its last snapshot");
        }
    }

    @Test
    void theOperatingSystemMayTakeItsTime() {
        try (RedisProcess redis = good().directives("appendfsync no").start()) {
            RedisDurability durability = probe(redis);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.survives()).contains("and a crash of Redis", "with Linux up to half a minute");
            assertFound(durability, "appendfsync no");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "maxmemory 0, has no maxmemory",
        "save 60 10000, writes snapshots (save 60 10000)",
        "auto-aof-rewrite-min-size 64mb, rewrites its append-only file from 64 MB on"
    })
    void whatIsBetterChangedIsFound(String directive, String what) {
        try (RedisProcess redis = good().directives(directive).start()) {
            assertFound(probe(redis), what);
        }
    }

    @Test
    void aFileThatIsNeverRewrittenIsNotRewrittenTooOften() {
        try (RedisProcess redis = good().directives("auto-aof-rewrite-min-size 64mb", "auto-aof-rewrite-percentage 0")
                .start()) {
            assertFound(probe(redis));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "allkeys-lru",
                "allkeys-lfu",
                "allkeys-random",
                "volatile-lru",
                "volatile-lfu",
                "volatile-random",
                "volatile-ttl"
            })
    void refusesToBeForgotten(String policy) {
        try (RedisProcess redis = good().maxMemory("100mb", policy).start()) {
            assertRefused(probe(redis), "has maxmemory-policy " + policy);
        }
    }

    /** The reason to refuse allkeys-*. */
    @Test
    void allkeysRemovesWholeStreams() {
        try (RedisProcess redis = good().maxMemory("8mb", "allkeys-lru").start()) {
            for (int i = 0; i < 120; i++) {
                redis.call("XADD", "camera", "*", "f", new byte[100_000]);
            }

            assertThat((long) redis.call("XLEN", "camera")).isLessThan(80);
        }
    }

    /** The reason to refuse volatile-*. */
    @Test
    void volatileRemovesLeases() {
        try (RedisProcess redis = good().maxMemory("8mb", "volatile-lru").start()) {
            redis.call("SET", "lease", "broker-1", "PX", 60_000);

            assertThatThrownBy(() -> {
                        for (int i = 0; i < 1_000; i++) {
                            redis.call("XADD", "new", "*", "f", new byte[60_000]);
                        }
                    })
                    .isInstanceOf(JedisDataException.class)
                    .hasMessageStartingWith("OOM");

            assertThat(redis.call("GET", "lease")).isNull();
        }
    }

    @Test
    void refusesAReplica() {
        try (RedisProcess primary = good().start();
                RedisProcess replica = good().replicaOf(primary).start()) {
            assertRefused(probe(replica), "is a replica of 127.0.0.1:" + primary.port());
        }
    }

    @Test
    void replicasCanBeWaitedFor() {
        try (RedisProcess primary =
                        good().directives("repl-diskless-sync-delay 0").start();
                RedisProcess replica = good().replicaOf(primary).start()) {
            RedisProcess.await("a replica", () -> probe(primary).replicas() == 1);

            RedisDurability durability = probe(primary);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.survives()).contains("loss of the node loses what its replicas have not got");
            assertFound(durability, "writes without its replicas");
            primary.call("CONFIG", "SET", "min-replicas-to-write", 1);
            assertFound(probe(primary));
            assertThat(replica.isAlive()).isTrue();
        }
    }

    @Test
    void refusesOneNodeOfACluster() {
        try (RedisProcess redis = good().cluster(2_000).start()) {
            assertRefused(probe(redis), "is a node of a Cluster");
        }
    }

    @Test
    void whoDoesNotTellGivesWhatIsStated() {
        try (RedisProcess redis =
                good().user("broker", "on >secret ~* +@all -config").start()) {
            RedisSettings settings = redis.settings().withLogin(new Login("broker", "secret"));

            RedisDurability stated = probe(settings, AckLevel.FSYNC);
            RedisDurability unsaid = probe(settings, null);

            assertThat(stated.verified()).isFalse();
            assertThat(stated.level()).isEqualTo(AckLevel.FSYNC);
            assertThat(stated.survives())
                    .isEqualTo("FSYNC as stated, which could not be verified: frames survive loss of power");
            assertFound(stated, "does not tell its settings (NOPERM");
            assertThat(stated.findings().get(0).why()).contains("FSYNC, is what was stated");
            assertThat(unsaid.verified()).isFalse();
            assertThat(unsaid.level()).isEqualTo(AckLevel.STORED);
            assertThat(unsaid.findings().get(0).why()).contains("STORED, is the least any Redis gives");
        }
    }

    /** It used to be taken at its word, though INFO tells that there is no file. */
    @Test
    void whatIsStatedIsNotMoreThanWhatIsSeen() {
        try (RedisProcess redis = RedisProcess.configured()
                .user("broker", "on >secret ~* +@all -config")
                .start()) {
            RedisSettings settings = redis.settings().withLogin(new Login("broker", "secret"));

            assertThat(probe(settings, AckLevel.FSYNC).level()).isEqualTo(AckLevel.STORED);
            assertThat(probe(settings, AckLevel.MEMORY).level()).isEqualTo(AckLevel.MEMORY);
        }
    }

    /** A node without a file that is started again is empty, and so are then its replicas: all was acknowledged as safe. */
    @Test
    void replicasAreWorthNothingToANodeThatComesBackEmpty() {
        try (RedisProcess redis = RedisProcess.started();
                RedisFrameStore store = new RedisFrameStore(redis.settings(), 1, null)) {
            assertThat(store.ackLevel()).isEqualTo(AckLevel.STORED);
        }
    }

    @Test
    void replicasDoNotSync() {
        try (RedisProcess redis = good().start();
                RedisFrameStore store = new RedisFrameStore(redis.settings(), 1, null)) {
            assertThat(store.ackLevel()).isEqualTo(AckLevel.REPLICATED);
            assertThat(store.gives(AckLevel.REPLICATED)).isTrue();
            assertThat(store.gives(AckLevel.FSYNC)).isFalse();
            assertThat(store.gives(AckLevel.STORED)).isTrue();
        }
    }

    /** INFO has the policy, too. */
    @Test
    void refusesToBeForgottenAlsoWhereConfigIsDenied() {
        try (RedisProcess redis = good().maxMemory("100mb", "allkeys-lru")
                .user("broker", "on >secret ~* +@all -config")
                .start()) {
            assertRefused(
                    probe(redis.settings().withLogin(new Login("broker", "secret")), AckLevel.REPLICATED),
                    "has maxmemory-policy allkeys-lru");
        }
    }

    @Test
    void whoTellsNothingAtAllMayBeUsed() {
        try (RedisProcess redis =
                good().user("broker", "on >secret ~* +@stream +ping").start()) {
            RedisDurability durability = probe(redis.settings().withLogin(new Login("broker", "secret")), null);

            assertThat(durability.level()).isEqualTo(AckLevel.STORED);
            assertThat(durability.verified()).isFalse();
            assertFound(durability, "does not tell its settings");
        }
    }

    /** It used to be acknowledged by, and nobody waited for a replica. */
    @Test
    void replicasAreNotStatedButWaitedFor() {
        RedisSettings settings = RedisSettings.parse("redis://127.0.0.1:1");

        assertThatThrownBy(() -> new RedisFrameStore(settings, 0, AckLevel.REPLICATED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--redis-replicas");
    }

    @Test
    void whatIsStatedTooHighIsFound() {
        try (RedisProcess redis = good().start()) {
            assertThat(probe(redis, AckLevel.STORED).findings()).isEmpty();
            assertFound(probe(redis, AckLevel.FSYNC), "gives STORED, not the stated FSYNC");
            assertFound(probe(redis, AckLevel.REPLICATED), "gives STORED, not the stated REPLICATED");
            assertThat(probe(redis, AckLevel.FSYNC).level()).isEqualTo(AckLevel.STORED);
        }
    }

    @Test
    void tellsWhatSomebodyHasChanged() {
        try (RedisProcess redis = good().directives("appendfsync always").start()) {
            RedisDurability before = probe(redis);
            assertThat(probe(redis).changedFrom(before)).isEmpty();

            redis.call("CONFIG", "SET", "appendfsync", "everysec");
            RedisDurability weaker = probe(redis);
            redis.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            RedisDurability refused = probe(redis);

            assertThat(weaker.changedFrom(before)).isEqualTo("level FSYNC -> STORED, appendfsync always -> everysec");
            assertThat(refused.changedFrom(weaker))
                    .isEqualTo("level STORED -> MEMORY, maxmemory-policy noeviction -> allkeys-lru");
            assertThat(before.changedFrom(refused))
                    .isEqualTo("level MEMORY -> FSYNC, appendfsync everysec -> always,"
                            + " maxmemory-policy allkeys-lru -> noeviction");
        }
    }

    /** Until the first file is there, a restart finds nothing. */
    @Test
    void aFileThatIsBeingBegunIsNone() {
        try (RedisProcess redis =
                good().directives("appendonly no", "appendfsync always").start()) {
            redis.call("SET", "frame", "1");
            // The child that writes the first file takes ten minutes for this key.
            redis.call("CONFIG", "SET", "rdb-key-save-delay", 600_000_000);
            redis.call("CONFIG", "SET", "appendonly", "yes");
            RedisDurability begun = probe(redis);
            redis.kill();
            redis.start();

            assertThat(begun.level()).isEqualTo(AckLevel.STORED);
            assertFound(begun, "is writing its first append-only file");
            assertThat(redis.call("GET", "frame")).isNull();
        }
    }

    @Test
    void refusesOneThatTakesNoFrameSoLarge() {
        try (RedisProcess redis = good().directives("proto-max-bulk-len 2mb").start()) {
            RedisSettings settings = redis.settings();

            assertFound(probe(settings.withMaxFrameBytes(2 << 20), null));
            assertRefused(probe(settings.withMaxFrameBytes((2 << 20) + 1), null), "takes no more than 2097152 bytes");
        }
    }

    @Test
    void refusesOneThatIsLoading() throws Exception {
        try (RedisProcess redis = good().start()) {
            assumeTrue(redis.isAtLeast(7), "6.2 cannot be made to load for long enough to be asked");
            CompletableFuture<Void> start = redis.loading();

            assertRefused(probe(redis), "is loading its data");
            redis.loadOn();
            start.get(60, TimeUnit.SECONDS);
            assertFound(probe(redis));
        }
    }

    @Test
    void doesNotAnswerForOneThatIsDown() {
        try (RedisProcess redis = good().start()) {
            redis.kill();

            assertThatThrownBy(() -> probe(redis)).isInstanceOf(JedisConnectionException.class);
        }
    }
}
