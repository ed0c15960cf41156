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
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** NATS and RabbitMQ themselves, where they are installed. */
@Timeout(300)
class MessagePeersTest {
    private static final Duration SHORT = Duration.ofMillis(500);

    @TempDir
    private Path folder;

    @AfterEach
    void nothingStays() {
        assertThat(folder).as("what servers wrote").isEmptyDirectory();
        assertThat(ProcessHandle.current().descendants().filter(MessagePeersTest::isServer))
                .as("servers that go on")
                .isEmpty();
    }

    @ParameterizedTest(name = "{0}, {1} bytes, {2} frames a message")
    @CsvSource({"NATS, 184, 16", "NATS, 100000, 1", "RABBITMQ, 100000, 1"})
    void everyFrameReachesEveryGroupAndIsSettled(Target target, int frameBytes, int batch) throws InterruptedException {
        assumeInstalled(target);
        // 2 cameras, 2 groups of 2 members, flat out, round after round
        Workload workload = new Workload(42, 2, 2, 2, frameBytes, batch, 64, 100, 0, true);

        try (Rig rig = Rig.open(setup(target, workload, stores()))) {
            for (int round = 0; round < 2; round++) {
                Measurement measured = Rounds.flowing(rig, SHORT);

                measured.check();
                assertThat(measured.defects()).isEqualTo(Defects.NONE);
                assertThat(measured.cpuSeconds()).containsKey(target.server());
                assertThat(measured.to().costs().cpu().get(target.server())).isPositive();
            }
            assertThat(rig.storeFacts()).containsKeys("version", "acknowledged", "file_system");
        }
    }

    /** Nothing else would hold a publisher that outruns a group; what a consumer on RabbitMQ holds comes on top. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({"NATS, 80", "RABBITMQ, 144"})
    void aGroupThatLagsHoldsThePublisherAndLosesNothing(Target target, long most) throws Exception {
        assumeInstalled(target);
        Workload workload = new Workload(7, 1, 2, 1, 1_000, 8, 64, 32, 0, true);
        StreamLimits limits = new StreamLimits(80, 1 << 20, 16, 1 << 20);
        GroupCheck quick = new GroupCheck(7, 0, "g0/cam-0", 1);
        GroupCheck slow = new GroupCheck(7, 0, "g1/cam-0", 1);
        FramePool pool = new FramePool(workload, 0);

        try (StoreServer server = StoreServer.open(setup(target, workload, stores()));
                Link consumers = Link.to(target, server.url(), workload, limits);
                Link publishers = Link.to(target, server.url(), workload, limits);
                FrameSink camera = publishers.publisher(pool)) {
            consumers.consumer(0, 0, () -> new Inbox(0, 1_000, new GroupCheck[] {quick}));
            consumers.consumer(1, 0, () -> new Inbox(0, 1_000, new GroupCheck[] {slow}));
            CompletableFuture<Void> sent;
            // The slow group's consumer waits for this lock with its first frame in its hands.
            synchronized (slow) {
                sent = CompletableFuture.runAsync(() -> send(camera, 800));
                // A delivery may be quicker than its frame's confirmation.
                await(() -> consumers.settled(0) >= 80 && camera.confirmed() >= 80);

                assertThat(camera.confirmed()).isLessThanOrEqualTo(most);
                assertThat(consumers.settled(1)).isZero();
                assertThat(sent).isNotDone();
            }
            await(() -> consumers.settled(0) >= 800 && consumers.settled(1) >= 800);
            sent.join();

            assertThat(camera.flush(Duration.ofSeconds(60))).isEmpty();
            assertThat(camera.confirmed()).isEqualTo(800);
            assertThat(quick.settle(800, Map.of())).isEqualTo(Defects.NONE);
            assertThat(slow.settle(800, Map.of())).isEqualTo(Defects.NONE);
            assertThat(publishers.failure()).isNull();
            assertThat(consumers.failure()).isNull();
        }
    }

    /** A name can be taken anew only when whoever ran before has cleaned up. */
    @ParameterizedTest
    @EnumSource(names = {"NATS", "RABBITMQ"})
    void aServerThatRunsIsUsedAsItIsAndLeftEmpty(Target target) throws InterruptedException {
        assumeInstalled(target);
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true);
        try (StoreServer theirs = StoreServer.open(setup(target, workload, stores()))) {
            ServerSettings running = new ServerSettings(theirs.url(), null, null);
            for (int run = 0; run < 2; run++) {
                try (Rig rig = Rig.open(setup(target, workload, new Stores(null, running, running, null)))) {
                    Measurement measured = Rounds.flowing(rig, SHORT);

                    measured.check();
                    assertThat(measured.cpuSeconds()).doesNotContainKey(target.server());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NATS", "RABBITMQ"})
    void aServerThatEndedFailsTheRun(Target target) throws InterruptedException {
        assumeInstalled(target);
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true);
        try (Rig rig = Rig.open(setup(target, workload, stores()))) {
            assertThatThrownBy(() -> rig.measure(
                            Duration.ZERO,
                            Duration.ofSeconds(20),
                            (before, now) -> ProcessHandle.current()
                                    .descendants()
                                    .filter(MessagePeersTest::isServer)
                                    .forEach(ProcessHandle::destroyForcibly)))
                    .isInstanceOf(RuntimeException.class);
        }
    }

    private static void assumeInstalled(Target target) {
        assumeThat(ServerSettings.isFound(target.server()))
                .as(target.server() + " is on the PATH")
                .isTrue();
    }

    /** Also what RabbitMQ has beside it. */
    private static boolean isServer(ProcessHandle process) {
        String command = process.info().command().orElse("");
        return command.endsWith("nats-server") || command.endsWith("beam.smp") || command.endsWith("epmd");
    }

    private Stores stores() {
        return new Stores(
                null,
                new ServerSettings(null, "nats-server", folder),
                new ServerSettings(null, "rabbitmq-server", folder),
                folder);
    }

    private static Setup setup(Target target, Workload workload, Stores stores) {
        StreamLimits limits = new StreamLimits(500, 64 << 20, 50, 64 << 20);
        return new Setup(
                Side.of(target), workload, null, false, Jvm.of(""), Jvm.of(""), null, List.of(), limits, stores);
    }

    private static void send(FrameSink camera, int frames) {
        try {
            for (int sent = 0; sent < frames; sent += 8) {
                camera.send(new long[8]);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
