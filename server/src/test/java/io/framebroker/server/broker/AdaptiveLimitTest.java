package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A backlog limit that nobody has pinned. */
class AdaptiveLimitTest {
    private static final StreamSettings ADAPTIVE =
            new StreamSettings(StreamSettings.ADAPTIVE, 256L << 20, 0, 1 << 20, 0);

    private Conversation talk = new Conversation(ADAPTIVE);
    private Camera camera = talk.camera();
    private long sequence;

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private Worker detector() {
        return talk.worker("w1").of("detectors").window(1).joins();
    }

    /** The camera publishes so many frames for each one that the detector works off, as long as it may. */
    private void bursts(Worker detector, int frames, int each) {
        for (int i = 0; i < frames && camera.isAsked(); i++) {
            camera.publishes(++sequence);
            if (i % each == each - 1) {
                worksOff(detector, 1);
            }
        }
    }

    private void worksOff(Worker detector, int most) {
        for (int i = 0; i < most; i++) {
            for (long ordinal : detector.takesOrdinals()) {
                detector.acks(ordinal);
            }
        }
    }

    private int limit() {
        return talk.stream().maxBacklogFrames();
    }

    @Test
    void aBurstThatIsWorkedOffRaisesItToThousandsAndCalmLowersItAgain() {
        Worker detector = detector();
        assertThat(limit()).isEqualTo(100);

        bursts(detector, 12_000, 10);
        assertThat(limit()).isEqualTo(10_000);
        camera.hasToWait();
        assertThat(talk.stream().backlogFrames()).isBetween(9_900L, 10_000L);

        worksOff(detector, 11_000);
        assertThat(talk.stream().backlogFrames()).isZero();
        talk.passes(Duration.ofSeconds(4));
        assertThat(limit()).isEqualTo(10_000);
        talk.passes(Duration.ofSeconds(60));
        assertThat(limit()).isEqualTo(100);
    }

    @Test
    void aConsumerThatIsStuckGetsNoMoreThanOnce() {
        Worker stuck = detector();

        bursts(stuck, 1_000, 1_001);

        camera.hasToWait();
        assertThat(limit()).isEqualTo(200);
        assertThat(talk.stream().waitReason()).contains("detectors: 200 of 200 backlog frames");
    }

    @Test
    void whatAGroupHasToDoWithoutItsConsumersIsKeptForThem() {
        Worker gone = detector();
        gone.leaves();

        bursts(gone, 3_000, 3_001);

        assertThat(sequence).isEqualTo(3_000);
        assertThat(limit()).isGreaterThan(3_000);
        Worker back = detector();
        worksOff(back, 3_000);
        assertThat(talk.stream().backlogFrames()).isZero();
    }

    @Test
    void aPausedGroupIsKeptFramesToo() {
        Worker paused = detector();
        talk.broker().pauseGroup("cam", "detectors", true, new Changed());

        bursts(paused, 1_000, 1_001);

        assertThat(limit()).isGreaterThan(1_000);
        talk.broker().pauseGroup("cam", "detectors", false, new Changed());
        worksOff(paused, 1_000);
    }

    @Test
    void anAbsentGroupIsKeptNoMoreThanFitsTheLimitInBytes() {
        talk = new Conversation(new StreamSettings(StreamSettings.ADAPTIVE, 200_000, 0, 1 << 20, 0));
        camera = talk.camera();
        detector().leaves();

        bursts(null, 3_000, 3_001);

        camera.hasToWait();
        assertThat(limit()).isBetween(200, 2_000);
        assertThat(talk.stream().backlogBytes()).isLessThanOrEqualTo(200_000);
    }

    /** A consumer that settles once it has 500 frames waited for ever, and so did the publisher. */
    @Test
    void aConsumerGetsAsMuchAsItsWindowTakes() {
        Worker batches = talk.worker("w1").of("detectors").window(500).joins();

        bursts(batches, 500, 501);

        assertThat(batches.takesStock()).isEqualTo(500);
        batches.settlesRun("cam", batches.token(1), 500, Verdict.ACK);
        camera.mayGoOn();
    }

    @Test
    void aStoreThatIsSlowAndGoesOnGetsMore() {
        talk.store().defer();
        camera.publishes(1);

        for (long next = 2; next <= 1_000; next++) {
            camera.publishes(next);
            if (next % 5 == 0) {
                talk.store().stream("cam").releaseStored(1);
            }
        }

        assertThat(limit()).isGreaterThan(800);
        talk.store().releaseAll();
    }

