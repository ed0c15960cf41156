package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import io.framebroker.server.store.disk.DrivenStream.Loss;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes that are not what was written: found, counted, named; everything else is there, and never a wrong frame. */
@Timeout(300)
class DamageTest {
    private static final int SMALLEST_RECORD = 72;

    private DiskFrameStore store;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Long.getLong("disk.seeds", 60));
    }

    private void start(ForgetfulDisk disk) {
        try {
            store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.STORED));
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
    void harmDoneWhileNobodyLookedTakesOnlyTheFramesItHit(long seed) {
        Random random = new Random(seed);
        List<DrivenStream> streams = CrashTest.streams(random);
        ForgetfulDisk disk = new ForgetfulDisk();
        start(disk);
        streams.forEach(each -> each.open(store, Loss.NOTHING));
        for (int i = 0; i < 3; i++) {
            CrashTest.drive(streams, random);
            if (random.nextBoolean()) {
                store.syncer().sync();
            }
        }
        streams.forEach(DrivenStream::promised);
        store.abandon();
        disk = disk.killed();

        int harmed = harm(disk, random);
        start(disk);
        streams.forEach(each -> each.open(store, Loss.FRAMES));

        int missing = streams.stream().mapToInt(DrivenStream::missing).sum();
        assertThat(missing).isLessThanOrEqualTo(harmed / SMALLEST_RECORD + 2);
        assertThat(missing == 0 || store.intrusions() > 0).isTrue();
        for (int i = 0; i < 2; i++) {
            CrashTest.drive(streams, random);
            streams.forEach(DrivenStream::promised);
            store.abandon();
            disk = disk.killed();
            start(disk);
            streams.forEach(each -> each.open(store, Loss.FRAMES));
            assertThat(streams).allMatch(each -> each.missing() == 0);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void howeverMuchHarmIsDoneNoFrameIsWrongAndGroupsBalance(long seed) {
        Random random = new Random(seed);
        List<DrivenStream> streams = CrashTest.streams(random);
        ForgetfulDisk disk = new ForgetfulDisk();
        start(disk);
        streams.forEach(each -> each.open(store, Loss.NOTHING));
        for (int round = 0; round < 4; round++) {
            CrashTest.drive(streams, random);
            store.abandon();
            disk = disk.killed();
            for (int i = random.nextInt(60); i >= 0; i--) {
                harm(disk, random);
            }

            start(disk);
            streams.forEach(each -> each.openWhateverIsLeft(store));
        }
    }

    /** Returns how many bytes in a row are not what they were. */
    private static int harm(ForgetfulDisk disk, Random random) {
        List<Integer> segments = disk.segments();
        byte[] bytes = disk.bytes(segments.get(random.nextInt(segments.size())));
        int at = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(bytes.length);
            case 1 -> ForgetfulDisk.SEGMENT + random.nextInt(bytes.length - ForgetfulDisk.SEGMENT);
            default -> random.nextInt(4) * Chunk.LEAST + random.nextInt(1 << 9 + random.nextInt(8));
        };
        switch (random.nextInt(4)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                return 1;
            }
            case 1 -> {
                int length = Math.min(bytes.length - at, 1 + random.nextInt(100));
                for (int i = at; i < at + length; i++) {
                    bytes[i] = (byte) random.nextInt();
                }
                return length;
            }
            case 2 -> {
                return clear(bytes, at, 512);
            }
            default -> {
                return clear(bytes, at, 4096);
            }
        }
    }

    private static int clear(byte[] bytes, int at, int length) {
        int from = at / length * length;
        for (int i = from; i < Math.min(bytes.length, from + length); i++) {
            bytes[i] = 0;
        }
        return length;
    }

    @Test
    void aFrameThatIsFoundDamagedWhenItIsReadIsLeftOut() {
        ForgetfulDisk disk = new ForgetfulDisk();
        start(disk);
        Answers answers = new Answers();
        var stream = Opened.of(store, "cam", answers).stream();
        List<Frame> frames = Samples.frames(stream.generation(), 1, 5, 1_000);
        stream.append(frames);
        answers.awaitStored(5);
        stream.cool(5);
        assertThat(answers.read(stream, 3, 3)).hasSize(1);
        stream.cool(5);

        int at = find(disk, frames.get(2).content().array());
        disk.bytes(at / ForgetfulDisk.SEGMENT)[at % ForgetfulDisk.SEGMENT + 500] ^= 1;
        Samples.assertSame(answers.read(stream, 1, 2), frames.subList(0, 2));
        List<Frame> rest = answers.read(stream, 4, 5);

        Samples.assertSame(rest, frames.subList(3, 5));
        assertThat(answers.read(stream, 1, 5)).extracting(Frame::ordinal).containsExactly(1L, 2L, 4L, 5L);
        assertThat(stream.count(1, 5)).isEqualTo(4);
        assertThat(stream.receivedMicros(3)).isZero();
        assertThat(store.intrusions()).isEqualTo(1);
    }

    /** It used to be told as damage that had a copy. */
    @Test
    void aRecordThatAKilledProcessHasWrittenOnceIsNoDamage() {
        ForgetfulDisk disk = new ForgetfulDisk();
        start(disk);
        var stream = Opened.of(store, "cam", new Answers()).stream();
        // Nobody else is to write in between, as who makes a segment would.
        Eventually.await("there is a segment to spare", () -> store.space().freeSegments() > 0);
        store.syncer().sync();
        disk.holdForces(true);
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        ForgetfulDisk before = disk.killed();
        stream.createGroup("archive", 0, new GroupSettings(12_000), true);
        ForgetfulDisk left = disk.killed();
        disk.holdForces(false);
        store.abandon();

        assertThat(undoSecondWrite(before, left)).isTrue();
        start(left);
        Opened again = Opened.of(store, "cam", new Answers());

        assertThat(again.record().groups())
                .extracting(StreamRecord.OfGroup::name)
                .containsExactly("detectors", "archive");
        assertThat(store.intrusions()).isZero();
    }

    /** Of what was written in between, into both halves of a chunk, only the first is left. Returns whether there was a second. */
    private static boolean undoSecondWrite(ForgetfulDisk before, ForgetfulDisk after) {
        boolean undone = false;
        for (int segment : after.segments()) {
            byte[] old = before.bytes(segment);
            byte[] now = after.bytes(segment);
            int first = Arrays.mismatch(old, now);
            int second = first < 0 ? now.length : first + 1_000;
            while (second < now.length) {
                undone |= old[second] != now[second];
                now[second] = old[second];
                second++;
            }
        }
        return undone;
    }

    /** Segment times its size, and where in it. */
    private static int find(ForgetfulDisk disk, byte[] wanted) {
        for (int segment : disk.segments()) {
            byte[] bytes = disk.bytes(segment);
            for (int at = 0; at + wanted.length <= ForgetfulDisk.SEGMENT; at++) {
                if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                    return segment * ForgetfulDisk.SEGMENT + at;
                }
            }
        }
        throw new AssertionError("the bytes are not on the disk");
    }
}
