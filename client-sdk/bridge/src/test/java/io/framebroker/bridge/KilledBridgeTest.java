package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.testkit.Eventually;
import io.framebroker.bridge.testkit.RedisProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisException;

/** The bridge as the process that people start, killed as people's processes are. The broker keeps running: its memory is real. */
@Timeout(300)
class KilledBridgeTest {
    private static final int ROUNDS = 10;
    /** A busy machine takes a short one away from those who are awake, too. */
    private static final String LONG_LEASE = "PT2M";

    private final List<Process> bridges = new ArrayList<>();
    private RedisProcess redis;
    private Rig rig;
    private Load load;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.started("--appendonly", "yes", "--appendfsync", "no");
        rig = new Rig(redis);
    }

    @AfterEach
    void stop() throws Exception {
        if (load != null) {
            load.stop();
        }
        bridges.forEach(Process::destroyForcibly);
        rig.close();
        redis.close();
    }

    @Test
    void howeverOftenItIsKilledEveryEntryIsInTheBrokerOnceAndInOrder() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("KilledBridgeTest seed " + seed);
        Random random = new Random(seed);
        rig.consume("a", "b");
        load = new Load(redis, random.nextLong(), this::seen);
        for (int round = 0; round < ROUNDS; round++) {
            Process bridge = bridge("--consumer", "one", "--in-flight", Integer.toString(1 + random.nextInt(300)));
            awaitReady(bridge);
            int target = rig.seen("a").size() + random.nextInt(400);
            Eventually.await(
                    "progress",
                    () -> rig.seen("a").size() >= target,
                    () -> rig.seen("a").size());
            LockSupport.parkNanos(random.nextInt(3_000_000));
            bridge.destroyForcibly().waitFor();
            if (round == ROUNDS / 2) {
                redis.kill();
                redis.start();
            }
        }
        load.stop();
        bridge("--consumer", "one");

        List<EntryId> a = Load.ids(redis, "a");
        List<EntryId> b = Load.ids(redis, "b");
        rig.awaitSeen("a", a.size());
        rig.awaitSeen("b", b.size());
        assertThat(rig.idsSeen("a")).isEqualTo(a);
        assertThat(rig.idsSeen("b")).isEqualTo(b);
        try (Jedis client = redis.client()) {
            Eventually.await(
                    "no pending entry",
                    () -> client.xpending(Rig.SOURCE, Rig.GROUP).getTotal() == 0,
                    () -> client.xpending(Rig.SOURCE, Rig.GROUP).getTotal());
        }
        assertThat(rig.ledger("a").getStored()).isEqualTo(a.size());
        assertThat(rig.ledger("a").getDroppedMap()).isEmpty();
        assertThat(rig.ledger("a").getImbalance()).isZero();
    }

    @Test
    void aBridgeThatStandsByTakesOverFromOneThatWasKilled() throws Exception {
        rig.consume("a");
        rig.add("a", 1, 3_000);
        Process first = bridge("--consumer", "one", "--lease", LONG_LEASE, "--in-flight", "100");
        awaitReady(first);
        Process second = bridge("--consumer", "two", "--lease", LONG_LEASE);
        assertThat(second.inputReader().readLine()).startsWith("frame-broker-bridge standby holder=one");

        first.destroyForcibly().waitFor();
        endLease();

        awaitReady(second);
        rig.awaitSeen("a", 3_000);
        assertThat(rig.idsSeen("a")).hasSize(3_000).isSorted().doesNotHaveDuplicates();
    }

    /** It wakes up with entries in hand that its successor has published, and would read others from under it. */
    @Test
    void aBridgeThatSleptLongerThanItsLeaseDoesNoHarmWhenItWakesUp() throws Exception {
        rig.consume("a", "b");
        load = new Load(redis, 7, this::seen);
        Process sleeper = bridge("--consumer", "one", "--lease", LONG_LEASE, "--in-flight", "300");
        awaitReady(sleeper);
        Process second = bridge("--consumer", "two", "--lease", LONG_LEASE, "--in-flight", "300");
        assertThat(second.inputReader().readLine()).contains("standby");
        rig.awaitSeen("a", 200);

        signal(sleeper, "STOP");
        endLease();
        awaitReady(second);
        rig.awaitSeen("a", rig.seen("a").size() + 500);
        signal(sleeper, "CONT");

        assertThat(sleeper.waitFor()).isEqualTo(1);
        rig.awaitSeen("a", rig.seen("a").size() + 200);
        load.stop();
        List<EntryId> a = Load.ids(redis, "a");
        List<EntryId> b = Load.ids(redis, "b");
        rig.awaitSeen("a", a.size());
        rig.awaitSeen("b", b.size());
        assertThat(rig.idsSeen("a")).isEqualTo(a);
        assertThat(rig.idsSeen("b")).isEqualTo(b);
    }

    @Test
    void toldToEndItEndsWell() throws Exception {
        rig.consume("a");
        rig.add("a", 1, 100);
        Process bridge = bridge("--drain-time", "PT1M");
        awaitReady(bridge);
        rig.awaitSeen("a", 100);

        bridge.destroy();

        assertThat(bridge.waitFor(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(bridge.exitValue()).isZero();
        assertThat(rig.pending()).isZero();
    }

    @Test
    void whatItCannotMendEndsItWithTheReason() throws Exception {
        rig.producer.set(Rig.SOURCE, "a string, no stream");
        Process bridge = bridge();

        String error = new String(bridge.getErrorStream().readAllBytes());

        assertThat(bridge.waitFor()).isEqualTo(1);
        assertThat(error).contains("frame-broker-bridge: ", "WRONGTYPE");
    }

    /**
     * As if the lease were over, which it will be by itself. Deleted: what a bridge that was killed had asked for on its way out
     * would prolong a lease that has a millisecond left.
     */
    private void endLease() {
        String owner = Rig.SOURCE + ":bridge:" + Rig.GROUP + ":owner";
        assertThat(rig.producer.pttl(owner)).as("time it has left").isPositive();
        rig.producer.del(owner);
    }

    private long seen() {
        return rig.seen("a").size() + rig.seen("b").size();
    }

    private Process bridge(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Bridge.class.getName(),
                "--redis-url",
                redis.url(),
                "--broker",
                rig.brokerAddress(),
                "--exit-with-stdin"));
        command.addAll(List.of(arguments));
        boolean silent = arguments.length > 0;
        Process process = new ProcessBuilder(command)
                .redirectError(silent ? ProcessBuilder.Redirect.DISCARD : ProcessBuilder.Redirect.PIPE)
                .start();
        bridges.add(process);
        return process;
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static void awaitReady(Process bridge) throws IOException {
        BufferedReader out = bridge.inputReader();
        assertThat(out.readLine()).startsWith("frame-broker-bridge ready pending=");
    }

    /**
     * A producer that goes on whatever happens, with ids that Redis gives, on two cameras in turns; no further ahead of those
     * who take its entries than they catch up with however slow the machine is.
     */
    private static final class Load {
        private static final long MOST_AHEAD = 2_000;

        private final AtomicBoolean over = new AtomicBoolean();
        private final RedisProcess redis;
        private final Random random;
        private final LongSupplier seen;
        private final Thread thread = new Thread(this::produce, "producer");
        private long added;

        Load(RedisProcess redis, long seed, LongSupplier seen) {
            this.redis = redis;
            this.random = new Random(seed);
            this.seen = seen;
            thread.start();
        }

        private void produce() {
            while (!over.get()) {
                try (Jedis client = redis.client()) {
                    while (!over.get()) {
                        if (added - seen.getAsLong() < MOST_AHEAD) {
                            add(client);
                        }
                        LockSupport.parkNanos(5_000_000);
                    }
                } catch (JedisException away) {
                    LockSupport.parkNanos(10_000_000);
                }
            }
        }

        private void add(Jedis client) {
            try (var pipeline = client.pipelined()) {
                for (int i = random.nextInt(30); i >= 0; i--, added++) {
                    pipeline.xadd(
                            Rig.SOURCE,
                            StreamEntryID.NEW_ENTRY,
                            Map.of("camera_id", random.nextBoolean() ? "a" : "b", "data", "x"));
                }
            }
        }

        static List<EntryId> ids(RedisProcess redis, String camera) {
            try (Jedis client = redis.client()) {
                return client.xrange(Rig.SOURCE, "-", "+").stream()
                        .filter(entry -> camera.equals(entry.getFields().get("camera_id")))
                        .map(entry -> EntryId.parse(entry.getID().toString()))
                        .toList();
            }
        }

        void stop() throws InterruptedException {
            over.set(true);
            thread.join();
        }
    }
}