    @Test
    void itStaysWithinTheLimitInBytes() {
        talk = new Conversation(new StreamSettings(StreamSettings.ADAPTIVE, 100_000, 0, 1 << 20, 0));
        camera = talk.camera();

        bursts(detector(), 2_000, 2);

        // A frame is 100 bytes, and costs 256 beside that.
        assertThat(limit()).isEqualTo(200);
    }

    @Test
    void itStaysWithinTheMemoryOfTheBroker() {
        talk = new Conversation(ADAPTIVE, 500_000);
        camera = talk.camera();

        bursts(detector(), 20_000, 10);

        camera.hasToWait();
        assertThat(limit()).isBetween(800, 1_600);
        assertThat(talk.memory().keptBytes()).isLessThan(501_000);
    }

    @Test
    void aLimitThatIsPinnedStays() {
        Worker detector = detector();
        talk.broker().updateStream("cam", new StreamSettings(50, 256L << 20, 0, 1 << 20, 0));

        bursts(detector, 1_000, 10);
        assertThat(limit()).isEqualTo(50);
        talk.broker().updateStream("cam", ADAPTIVE);

        assertThat(limit()).isEqualTo(100);
        bursts(detector, 1_000, 10);
        assertThat(limit()).isGreaterThan(100);
    }

    /** Frames that waited when the broker went are not too many when it is there again. */
    @Test
    void aBrokerThatStartsAgainGoesOnWithWhatThereIs() {
        StreamSettings settings = ADAPTIVE.with(OverflowPolicy.DROP_OLDEST);
        talk = Conversation.thatIsRemembered(new BrokerSettings(true, 100, 5_000, settings), 1L << 40);
        camera = talk.camera();
        bursts(detector(), 3_000, 10);
        long backlog = talk.stream().backlogFrames();
        assertThat(backlog).isGreaterThan(2_000);

        talk.brokerCrashes();
        camera = talk.camera();

        assertThat(talk.stream().backlogFrames()).isEqualTo(backlog);
        assertThat(limit()).isBetween((int) backlog, 10_000);
        camera.publishes(++sequence);
        assertThat(talk.ledger("detectors").skipped()).isEmpty();
    }

    /** Each skip went for progress, and the limit to 10 000. */
    @Test
    void skippedFramesAreNoProgress() {
        talk = new Conversation(ADAPTIVE.with(OverflowPolicy.DROP_OLDEST));
        camera = talk.camera();
        Worker gone = detector();
        gone.leaves();

        bursts(gone, 1_000, 1_001);

        camera.mayGoOn();
        assertThat(talk.ledger("detectors").skipped()).containsEntry("OVERFLOW", 900L);
        assertThat(limit()).isEqualTo(100);
    }

    @Test
    void framesThatGrewTooOldAreNoProgress() {
        Worker stuck = talk.worker("w1")
                .of("detectors")
                .asks(new AskedSettings(null, 1_000L, null, null))
                .joins();
        stuck.call().pause();

        for (int i = 0; i < 5; i++) {
            bursts(stuck, 90, 91);
            talk.passes(Duration.ofMillis(1_100));
        }

        assertThat(talk.ledger("detectors").skipped()).containsEntry("MAX_AGE", 450L);
        assertThat(limit()).isEqualTo(100);
    }

    /** They were skipped by the limit of before: 92 of these, while the consumer took the rest as they came. */
    @Test
    void framesOfALargeMessageAreNotSkippedWhereThereMayBeRoom() {
        talk = new Conversation(ADAPTIVE.with(OverflowPolicy.DROP_OLDEST));
        camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").window(64).joins();

        camera.publishesTogether(LongStream.rangeClosed(1, 256).toArray());

        assertThat(detector.takesStock()).isEqualTo(64);
        assertThat(detector.missed()).isZero();
        assertThat(limit()).isEqualTo(800);
    }

    @Test
    void framesAreLetGoOnlyAtWhatTheLimitHasComeTo() {
        talk = new Conversation(ADAPTIVE.with(OverflowPolicy.THIN));
        camera = talk.camera();

        bursts(detector(), 5_000, 10);

        assertThat(talk.ledger().dropped()).isEmpty();
        assertThat(limit()).isEqualTo(10_000);
    }
}
