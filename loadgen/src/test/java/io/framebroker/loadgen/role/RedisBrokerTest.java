package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
