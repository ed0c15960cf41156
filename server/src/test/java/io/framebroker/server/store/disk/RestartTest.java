package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one process leaves to the next, and what that may say of it. */
@Timeout(300)
class RestartTest {
    private ForgetfulDisk disk = new ForgetfulDisk();
    private DiskFrameStore store;
    private Answers answers;
    private StreamStore stream;

    private void start() throws IOException {
        store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC));
        answers = new Answers();
        stream = Opened.of(store, "cam", answers).stream();
    }

    /** The journal begins a chunk with the state, which has none of it. */
    @Test
    void howFramesAreLeftOutlastsTheJournalsChunk() throws IOException {
        start();
        stream.append(Samples.frames(stream.generation(), 1, 2_000, 1));
        answers.awaitStored(2_000);
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        stream.delivered("detectors", 1, 2_000, 1);
        stream.left("detectors", 2, 2_000, StreamRecord.Left.RELEASED);
        for (int attempt = 2; attempt < 60_000; attempt++) {
            stream.delivered("detectors", 1, 1, attempt);
        }
        answers.awaitAttempted("detectors", 59_998);
        store.close();

        store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.FSYNC));
        StreamRecord.OfGroup group =
                Opened.of(store, "cam", new Answers()).record().groups().get(0);

        assertThat(group.pending()).hasSize(2_000);
        assertThat(group.pending().subList(1, 2_000)).allMatch(each -> each.left() == StreamRecord.Left.RELEASED);
        store.close();
    }

    /** It was told to be there at FSYNC, and no force had ever seen it. */
    @Test
    void whatAKilledProcessLeftUnforcedIsForcedBeforeItIsToldOf() throws IOException {
        start();
        stream.append(Samples.frames(stream.generation(), 1, 5, 1_000));
        answers.awaitStored(5);
        disk.holdForces(true);
        stream.append(Samples.frames(stream.generation(), 6, 9, 1_000));
        ForgetfulDisk left = disk.killed();
        disk.holdForces(false);
        store.abandon();
        disk = left;
        start();
        assertThat(stream.lastOrdinal()).isEqualTo(9);

        disk = disk.crashed(new Random(1), 0);
        store.abandon();
        start();

        assertThat(stream.lastOrdinal()).isEqualTo(9);
        store.close();
    }

    /** Whoever waits for a deletion used to wait for ever. */
    @Test
    void aDeletionThatTheDiskDoesNotTakeIsToldToHaveFailed() throws Exception {
        start();
        Answers owner = new Answers();
        StreamStore other = Opened.of(store, "dock", owner).stream();
        other.append(Samples.frames(other.generation(), 1, 1, 1_000));
        owner.awaitStored(1);
        AtomicBoolean deleted = new AtomicBoolean();
        disk.forceFails();

        other.delete(() -> deleted.set(true));

        assertThat(owner.awaitLost().reason()).isEqualTo("STORE_FAILED");
        assertThat(deleted).isFalse();
        store.abandon();
    }
}
