package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.FrameSink;
import io.framebroker.loadgen.targets.Link;
import io.framebroker.loadgen.targets.RedisConnection;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/** Plain Redis Streams against a real redis-server, where one is installed. */
@Timeout(300)
class PlainRedisTest {
    private static final Duration SHORT = Duration.ofMillis(500);

    @TempDir
    private Path folder;

    private RedisSettings settings;

    @BeforeEach
    void aServerIsInstalled() {
        assumeThat(Arrays.stream(System.getenv("PATH").split(File.pathSeparator)))
                .as("folders of the PATH with a redis-server")
                .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        settings = new RedisSettings(null, "redis-server", null, folder, 256L << 20);
    }

    @ParameterizedTest(name = "{0}, {1} bytes, {2} frames a message")
    @CsvSource({"REDIS, 184, 1", "REDIS, 100000, 1", "REDIS_BATCH, 184, 16"})
    void everyFrameReachesEveryGroupAndIsSettled(Target target, int frameBytes, int batch) throws InterruptedException {
        // 2 cameras, 2 groups of 2 members, flat out, round after round
        Workload workload = new Workload(42, 2, 2, 2, frameBytes, batch, 64, 100, 0, true);
        StreamLimits limits = new StreamLimits(500, 64 << 20, 50, 64 << 20);

        try (Rig rig = Rig.open(setup(target, workload, limits))) {
            for (int round = 0; round < 2; round++) {
                // What has come at the end of a short one may not be settled yet.
                Measurement measured = Rounds.showing(
                        each -> each.latencyMicros().getTotalCount() > 0
                                && each.settledPerSecond() > 0
                                && each.published() > 0,
                        rig,
                        SHORT);

                measured.check();
                assertThat(measured.defects()).isEqualTo(Defects.NONE);
                assertThat(measured.settledPerSecond()).isPositive();
                assertThat(measured.cpuSeconds()).containsKey("redis-server");
                assertThat(measured.aofBytesPerFrame()).isPositive();
            }
            assertThat(rig.storeFacts())
                    .containsEntry("appendonly", "yes")
                    .containsEntry("appendfsync", "everysec")
                    .containsEntry("auto-aof-rewrite-percentage", "0");
        }

        assertThat(folder).as("what the server wrote").isEmptyDirectory();
    }

    @Test
    void withoutItsFileTheServerSaysSoAndWritesNothing() throws InterruptedException {
        Workload workload = new Workload(42, 1, 1, 1, 5_000, 1, 64, 100, 0, true);
        StreamLimits limits = new StreamLimits(500, 64 << 20, 50, 64 << 20);

        try (Rig rig = Rig.open(setup(Target.REDIS_NOAOF, workload, limits))) {
            Measurement measured = Rounds.flowing(rig, SHORT);

            measured.check();
            assertThat(measured.to().costs().aofBytes()).isZero();
            assertThat(measured.peakMebibytes("redis-server")).isPositive();
            assertThat(rig.storeFacts()).containsEntry("appendonly", "no");
        }
    }

