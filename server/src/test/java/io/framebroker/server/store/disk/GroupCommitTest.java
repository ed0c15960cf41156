package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** At FSYNC nothing is told before it is forced, and much is forced at once. */
@Timeout(300)
class GroupCommitTest {
    private static final int STREAMS = 3;
    private static final int FRAMES = 200;

    private final ForgetfulDisk disk = new ForgetfulDisk();

    @Test
    void whatComesInWhileTheDiskWorksSharesTheNextForce() throws IOException {
        try (DiskFrameStore store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC))) {
            List<StreamStore> streams = new ArrayList<>();
            List<Answers> answers = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                Answers told = new Answers();
                answers.add(told);
                StreamStore stream = Opened.of(store, "cam-" + i, told).stream();
                stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
                stream.append(Samples.frames(stream.generation(), 1, 1, 100));
                told.awaitStored(1);
                stream.delivered("detectors", 1, 1, 1);
                streams.add(stream);
            }
            disk.holdForces(true);
            long before = disk.forces();

            for (int frame = 2; frame <= FRAMES; frame++) {
                for (StreamStore stream : streams) {
                    stream.append(Samples.frames(stream.generation(), frame, frame, 100));
                }
            }
            for (StreamStore stream : streams) {
                stream.delivered("detectors", 1, 1, 2);
                stream.settle("detectors", 1, 1, Outcome.ACKED, null);
                stream.note(new StreamNote(null, null, StreamNote.Counts.NONE));
            }

            for (int i = 0; i < STREAMS; i++) {
                assertThat(answers.get(i).stored()).isEqualTo(1);
                assertThat(streams.get(i).lastOrdinal()).isEqualTo(1);
                assertThat(streams.get(i).read(2, FRAMES, 10, Long.MAX_VALUE)).isEmpty();
                assertThat(answers.get(i).settledAtMost("detectors")).isZero();
                assertThat(answers.get(i).attemptedAtMost("detectors")).isZero();
                assertThat(answers.get(i).noted()).isZero();
            }
            disk.holdForces(false);
            for (Answers each : answers) {
                each.awaitStored(FRAMES);
                each.awaitSettled("detectors", 1);
                each.awaitAttempted("detectors", 1);
                each.awaitNoted(1);
            }
            // Of a few segments, once for what was there when the disk was held and once for the rest, or little more.
            assertThat(disk.forces() - before).isLessThan(30);
        }
    }

    @Test
    void noMoreIsDeliveredThanWhatTheDiskKnowsMayHaveBeen() throws IOException {
        Answers answers = new Answers();
        DiskFrameStore store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC));
        StreamStore stream = Opened.of(store, "cam", answers).stream();
        stream.append(Samples.frames(stream.generation(), 1, 600, 10));
        answers.awaitStored(600);

        disk.holdForces(true);
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        assertThat(stream.deliverableThrough("detectors")).isZero();
        long seen = answers.readables();
        disk.holdForces(false);
        answers.awaitReadable(seen);
        disk.holdForces(true);
        long allowed = stream.deliverableThrough("detectors");
        assertThat(allowed).isBetween(100L, 599L);
        stream.delivered("detectors", 1, allowed, 1);
        assertThat(stream.deliverableThrough("detectors")).isEqualTo(allowed);

        ForgetfulDisk left = disk.crashed(null, 0);
        disk.holdForces(false);
        store.abandon();
        try (DiskFrameStore again = new DiskFrameStore(left, CrashTest.settings(AckLevel.FSYNC))) {
            Opened opened = Opened.of(again, "cam", new Answers());
            assertThat(opened.stream().group("detectors").cursor()).isZero();
            assertThat(opened.record().groups().get(0).maybeDelivered()).isGreaterThanOrEqualTo(allowed);
        }
    }

    /** What a trim wrote of a publisher while a frame of it was still to be forced used to be the last that was written. */
    @Test
    void aPublishersLastFrameIsKnownWhenItWasForcedAfterATrimAndIsTrimmed() throws IOException {
        Answers answers = new Answers();
        DiskFrameStore store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC));
        StreamStore stream = Opened.of(store, "cam", answers).stream();
        stream.note(new StreamNote(null, new PublisherRecord(Samples.PUBLISHER, 0, 0, 0, List.of()), null));
        stream.append(Samples.frames(stream.generation(), 1, 5, 100));
        answers.awaitStored(5);

        disk.holdForces(true);
        stream.append(Samples.frames(stream.generation(), 6, 6, 100));
        stream.trim(3);
        disk.holdForces(false);
        answers.awaitStored(6);
        stream.trim(6);
        store.close();

        try (DiskFrameStore again = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC))) {
            Opened opened = Opened.of(again, "cam", new Answers());
            assertThat(opened.stream().firstOrdinal()).isEqualTo(7);
            assertThat(opened.record().publishers())
                    .extracting(PublisherRecord::lastSequence)
                    .containsExactly(Samples.sequence(6));
        }
    }
}
