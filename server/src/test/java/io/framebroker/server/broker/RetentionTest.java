package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** How long settled frames stay. */
class RetentionTest {
    private static Conversation keeping(int frames, long bytes, long millis) {
        return new Conversation(Conversation.retention(frames, bytes, millis));
    }

    @Test
    void soManySettledFramesAreKept() {
        Conversation talk = keeping(5, 1 << 20, 0);
        Camera camera = talk.camera();

        camera.publishes(LongStream.rangeClosed(1, 20).toArray());

        assertThat(talk.stream().firstOrdinal()).isEqualTo(16);
        talk.comesOutEven();
    }

    @Test
    void soManyBytesAreKept() {
        Conversation talk = keeping(100, 1_000, 0);
        Camera camera = talk.camera();

        for (int i = 1; i <= 10; i++) {
            camera.publishesLarge(i, 300);
        }

        assertThat(talk.stream().frames()).isEqualTo(3);
        assertThat(talk.stream().bytes()).isEqualTo(900);
        talk.comesOutEven();
    }

    @Test
    void olderFramesGoWithTime() {
        Conversation talk = keeping(100, 1 << 20, 1_000);
        Camera camera = talk.camera();
        camera.publishes(1, 2);
        talk.passes(Duration.ofMillis(800));
        camera.publishes(3, 4);

        talk.passes(Duration.ofMillis(500));
        assertThat(talk.stream().firstOrdinal()).isEqualTo(3);
        talk.passes(Duration.ofSeconds(60));

        assertThat(talk.stream().firstOrdinal()).isEqualTo(4);
        talk.comesOutEven();
    }

    @Test
    void theNewestFrameStaysWhateverTheSettingsSay() {
        Conversation talk = keeping(0, 0, 1);
        Camera camera = talk.camera();
        camera.publishes(1);
        camera.publishesLarge(2, 10_000);

        talk.passes(Duration.ofHours(2));

        assertThat(talk.stream().frames()).isEqualTo(1);
        assertThat(talk.broker().latestFrame("cam")).isPresent();
        talk.comesOutEven();
    }

    @Test
    void unsettledFramesOfADurableGroupStayWhateverTheSettingsSay() {
        Conversation talk = keeping(0, 0, 1);
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").window(2).joins();
        camera.publishes(1, 2, 3, 4);
        talk.passes(Duration.ofSeconds(10));
        assertThat(talk.stream().firstOrdinal()).isEqualTo(1);

        detector.acks(2);
        assertThat(talk.stream().firstOrdinal()).isEqualTo(1);
        detector.acks(1);

        assertThat(talk.stream().firstOrdinal()).isEqualTo(3);
        talk.comesOutEven();
    }

    @Test
    void theHistoryOfSettledFramesIsCountedFromTheOldestUnsettledOne() {
        Conversation talk = keeping(2, 1 << 20, 0);
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3, 4, 5, 6);

        detector.acks(1, 2, 3, 4);

        assertThat(talk.stream().firstOrdinal()).isEqualTo(3);
        talk.comesOutEven();
    }

    @Test
    void smallerSettingsLetFramesGoAtOnce() {
        Conversation talk = keeping(100, 1 << 20, 0);
        Camera camera = talk.camera();
        camera.publishes(LongStream.rangeClosed(1, 20).toArray());

        talk.broker().updateStream("cam", Conversation.retention(3, 1 << 20, 0));

        assertThat(talk.stream().frames()).isEqualTo(3);
        talk.comesOutEven();
    }

    @Test
    void anAgeThatIsSetLaterIsKeptToo() {
        Conversation talk = keeping(100, 1 << 20, 0);
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        talk.passes(Duration.ofSeconds(1));

        talk.broker().updateStream("cam", Conversation.retention(100, 1 << 20, 2_000));
        talk.passes(Duration.ofSeconds(2));

        assertThat(talk.stream().frames()).isEqualTo(1);
    }
}
