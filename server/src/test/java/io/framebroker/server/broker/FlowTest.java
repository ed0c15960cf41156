package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told of how frames get through, and of what holds them up. */
class FlowTest {
    /** What a frame of 100 bytes costs. */
    private static final int FRAME = 100 + Backlog.FRAME_OVERHEAD_BYTES;

    private Conversation talk = new Conversation(Conversation.backlog(3, 10_000));

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private StreamFlow flow() {
        return talk.broker().flow("cam");
    }

    private StreamFlow.OfGroup detectors() {
        return flow().groups().get("detectors");
    }

    private DurationCounts settles() {
        return talk.broker().times("cam").settles().get("detectors");
    }

    private static long count(DurationCounts durations) {
        return Arrays.stream(durations.counts()).sum();
    }

    // ---- how long consumers take

    @Test
    void aSettlementTakesAsLongAsTheConsumerHadTheFrame() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();

        camera.publishes(1, 2);
        talk.passes(Duration.ofMillis(30));
        detector.acks(1);
        talk.passes(Duration.ofMillis(70));
        detector.skips(2);

        assertThat(settles().sumMicros()).isEqualTo(130_000);
        assertThat(count(settles())).isEqualTo(2);
        assertThat(settles().counts()[Arrays.binarySearch(settles().boundsMicros(), 50_000)])
                .isEqualTo(1);
    }

    @Test
    void eachAttemptIsMeasuredFromItsOwnDelivery() {
        talk = new Conversation();
        Camera camera = talk.camera();
        Worker detector =
                talk.worker("w1").of("detectors").attempts(2).lease(60_000).joins();

        camera.publishes(1);
        talk.passes(Duration.ofMillis(40));
        detector.nacks(5_000, 1);
        talk.passes(Duration.ofMillis(5_000));
        detector.takesOrdinalsOfAllAttempts();
        talk.passes(Duration.ofMillis(10));
        detector.nacks(0, 1);

        assertThat(settles().sumMicros()).isEqualTo(50_000);
        assertThat(count(settles())).isEqualTo(2);
    }

    @Test
    void aLateAckCounts() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();

        camera.publishes(1);
        talk.passes(Duration.ofMillis(1_050));
        detector.acks(1);

        assertThat(settles().sumMicros()).isEqualTo(1_050_000);
    }

    @Test
    void whatNobodySettlesIsNotMeasured() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.worker("w2").of("counters").autoAck().joins();

        camera.publishes(1);
        talk.passes(Duration.ofMillis(30));
        detector.leaves();

        assertThat(count(settles())).isZero();
        assertThat(count(talk.broker().times("cam").settles().get("counters"))).isZero();
    }

    // ---- windows

    @Test
    void aConsumerIsBlockedWhileItsWindowIsFullAndAFrameWaits() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").window(2).joins();
        talk.worker("w2").of("counters").joins();

        camera.publishes(1, 2);
        assertThat(detectors().blockedConsumers()).isZero();
        camera.publishes(3);

        assertThat(detectors()).isEqualTo(new StreamFlow.OfGroup(2, 200, 2, Window.DEFAULT_BYTES, 1));
        assertThat(flow().groups().get("counters").blockedConsumers()).isZero();
        talk.broker().pauseGroup("cam", "detectors", true, new Changed());
        assertThat(detectors().blockedConsumers()).isZero();
        talk.broker().pauseGroup("cam", "detectors", false, new Changed());
        detector.acks(1);

        assertThat(detectors()).isEqualTo(new StreamFlow.OfGroup(2, 200, 2, Window.DEFAULT_BYTES, 0));
    }

    @Test
    void aWindowIsFullForAFrameThatIsTooLargeForIt() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").window(10, 1_000).joins();

        camera.publishesLarge(1, 900);
        assertThat(detectors().blockedConsumers()).isZero();
        camera.publishesLarge(2, 200);

        assertThat(detectors()).isEqualTo(new StreamFlow.OfGroup(1, 900, 10, 1_000, 1));
    }

    @Test
    void whatIsInHandIsInFlightUntilItsLeaseEnds() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1, 2);
        detector.losesItsConnection();

        assertThat(detectors()).isEqualTo(new StreamFlow.OfGroup(2, 200, 0, 0, 0));
        talk.passes(Duration.ofSeconds(6));

        assertThat(detectors()).isEqualTo(new StreamFlow.OfGroup(0, 0, 0, 0, 0));
    }

    @Test
    void aDeadLetterThatIsTriedAgainIsInFlight() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.passes(Duration.ofMillis(20));
        detector.givesUp("no picture", 1);
        assertThat(settles().sumMicros()).isEqualTo(20_000);
        assertThat(detectors().inFlightFrames()).isZero();

        talk.broker().replayDeadLetters("cam", new DeadLetterFilter("", "", 0, Long.MAX_VALUE), 10, false);

        assertThat(detectors().inFlightFrames()).isEqualTo(1);
        assertThat(detectors().inFlightBytes()).isEqualTo(100);
        assertThat(flow().fromMemory()).isEqualTo(1);
    }

    // ---- publishers that wait

    @Test
    void waitsOfThePublisherAreCountedWithTheirReasonAndTime() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();

        camera.publishes(1, 2, 3);
        talk.passes(Duration.ofSeconds(2));
        assertThat(flow().waits()).containsEntry(WaitReason.GROUP, 1L).containsEntry(WaitReason.STORE, 0L);
        assertThat(flow().waitedNanos()).isEqualTo(2_000_000_000L);
        detector.acks(1, 2, 3);
        talk.passes(Duration.ofSeconds(5));
        camera.publishes(4, 5, 6);
        talk.passes(Duration.ofSeconds(1));
        camera.losesItsConnection();
        talk.passes(Duration.ofSeconds(1));

        assertThat(flow().waits())
                .containsEntry(WaitReason.GROUP, 2L)
                .containsEntry(WaitReason.STORE, 0L)
                .containsEntry(WaitReason.MEMORY, 0L);
        assertThat(flow().waitedNanos()).isEqualTo(3_000_000_000L);
    }

    @Test
    void aStoreThatDoesNotConfirmIsTheReason() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        talk.store().defer();

        camera.publishes(1, 2, 3);

        assertThat(flow().waits()).containsEntry(WaitReason.STORE, 1L).containsEntry(WaitReason.GROUP, 0L);
        talk.store().answerAtOnce();
    }

    /** A group could settle nothing then, even if it wanted to. */
    @Test
    void aStoreInTroubleIsTheReason() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        talk.store().stream("cam").isInTrouble("the disk is full");

        camera.publishes(1, 2, 3);

        assertThat(flow().waits()).containsEntry(WaitReason.STORE, 1L).containsEntry(WaitReason.GROUP, 0L);
    }

    @Test
    void memoryThatIsUsedUpIsTheReason() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30), 20_000);
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").joins();
        talk.camera("dock").publishesLarge(1, 18_000);

        camera.publishesLarge(1, 15_000);

        assertThat(flow().waits()).containsEntry(WaitReason.MEMORY, 1L).containsEntry(WaitReason.GROUP, 0L);
    }

    // ---- where frames come from

    @Test
    void deliveriesFromMemoryAreToldFromThoseThatWereReadBack() {
        talk = Conversation.thatIsRemembered(BrokerSettings.DEFAULT, 10 * FRAME);
        Camera camera = talk.camera();
        talk.remembered().stream("cam").canCool();
        talk.worker("w1").of("detectors").joins().leaves();
        camera.publishes(LongStream.rangeClosed(1, 20).toArray());
        long inMemory = talk.memory().keptBytes() / FRAME;

        Worker detector = talk.worker("w1").of("detectors").joins();
        while (talk.remembered().stream("cam").isReadingBack()) {
            talk.remembered().stream("cam").readsBack();
        }

        detector.receives(LongStream.rangeClosed(1, 20).toArray());
        assertThat(flow().fromMemory()).isEqualTo(inMemory);
        assertThat(flow().fromStore()).isEqualTo(20 - inMemory);
    }

    @Test
    void theNewestFramesOfACallCountToo() {
        Camera camera = talk.camera();
        talk.worker("w1").latest(0).joins();

        camera.publishes(1, 2);

        assertThat(flow().fromMemory()).isEqualTo(2);
        assertThat(flow().groups()).isEmpty();
    }
}
