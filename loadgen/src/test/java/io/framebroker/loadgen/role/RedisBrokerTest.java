package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Link;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.GetGroupRequest;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A broker process that keeps its frames in a Redis of the run's own, where one is installed. */
@Timeout(300)
class RedisBrokerTest {
    @TempDir
    private Path folder;

    /** Starts the broker of this build, whether or not it has been packaged. */
    @TempDir
    private Path jars;

    @Test
    void withTheNewestFrameEveryFrameIsDeliveredOrLeftOut() throws InterruptedException, IOException {
        assumeThat(ServerSettings.isFound("redis-server")).isTrue();
        // 2 cameras, 2 groups, flat out: more than consumers that hold one frame at a time can take.
        Workload workload = new Workload(42, 2, 2, 1, 2_000, 1, 64, 100, 0, true);

        try (Rig rig = Rig.open(setup(Target.BROKER_REDIS_LATEST, workload))) {
            Measurement measured =
                    Rounds.showing(each -> each.leftOut() > 0 && each.published() > 0, rig, Duration.ofMillis(500));

            measured.check();
            assertThat(measured.defects()).isEqualTo(Defects.NONE);
            assertThat(measured.leftOut()).isPositive();
            assertThat(measured.to().missing()).isZero();
            assertThat(measured.peakMebibytes("broker-redis-latest")).isPositive();
        }
    }

    @Test
    void whatComesEarlyComesOnceAndIsSettled() throws InterruptedException, IOException {
        assumeThat(ServerSettings.isFound("redis-server")).isTrue();
        Workload workload = new Workload(42, 2, 2, 2, 2_000, 1, 64, 100, 1_000, true);

        try (Rig rig = Rig.open(setup(Target.BROKER_REDIS_EARLY, workload))) {
            Measurement measured = Rounds.flowing(rig, Duration.ofMillis(500));

            measured.check();
            assertThat(measured.redelivered()).isZero();
            assertThat(measured.leftOut()).isZero();
        }
    }

    /** Else another thing would be measured than is said. */
    @ParameterizedTest
    @CsvSource({"BROKER_REDIS, false", "BROKER_REDIS_EARLY, true"})
    void groupsHaveWhatTheirTargetSays(Target target, boolean early) throws InterruptedException, IOException {
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 1, 0, true);
        GroupCheck check = new GroupCheck(42, 0, "g0/cam-0", 1);
        try (BrokerServer broker = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64 << 20, 64 << 20))) {
            String address = "127.0.0.1:" + broker.port();
            try (Link link = Link.to(target, address, workload, StreamLimits.DEFAULT);
                    FrameBrokerClient client = FrameBrokerClient.connect(address)) {
                link.consumer(0, 0, () -> new Inbox(0, 184, new GroupCheck[] {check}));

                assertThat(client.groups()
                                .getGroup(GetGroupRequest.newBuilder()
                                        .setStream(workload.stream(0))
                                        .setName("g0")
                                        .build())
                                .getGroup()
                                .getSettings()
                                .getEarly())
                        .isEqualTo(early);
            }
        }
    }

    private Setup setup(Target target, Workload workload) throws IOException {
        RedisSettings redis = new RedisSettings(null, "redis-server", null, folder, 256L << 20);
        return new Setup(
                Side.of(target),
                workload,
                null,
                false,
                Jvm.of(""),
                Jvm.of("-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
                BrokerJar.ofThisBuild(jars),
                List.of("--http-port", "0"),
                StreamLimits.DEFAULT,
                new Stores(redis, null, null, folder));
    }
}
