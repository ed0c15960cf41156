package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SetupTest {
    private static final Workload WORKLOAD = new Workload(42, 1, 1, 1, 184, 1, 64, 64, 0, true);

    @Test
    void aBrokerOnRedisIsToldWhereItIsAndHowMuchStreamsHold() {
        StreamLimits limits = new StreamLimits(5_000, 1_000, 100, 500);

        assertThat(setup(Target.BROKER_REDIS, limits).brokerArguments("redis://127.0.0.1:7000", null))
                .containsExactly(
                        "--store", "redis",
                        "--redis-url", "redis://127.0.0.1:7000",
                        "--backlog-frames", "5000",
                        "--backlog-bytes", "1000",
                        "--retention-frames", "100",
                        "--retention-bytes", "500",
                        "--drain-time", "PT1S");
    }

    /** Comparisons of what passes frames on measure the broker with its defaults, whatever store that would be. */
    @Test
    void aBrokerWithoutLimitsKeepsItsDefaultsButTheStore() {
        assertThat(setup(Target.BROKER, null).brokerArguments(null, null))
                .containsExactly("--store", "memory", "--drain-time", "PT1S");
    }

    @Test
    void aStoreThatIsSaidWins() {
        Setup setup = setup(Target.BROKER, null, List.of("--store=disk", "--data-dir=/data"));

        assertThat(setup.brokerArguments(null, null)).containsExactly("--store=disk", "--data-dir=/data");
    }

    @ParameterizedTest
    @CsvSource({"BROKER_DISK, STORED", "BROKER_DISK_FSYNC, FSYNC"})
    void aBrokerOnDiskIsToldItsFolderAndWhatAnAcknowledgementIsWorth(Target target, String level) {
        assertThat(setup(target, null).brokerArguments(null, Path.of("/data/x")))
                .containsExactly(
                        "--store", "disk", "--data-dir", "/data/x", "--disk-ack-level", level, "--drain-time", "PT1S");
    }

    @Test
    void aServerIsStartedWithoutSnapshotsAndWithoutRewrites() {
        List<String> command = new RedisSettings(null, "redis-server", null, Path.of("/data"), 1_000)
                .command(Path.of("/bin/redis-server"), Path.of("/data/x"), 7_000);

        assertThat(command)
                .startsWith("/bin/redis-server", "--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
                .containsSequence("--maxmemory", "1000", "--maxmemory-policy", "noeviction")
                .containsSequence("--auto-aof-rewrite-percentage", "0")
                .containsSequence("--dir", "/data/x");
    }

    @Test
    void aConfigurationOfOnesOwnDecidesOnDurability() {
        List<String> command = new RedisSettings(
                        null, "redis-server", Path.of("/etc/redis.conf"), Path.of("/data"), 1_000)
                .command(Path.of("/bin/redis-server"), Path.of("/data/x"), 7_000);

        assertThat(command)
                .startsWith("/bin/redis-server", "/etc/redis.conf")
                .contains("--auto-aof-rewrite-percentage", "--bind", "--port", "--dir")
                .doesNotContain("--appendonly", "--appendfsync", "--save", "--maxmemory");
    }

    @Test
    void aServerWithoutItsFileDiffersInNothingElse() {
        for (Path conf : new Path[] {null, Path.of("/etc/redis.conf")}) {
            RedisSettings usual = new RedisSettings(null, "redis-server", conf, Path.of("/data"), 1_000);
            List<String> command = usual.command(Path.of("/bin/redis-server"), Path.of("/data/x"), 7_000);
            List<String> without = usual.withoutAof().command(Path.of("/bin/redis-server"), Path.of("/data/x"), 7_000);

            int at = without.lastIndexOf("--appendonly");
            assertThat(without).containsSequence("--appendonly", "no");
            List<String> rest = new ArrayList<>(without);
            rest.subList(at, at + 2).clear();
            assertThat(rest).isEqualTo(command);
        }
    }

    private static Setup setup(Target target, StreamLimits limits) {
        return setup(target, limits, List.of("--drain-time", "PT1S"));
    }

    private static Setup setup(Target target, StreamLimits limits, List<String> brokerArguments) {
        RedisSettings redis = new RedisSettings(null, "redis-server", null, Path.of("/data"), 0);
        return new Setup(
                Side.of(target),
                WORKLOAD,
                null,
                true,
                Jvm.of(""),
                Jvm.of(""),
                Path.of("no/such.jar"),
                brokerArguments,
                limits,
                new Stores(redis, null, null, Path.of("/data")));
    }
}
