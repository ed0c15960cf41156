package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When there is no room for frames: they wait, everything else goes on, and they go on by themselves. */
@Timeout(300)
class RoomTest {
    private static final int FRAME = 50_000;

    private final Answers answers = new Answers();
    private ForgetfulDisk disk = new ForgetfulDisk();
    private DiskFrameStore store;
    private StreamStore stream;
    private long appended;

    private void start(AckLevel level, int segments) {
        start(level, segments, Duration.ofMillis(1));
    }

    private void start(AckLevel level, int segments, Duration retryInterval) {
        try {
            store = new DiskFrameStore(
                    disk,
                    new DiskSettings(
                            Path.of("unused"),
                            segments * (long) ForgetfulDisk.SEGMENT,
                            ForgetfulDisk.SEGMENT,
                            level,
                            Duration.ofMillis(1),
                            retryInterval));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        stream = Opened.of(store, "cam", answers).stream();
        appended = stream.lastOrdinal();
    }

    @AfterEach
    void close() {
        store.close();
        assertThat(answers.wrong()).isNull();
    }

    /** Appends until the store says what keeps it. */
    private void fill() {
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        while (stream.trouble() == null) {
            if (appended - stream.lastOrdinal() < 100) {
                appended++;
                stream.append(Samples.frames(stream.generation(), appended, appended, FRAME));
            } else {
                Eventually.pause();
            }
        }
    }

    /** Returns how many are stored of those that had room; at FSYNC that is told some time after they were written. */
    private long storedOnes() {
        answers.awaitStored(1);
        return answers.stored();
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void framesWaitInOrderAndGoOnWhenOthersWereTrimmed(AckLevel level) {
        start(level, 3);
        fill();
        long stored = storedOnes();

        assertThat(stored).isLessThan(appended);
        assertThat(stream.trouble()).contains("3145728 bytes").contains("memory");
        stream.delivered("detectors", 1, stored, 1);
        stream.settle("detectors", 1, stored, Outcome.ACKED, null);
        answers.awaitSettled("detectors", 1);
        stream.trim(stored);
        while (answers.stored() < appended) {
            long through = answers.stored();
            stream.trim(through);
            answers.awaitStored(through + 1);
        }

        Samples.assertSame(
                answers.read(stream, appended, appended),
                Samples.frames(stream.generation(), appended, appended, FRAME));
        stream.trim(appended - 1);
        appended++;
        stream.append(Samples.frames(stream.generation(), appended, appended, FRAME));
        answers.awaitStored(appended);
        assertThat(stream.trouble()).isNull();
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void settlesAndNotesGoOnForAnyTime(AckLevel level) {
        start(level, 3);
        fill();

        deliverAgainAndAgain();
    }

    /** Frames used to take the room in which these journals would have gone on. */
    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void settlesAndNotesGoOnWhenJournalsHaveFilledTheirSegment(AckLevel level) {
        start(level, 3);
        for (int i = 1; i <= 3; i++) {
            Opened.of(store, "cam-" + i, new Answers());
        }
        fill();

        deliverAgainAndAgain();
    }

    private void deliverAgainAndAgain() {
        long stored = storedOnes();
        stream.delivered("detectors", 1, stored, 1);

        long attempts = 0;
        for (int i = 0; i < 20_000; i++) {
            stream.delivered("detectors", 1 + i % stored, 1 + i % stored, 2 + i);
            attempts++;
            if (i % 100 == 0) {
                answers.awaitAttempted("detectors", attempts);
            }
        }
        stream.settle("detectors", 1, stored, Outcome.ACKED, null);

        answers.awaitAttempted("detectors", attempts);
        answers.awaitSettled("detectors", 1);
        assertThat(stream.trouble()).isNotNull();
        assertThat(answers.stored())
                .as("of %d frames, some of which wait", appended)
                .isLessThan(appended);
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void aDiskThatCannotBeWrittenIsTriedAgain(AckLevel level) {
        start(level, 100);
        disk.creationFails("No space left on device");
        fill();
        assertThat(stream.trouble()).contains("No space left on device");

        disk.creationFails(null);
        answers.awaitStored(appended);

        List<Frame> frames = answers.read(stream, 1, appended);
        Samples.assertSame(frames, Samples.frames(stream.generation(), 1, appended, FRAME));
        Eventually.await("nothing is in the way", () -> stream.trouble() == null);
    }

    /** Each chunk that was taken used to have a whole segment tried again. */
    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void aDiskThatCannotBeWrittenIsLeftAloneForAWhile(AckLevel level) {
        start(level, 100, Duration.ofHours(1));
        appendOne();
        disk.creationFails("No space left on device");
        while (disk.refusals() == 0) {
            if (appended - answers.stored() < 10) {
                append();
            } else {
                Eventually.pause();
            }
        }

        for (int frames = 0; frames < 200; frames++) {
            stream.trim(appended - 1);
            appendOne();
        }

        assertThat(disk.refusals()).isEqualTo(1);
    }

    private void append() {
        appended++;
        stream.append(Samples.frames(stream.generation(), appended, appended, FRAME));
    }

    private void appendOne() {
        append();
        answers.awaitStored(appended);
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void whoseFramesWaitIsNotSaidToHaveThem(AckLevel level) {
        start(level, 3);
        fill();
        stream.note(new StreamNote(
                null,
                new PublisherRecord(Samples.PUBLISHER, Samples.sequence(appended), 0, 0, List.of()),
                new StreamNote.Counts(7, Map.of(), Map.of())));
        answers.awaitNoted(1);
        // What was written before the note has been told with it.
        long stored = answers.stored();

        store.abandon();
        disk = disk.killed();
        start(level, 3);

        assertThat(stream.lastOrdinal()).isEqualTo(stored);
        Opened again = reopened(level);
        assertThat(again.record().publishers().get(0).lastSequence())
                .isBetween(Samples.sequence(stored), Samples.sequence(stored + 1) - 1);
    }

    private Opened reopened(AckLevel level) {
        store.abandon();
        disk = disk.killed();
        try {
            store = new DiskFrameStore(disk, CrashTest.settings(level));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return Opened.of(store, "cam", new Answers());
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void streamsThatFindNoRoomAreRefusedAndDeletingOthersHelps(AckLevel level) throws InterruptedException {
        start(level, 2);
        int opened = 1;
        BrokerException refusal = null;
        while (refusal == null) {
            try {
                Opened.of(store, "cam-" + opened, new Answers());
                opened++;
            } catch (BrokerException e) {
                refusal = e;
            }
        }

        assertThat(opened).isEqualTo(7);
        assertThat(refusal.reason()).isEqualTo("STORE_FULL");
        CountDownLatch deleted = new CountDownLatch(1);
        stream.delete(deleted::countDown);
        deleted.await();
        assertThat(Opened.of(store, "another", new Answers()).stream()).isNotNull();
    }

    /** Generations are never ahead of starts, so that the next start has a higher one. */
    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void aStreamForWhichRoomHadToBeMadeBeginsOneGeneration(AckLevel level) throws IOException {
        disk.create(1);
        disk.creationFails("No space left on device");
        start(level, 2, Duration.ofHours(1));
        Opened.of(store, "cam-1", new Answers());
        Opened.of(store, "cam-2", new Answers());
        while (disk.refusals() == 0) {
            Thread.onSpinWait();
        }
        disk.creationFails(null);

        StreamStore another = Opened.of(store, "cam-3", new Answers()).stream();

        assertThat(another.generation()).isEqualTo(1);
        assertThat(store.space().allBytes()).isEqualTo(2L * ForgetfulDisk.SEGMENT);
    }

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void aDiskThatFailsIsNotTrustedAnyMore(AckLevel level) {
        start(level, 3);
        stream.append(Samples.frames(stream.generation(), 1, 1, 10));
        answers.awaitStored(1);

        // Otherwise a force that the first frame waits for could fail before the second is there.
        disk.holdForces(true);
        disk.forceFails();
        stream.append(Samples.frames(stream.generation(), 2, 2, 10));
        disk.holdForces(false);

        assertThat(answers.awaitLost().reason()).isEqualTo("STORE_FAILED");
        assertThat(answers.stored()).isEqualTo(level == AckLevel.STORED ? 2 : 1);
        assertThatThrownBy(() -> Opened.of(store, "dock", new Answers()))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("Input/output error");
    }
}
