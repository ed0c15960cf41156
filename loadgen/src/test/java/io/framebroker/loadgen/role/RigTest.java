package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole runs in this JVM, over real sockets. */
class RigTest {
    private static final Duration SHORT = Duration.ofMillis(150);

    @ParameterizedTest
    @EnumSource(names = {"RELAY", "RAW", "POLLING"})
    void everyFrameOfEveryCameraReachesEveryGroup(Target target) throws InterruptedException {
        // 3 cameras x 2 groups, 1 000 fps each, in messages of 5
        Workload workload = new Workload(42, 3, 2, 1, 5_000, 5, 64, 100, 1_000, true);

        Measurement measured = measure(setup(target, workload, null));

        measured.check();
        assertThat(measured.defects()).isEqualTo(Defects.NONE);
        assertThat(measured.published()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"RELAY", "RAW", "POLLING"})
    void flatOutTheTargetHoldsThePublisherBack(Target target) throws InterruptedException {
        Measurement measured = measure(setup(target, new Workload(42, 1, 1, 1, 300_000, 1, 64, 20, 0, true), null));

        measured.check();
        assertThat(measured.latencyMicros().getTotalCount()).isPositive();
    }

    @Test
    void aRigGoesOnFromRoundToRound() throws InterruptedException {
        Setup setup = setup(Target.RELAY, new Workload(42, 1, 1, 1, 184, 64, 64, 1_000, 0, true), null);
        List<Long> published = new ArrayList<>();
        try (Rig rig = Rig.open(setup)) {
            for (int round = 0; round < 3; round++) {
                Measurement measured = Rounds.flowing(rig, SHORT);
                measured.check();
                published.add(measured.published());
            }
        }

        assertThat(published).hasSize(3).allMatch(frames -> frames > 0);
    }

    @ParameterizedTest(name = "{0} frames a message")
    @org.junit.jupiter.params.provider.ValueSource(ints = {1, 16})
    void theBrokerSharesEveryFrameAmongTheMembersOfEachGroup(int batch) throws InterruptedException, IOException {
        Workload workload = new Workload(42, 2, 2, 2, 2_000, batch, 64, 100, 1_000, true);
        try (BrokerServer broker = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(256L << 20, 256L << 20))) {
            Measurement measured = measure(setup(Target.BROKER, workload, "127.0.0.1:" + broker.port()));

            measured.check();
            assertThat(measured.defects()).isEqualTo(Defects.NONE);
            assertThat(measured.redelivered()).isZero();
        }
    }

    @Test
    void whatFlowsToWarmUpIsCheckedAndNotCounted() throws InterruptedException {
        Setup setup = setup(Target.RELAY, new Workload(42, 1, 1, 1, 2_000, 1, 64, 100, 20, true), null);
        try (Rig rig = Rig.open(setup)) {
            rig.warmUp(Duration.ofMillis(500), 2_000);
            Measurement measured = Rounds.flowing(rig, SHORT);

            assertThat(measured.defects()).isEqualTo(Defects.NONE);
            assertThat(measured.from().sent()).as("what warmed it").isGreaterThan(50);
            // A round in which the machine pauses is longer, and makes up for it.
            assertThat(measured.published() - 50.0).as("at its own rate again").isLessThan(100 * measured.seconds());
        }
    }

    @Test
    void aTargetThatIsNotThereFailsTheRun() {
        Setup setup = setup(Target.RAW, new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true), "127.0.0.1:1");

        assertThatThrownBy(() -> Rig.open(setup))
                .hasMessageContaining("127.0.0.1:1")
                .hasMessageContaining("refused");
    }

    @Test
    void aBrokerJarThatIsNotThereIsNamed() {
        Setup setup = setup(Target.BROKER, new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true), null);

        assertThatThrownBy(() -> Rig.open(setup))
                .isInstanceOf(RunFailure.class)
                .hasMessageContaining("no broker at no/such.jar");
    }

    private static Measurement measure(Setup setup) throws InterruptedException {
        try (Rig rig = Rig.open(setup)) {
            return Rounds.flowing(rig, SHORT);
        }
    }

    private static Setup setup(Target target, Workload workload, String address) {
        return new Setup(
                Side.of(target),
                workload,
                address,
                false,
                Jvm.of(""),
                Jvm.of(""),
                Path.of("no/such.jar"),
                List.of(),
                null,
                null);
    }
}
