package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.FrameSink;
import io.framebroker.loadgen.targets.Link;
import io.framebroker.loadgen.targets.Side;
import io.framebroker.loadgen.targets.Target;
import io.framebroker.loadgen.targets.TargetException;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A broker process that keeps its frames in a folder of the run's own. */
@Timeout(300)
class DiskBrokerTest {
    private static final Duration SHORT = Duration.ofMillis(500);

    @TempDir
    private Path folder;

    /** Starts the broker of this build, whether or not it has been packaged. */
    @TempDir
    private Path jars;

    private Path jar;

    @BeforeEach
    void aBroker() throws IOException {
        jar = BrokerJar.ofThisBuild(jars);
    }

    @ParameterizedTest(name = "{0}, {1} bytes, {2} frames a message")
    @CsvSource({"BROKER_DISK, 184, 16", "BROKER_DISK, 100000, 1", "BROKER_DISK_FSYNC, 100000, 1"})
    void everyFrameReachesEveryGroupAndIsSettled(Target target, int frameBytes, int batch) throws Exception {
        Workload workload = new Workload(42, 2, 2, 2, frameBytes, batch, 64, 100, 0, true);

        try (Rig rig = Rig.open(setup(target, workload))) {
            assertThat(files()).as("what the broker writes").isNotEmpty();
            for (int round = 0; round < 2; round++) {
                Measurement measured = Rounds.flowing(rig, SHORT);

                measured.check();
                assertThat(measured.defects()).isEqualTo(Defects.NONE);
                assertThat(measured.cpuSeconds()).containsKey(target.label());
            }
            assertThat(rig.storeFacts()).containsKey("file_system");
        }

        assertThat(folder).as("what the broker wrote").isEmptyDirectory();
    }

    /** A broker that promises less than is measured would look faster than it is. */
    @ParameterizedTest
    @EnumSource(names = {"BROKER_DISK", "BROKER_DISK_FSYNC"})
    void anAcknowledgementThatIsWorthLessFailsTheRun(Target target) throws Exception {
        Workload workload = new Workload(42, 1, 1, 1, 184, 1, 64, 1, 0, true);
        try (BrokerServer memory = BrokerServer.start(
                        NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64 << 20, 64 << 20));
                Link link = Link.to(target, "127.0.0.1:" + memory.port(), workload, StreamLimits.DEFAULT);
                FrameSink camera = link.publisher(new FramePool(workload, 0))) {
            camera.send(new long[1]);
            camera.flush(Duration.ofSeconds(60));

            assertThatThrownBy(() -> camera.send(new long[1]))
                    .isInstanceOf(TargetException.class)
                    .hasMessageContaining("of level ACK_LEVEL_MEMORY");
        }
    }

    @Test
    void aFolderNoBrokerHasComeToIsRemoved() throws IOException {
        DataFolder.make(folder, "test").close();

        assertThat(folder).isEmptyDirectory();
    }

    /** The shell that removes a folder waits for the broker, which may write until its end. */
    @Test
    void theFolderStaysUntilItsBrokerIsGone() throws Exception {
        Process broker = Children.start(List.of("cat"));
        DataFolder data = DataFolder.make(folder, "test");
        data.isOf(broker.toHandle());
        Thread closing = new Thread(() -> close(data));

        closing.start();
        closing.join(300);
        assertThat(data.path()).isDirectory();

        Children.end(broker);
        closing.join(TimeUnit.SECONDS.toMillis(20));
        assertThat(folder).isEmptyDirectory();
    }

    private static void close(DataFolder data) {
        try {
            data.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private Setup setup(Target target, Workload workload) {
        return new Setup(
                Side.of(target),
                workload,
                null,
                false,
                Jvm.of(""),
                Jvm.of("-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
                jar,
                List.of(),
                StreamLimits.DEFAULT,
                new Stores(null, null, null, folder));
    }
}
