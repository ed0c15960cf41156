package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamRecord.Pending;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Letters;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Copies of dead letters that are not there any more, and room that comes back. */
@Timeout(300)
class LetterLogTest {
    private ForgetfulDisk disk = new ForgetfulDisk();
    private DiskFrameStore store;
    private Answers answers;
    private StreamStore stream;
    private StreamRecord record;
    private List<Frame> frames;

    private void start() throws IOException {
        store = new DiskFrameStore(disk, CrashTest.settings(AckLevel.STORED));
        answers = new Answers();
        Opened opened = Opened.of(store, "cam", answers);
        stream = opened.stream();
        record = opened.record();
    }

    @BeforeEach
    void threeLetters() throws IOException {
        start();
        frames = Samples.frames(stream.generation(), 1, 4, 30_000);
        stream.append(frames);
        answers.awaitStored(4);
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        stream.delivered("detectors", 1, 4, 1);
        for (int i = 0; i < 3; i++) {
            Letters.bury(stream, "detectors", frames.get(i), 3);
        }
        answers.awaitSettled("detectors", 3);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void isKilledAndLosesTheCopyOf(long ordinal) throws IOException {
        store.abandon();
        disk = disk.killed();
        byte[] error = ("cannot decode \u00fc " + ordinal).getBytes(StandardCharsets.UTF_8);
        boolean harmed = false;
        for (int segment : disk.segments()) {
            byte[] bytes = disk.bytes(segment);
            for (int at = 0; at + error.length <= ForgetfulDisk.SEGMENT; at++) {
                if (Arrays.equals(bytes, at, at + error.length, error, 0, error.length)) {
                    bytes[at] ^= 1;
                    harmed = true;
                }
            }
        }
        assertThat(harmed).isTrue();
        start();
    }

    @Test
    void aCopyThatIsDamagedIsLostByName() throws Exception {
        stream.trim(3);

        isKilledAndLosesTheCopyOf(2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 1, 0, 2, Map.of("STORE_LOST", 1L)));
        assertThat(stream.deadLetters("detectors"))
                .extracting(letter -> letter.id().ordinal())
                .containsExactlyInAnyOrder(1L, 3L);
        assertThat(store.intrusions()).isPositive();
        Samples.assertSame(Letters.read(stream, "detectors", 1L, 2L, 3L), List.of(frames.get(0), frames.get(2)));
        store.abandon();
        disk = disk.killed();
        start();
        assertThat(store.intrusions()).as("of what is known already").isZero();
        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 1, 0, 2, Map.of("STORE_LOST", 1L)));
    }

    @Test
    void aFrameWhoseCopyIsLostIsPendingAgainWhileItIsThere() throws Exception {
        isKilledAndLosesTheCopyOf(2);

        assertThat(stream.group("detectors")).isEqualTo(new GroupRecord(0, 4, 2, 0, 2, Map.of()));
        assertThat(record.groups().get(0).pending()).containsExactly(new Pending(2, 1, 1), new Pending(4, 1, 1));
        Letters.bury(stream, "detectors", frames.get(1), 3);
        answers.awaitSettled("detectors", 1);
        Samples.assertSame(Letters.read(stream, "detectors", 2L), List.of(frames.get(1)));
    }

    @Test
    void roomComesBackWhenLettersGo() {
        long last = 4;
        long written = 0;
        while (written < 4 * store.space().mostBytes()) {
            Frame frame = Samples.frame(stream.generation(), ++last, 100_000, Samples.PUBLISHER);
            stream.append(List.of(frame));
            answers.awaitStored(last);
            stream.delivered("detectors", last, last, 1);
            Eventually.await("there is room", () -> stream.hasRoomFor("detectors", frame, Letters.of(frame, 1)));
            Letters.bury(stream, "detectors", frame, 1);
            stream.purge("detectors", List.of(last), "OLD");
            stream.trim(last);
            written += 100_000;
        }

        assertThat(stream.deadLetters("detectors")).hasSize(3);
        assertThat(stream.trouble()).isNull();
    }
}