    /** The publisher must neither overtake a group by more than the backlog nor trim what it has not settled. */
    @ParameterizedTest(name = "{0}, {1} frames a message")
    @CsvSource({"REDIS, 1", "REDIS_BATCH, 8"})
    void aGroupThatLagsHoldsThePublisherAndLosesNothing(Target target, int batch) throws Exception {
        Workload workload = new Workload(7, 1, 2, 1, 1_000, batch, 64, 32, 0, true);
        StreamLimits limits = new StreamLimits(80, 1 << 20, 16, 1 << 20);
        GroupCheck quick = new GroupCheck(7, 0, "g0/cam-0", 1);
        GroupCheck slow = new GroupCheck(7, 0, "g1/cam-0", 1);
        FramePool pool = new FramePool(workload, 0);

        try (RedisInstance redis = RedisInstance.open(settings, "test");
                RedisConnection connection = RedisConnection.open(redis.url());
                Link consumers = Link.to(target, redis.url(), workload, limits);
                Link publishers = Link.to(target, redis.url(), workload, limits);
                FrameSink camera = publishers.publisher(pool)) {
            consumers.consumer(0, 0, () -> new Inbox(0, 1_000, new GroupCheck[] {quick}));
            consumers.consumer(1, 0, () -> new Inbox(0, 1_000, new GroupCheck[] {slow}));
            CompletableFuture<Void> sent;
            // The slow group's consumer waits for this lock with its first frame in its hands.
            synchronized (slow) {
                sent = CompletableFuture.runAsync(() -> send(camera, batch, 800));
                // A delivery may be quicker than its frame's confirmation.
                await(() -> consumers.settled(0) >= 80 && camera.confirmed() >= 80);

                assertThat(camera.confirmed()).isEqualTo(80);
                assertThat(entries(connection, workload)).isEqualTo(80 / batch);
                assertThat(sent).isNotDone();
            }
            await(() -> consumers.settled(0) >= 800 && consumers.settled(1) >= 800);
            sent.join();

            assertThat(camera.flush(Duration.ofSeconds(60))).isEmpty();
            assertThat(quick.settle(800, Map.of())).isEqualTo(Defects.NONE);
            assertThat(slow.settle(800, Map.of())).isEqualTo(Defects.NONE);
            assertThat(entries(connection, workload)).as("entries kept").isBetween(16L / batch, 160L / batch);
            assertThat(publishers.failure()).isNull();
            assertThat(consumers.failure()).isNull();
        }
    }

    @Test
    void aServerThatEndedFailsTheRun() throws InterruptedException {
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true);
        try (Rig rig = Rig.open(setup(Target.REDIS, workload, StreamLimits.DEFAULT))) {
            long pid = serverPid();

            assertThatThrownBy(() -> rig.measure(
                            Duration.ZERO,
                            Duration.ofSeconds(20),
                            (before, now) -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly)))
                    .hasMessageContaining("edis");
        }
    }

    @Test
    void aRedisThatRunsIsUsedAsItIs() throws InterruptedException {
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true);
        try (RedisInstance redis = RedisInstance.open(settings, "theirs");
                RedisConnection connection = RedisConnection.open(redis.url())) {
            connection.executeCommand(
                    new CommandArguments(Command.SET).add("theirs").add("1"));
            RedisSettings running = new RedisSettings(redis.url(), null, null, null, 0);
            Setup setup = new Setup(
                    Side.of(Target.REDIS),
                    workload,
                    null,
                    false,
                    Jvm.of(""),
                    Jvm.of(""),
                    null,
                    List.of(),
                    null,
                    new Stores(running, null, null, null));

            try (Rig rig = Rig.open(setup)) {
                Rounds.flowing(rig, SHORT).check();
            }

            assertThat(connection.executeCommand(Command.DBSIZE))
                    .as("only what was there")
                    .isEqualTo(1L);
        }
    }

    @Test
    void aConfigurationThatIsWrongIsShown() {
        RedisSettings wrong = new RedisSettings(null, "redis-server", folder.resolve("no.conf"), folder, 0);

        assertThatThrownBy(() -> RedisInstance.open(wrong, "test"))
                .isInstanceOf(RunFailure.class)
                .hasMessageContaining("redis-server");
    }

    private Setup setup(Target target, Workload workload, StreamLimits limits) {
        Stores stores = new Stores(settings, null, null, folder);
        return new Setup(
                Side.of(target), workload, null, false, Jvm.of(""), Jvm.of(""), null, List.of(), limits, stores);
    }

    private static void send(FrameSink camera, int batch, int frames) {
        try {
            for (int sent = 0; sent < frames; sent += batch) {
                camera.send(new long[batch]);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long entries(RedisConnection connection, Workload workload) {
        return (Long) connection.executeCommand(new CommandArguments(Command.XLEN).add(workload.stream(0)));
    }

    private static long serverPid() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").contains("redis"))
                .findFirst()
                .orElseThrow()
                .pid();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
