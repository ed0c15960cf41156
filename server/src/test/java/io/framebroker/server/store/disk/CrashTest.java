package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import io.framebroker.server.store.disk.DrivenStream.Loss;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What was promised outlives what the level says it outlives, wherever the crash comes. */
@Timeout(300)
class CrashTest {
    private static final int ROUNDS = 6;
    private static final int STEPS = 120;

    private DiskFrameStore store;

    static LongStream seeds() {
        return LongStream.rangeClosed(Long.getLong("disk.from", 1), Long.getLong("disk.seeds", 30));
    }

    static DiskSettings settings(AckLevel level) {
        return settings(level, Duration.ofMillis(5));
    }

    private static DiskSettings settings(AckLevel level, Duration syncInterval) {
        return new DiskSettings(
                Path.of("unused"), 24L << 20, ForgetfulDisk.SEGMENT, level, syncInterval, Duration.ofMillis(5));
    }

    private void start(ForgetfulDisk disk, AckLevel level) {
        try {
            store = new DiskFrameStore(disk, settings(level));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        store.close();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void storedOutlivesTheProcess(long seed) {
        Random random = new Random(seed);
        List<DrivenStream> streams = streams(random);
        ForgetfulDisk disk = new ForgetfulDisk();
        for (int round = 0; round < ROUNDS; round++) {
            start(disk, AckLevel.STORED);
            assertThat(store.intrusions()).isZero();
            streams.forEach(each -> each.open(store, Loss.NOTHING));
            drive(streams, random);
            streams.forEach(DrivenStream::promised);

            store.abandon();
            disk = disk.killed();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void fsyncOutlivesTheMachine(long seed) {
        Random random = new Random(seed);
        List<DrivenStream> streams = streams(random);
        ForgetfulDisk disk = new ForgetfulDisk();
        for (int round = 0; round < ROUNDS; round++) {
            start(disk, AckLevel.FSYNC);
            streams.forEach(each -> each.open(store, Loss.NOTHING));
            drive(streams, random);
            streams.forEach(DrivenStream::promised);

            disk = disk.crashed(random, random.nextInt(3) / 2.0);
            store.abandon();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void storedLosesWithTheMachineOnlyWhatCameSinceTheLastForce(long seed) {
        Random random = new Random(seed);
        List<DrivenStream> streams = streams(random);
        ForgetfulDisk disk = new ForgetfulDisk();
        for (int round = 0; round < ROUNDS; round++) {
            start(disk, AckLevel.STORED);
            streams.forEach(each -> each.open(store, Loss.UNPROMISED));
            drive(streams, random);
            streams.forEach(DrivenStream::promised);
            store.syncer().sync();
            drive(streams, random);

            disk = disk.crashed(random, random.nextDouble());
            store.abandon();
        }
    }

    /** A generation that had not been forced used to come again, and with it the ids of frames somebody had seen. */
    @Test
    void noGenerationComesTwiceThoughTheMachineForgetsIt() throws IOException {
        DiskSettings settings = settings(AckLevel.STORED, Duration.ofHours(1));
        ForgetfulDisk disk = new ForgetfulDisk();
        store = new DiskFrameStore(disk, settings);
        Opened.of(store, "cam", new Answers());
        store.syncer().sync();
        Set<FrameId> seen = new HashSet<>();
        for (int round = 0; round < 3; round++) {
            disk = disk.crashed(null, 0);
            store.abandon();
            store = new DiskFrameStore(disk, settings);
            Answers answers = new Answers();
            StreamStore stream = Opened.of(store, "cam", answers).stream();
            List<Frame> frames = Samples.frames(stream.generation(), 1, 3, 10);
            stream.append(frames);

            answers.awaitStored(3);
            frames.forEach(each -> assertThat(seen.add(each.id())).isTrue());
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void framesThatWereWrittenOverAreNotMissed(long seed) throws IOException {
        Random random = new Random(seed);
        DrivenStream stream = new DrivenStream("cam", random);
        ForgetfulDisk disk = new ForgetfulDisk();
        for (int round = 0; round < 2; round++) {
            // Nothing is forced but by this test, and for the sake of room.
            store = new DiskFrameStore(disk, settings(AckLevel.STORED, Duration.ofHours(1)));
            stream.open(store, Loss.UNPROMISED);
            stream.churn(1);
            stream.append(30);
            stream.promised();
            store.syncer().sync();
            stream.churn(100);

            disk = disk.crashed(random, random.nextDouble());
            store.abandon();
        }
        store = new DiskFrameStore(disk, settings(AckLevel.STORED));
        stream.open(store, Loss.UNPROMISED);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsDeletedStaysDeleted(long seed) throws InterruptedException {
        Random random = new Random(seed);
        AckLevel level = random.nextBoolean() ? AckLevel.STORED : AckLevel.FSYNC;
        ForgetfulDisk disk = new ForgetfulDisk();
        for (int round = 0; round < ROUNDS; round++) {
            start(disk, level);
            assertThat(names()).isEmpty();
            List<DrivenStream> streams = streams(random);
            streams.forEach(each -> each.open(store, Loss.NOTHING));
            drive(streams, random);
            CountDownLatch deleted = new CountDownLatch(streams.size());
            streams.forEach(each -> each.stream().delete(deleted::countDown));
            deleted.await();

            if (level == AckLevel.STORED) {
                store.abandon();
                disk = disk.killed();
            } else {
                disk = disk.crashed(random, random.nextDouble());
                store.abandon();
            }
        }
        start(disk, level);

        // Two forces later nothing of them takes room; a segment more may be made meanwhile.
        store.syncer().finish();
        Chunks space = store.space();
        Eventually.await("everything is free", () -> space.freeBytes() == space.allBytes());
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        store.names(names::addAll);
        return names;
    }

    static List<DrivenStream> streams(Random random) {
        return List.of(new DrivenStream("cam", random), new DrivenStream("dock", random));
    }

    static void drive(List<DrivenStream> streams, Random random) {
        int steps = random.nextInt(STEPS);
        for (int step = 0; step < steps; step++) {
            streams.get(random.nextInt(streams.size())).step();
        }
    }
}
