package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens on the way to Redis, and in it, what the store has told is true. Random, by seed. */
@Timeout(300)
class RedisFaultsTest {
    private static final int STREAMS = 3;
    private static final int ROUNDS = 12;

    private final RedisProcess redis = RedisProcess.emptied();
    private final FaultProxy proxy = new FaultProxy(redis.address());
    private final List<DrivenStream> streams = new ArrayList<>();
    private RedisFrameStore store;
    /** In all runs together: a single one may have made none, as what comes when is up to the machine. */
    private static int lettersMade;

    private int stores;
    private long intrusions;
    /** Whether brokers die at any time, not only when everything is stored that is told so. */
    private boolean diesInDoubt = true;

    @AfterAll
    static void framesWereGivenUp() {
        assertThat(lettersMade).isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void connectionsAreCutAtAnyByte(long seed) {
        long cutsBefore = proxy.cuts();

        drive(seed, random -> {
            switch (random.nextInt(4)) {
                case 0 -> proxy.cut();
                case 1 -> proxy.cutUpAfter(random.nextInt(random.nextBoolean() ? 300 : 30_000));
                default -> proxy.cutDownAfter(random.nextInt(600));
            }
        });

        assertThat(proxy.cuts() - cutsBefore).isGreaterThan(ROUNDS / 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void streamsAreDeletedAndMemoryRunsOut(long seed) {
        diesInDoubt = false;

        drive(seed, random -> {
            RedisTruth truth = new RedisTruth(redis, "cam-" + random.nextInt(STREAMS));
            switch (random.nextInt(8)) {
                case 0 -> redis.call("SCRIPT", "FLUSH");
                case 1 -> redis.call("CLIENT", "KILL", "TYPE", "normal");
                case 2 -> redis.call("DEL", truth.framesKey());
                case 3 -> redis.call("FLUSHALL");
                case 4 -> truth.dropTail(1 + random.nextInt(5));
                default ->
                    redis.call(
                            "CONFIG",
                            "SET",
                            "maxmemory",
                            Long.parseLong(redis.info("used_memory")) + random.nextInt(30_000) - 10_000);
            }
        });

        assertThat(intrusions).isPositive();
    }

    private void drive(long seed, Consumer<Random> fault) {
        Random random = new Random(seed);
        for (int i = 0; i < STREAMS; i++) {
            streams.add(new DrivenStream("cam-" + i, new Random(random.nextLong()), diesInDoubt));
        }
        try {
            open();
            for (int round = 0; round < ROUNDS; round++) {
                for (int faults = 1 + random.nextInt(4); faults > 0; faults--) {
                    steps(random);
                    fault.accept(random);
                    steps(random);
                }
                if (diesInDoubt && random.nextInt(4) == 0) {
                    die();
                } else {
                    heal();
                    streams.forEach(DrivenStream::awaitAnswers);
                    if (!diesInDoubt) {
                        // The answers told that something was missing; it is there again when the next ones come.
                        streams.forEach(DrivenStream::awaitAnswers);
                    }
                    streams.forEach(stream -> stream.checkTruth(redis, store.address()));
                    int end = random.nextInt(8);
                    if (end < 2) {
                        close();
                    } else if (end < 3) {
                        die();
                    }
                }
            }
            heal();
            close();
            lettersMade += streams.stream().mapToInt(DrivenStream::lettersMade).sum();
        } catch (RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        } finally {
            redis.call("CONFIG", "SET", "maxmemory", 0);
            store.close();
            proxy.close();
        }
    }

    private void steps(Random random) {
        for (int steps = random.nextInt(60); steps > 0; steps--) {
            streams.get(random.nextInt(STREAMS)).step();
        }
    }

    private void heal() {
        redis.call("CONFIG", "SET", "maxmemory", 0);
        proxy.cutNoMore();
    }

    private void open() {
        // With so long a lease nothing is done because it is to be renewed: nobody waits for that.
        RedisSettings settings =
                RedisSettings.parse("redis://" + proxy.address()).withLeaseMillis(60_000);
        store = new RedisFrameStore(settings, 0, null);
        store.serveAt("127.0.0.1:" + ++stores);
        streams.forEach(stream -> stream.open(store));
    }

    private void close() {
        streams.forEach(DrivenStream::closing);
        intrusions += store.intrusions();
        store.close();
        open();
    }

    private void die() {
        intrusions += store.intrusions();
        proxy.refuse();
        store.abandon();
        streams.forEach(DrivenStream::died);
        proxy.acceptAgain();
        RedisKeys.endLeases(redis);
        open();
    }
}
