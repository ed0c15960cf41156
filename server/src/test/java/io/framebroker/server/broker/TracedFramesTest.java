package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the core tells of frames for traces: of few of those that fare well, of all that are dropped. */
class TracedFramesTest {
    private final HeardTraces traces = new HeardTraces();
    private Conversation talk = begins(Conversation.backlog(100, 1 << 20), new MemoryFrameStore());

    private Conversation begins(StreamSettings streams, FrameStore store) {
        return Conversation.thatIsTraced(streams, store, traces);
    }

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private Worker.Opening detector() {
        return talk.worker("w1").of("detectors");
    }

    @Test
    void aTracedFrameIsFollowedAndOthersAreNotLookedAt() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(traces.plain(1), traces.traced(2), traces.plain(3));
        talk.passes(Duration.ofMillis(30));
        talk.store().answerAtOnce();
        traces.hears("stored 2 after 30 ms");
        talk.passes(Duration.ofMillis(20));

        detector().joins().receives(1, 2, 3);

        traces.hears("QUEUE 2 to w1 of detectors, attempt 1, after 50 ms");
        assertThat(traces.looks()).as("frames looked into").isZero();
    }

    @Test
    void anotherAttemptIsTimedFromWhenItWasDue() {
        Camera camera = talk.camera();
        Worker worker = detector().joins();
        camera.publishes(traces.traced(1));
        traces.hears("stored 1 after 0 ms", "QUEUE 1 to w1 of detectors, attempt 1, after 0 ms");
        talk.passes(Duration.ofMillis(200));

        worker.nacks(300, 1);
        worker.call().pause();
        talk.passes(Duration.ofMillis(340));
        worker.call().resume();

        traces.hears("QUEUE 1 to w1 of detectors, attempt 2, after 40 ms");
    }

    @Test
    void whatABrokerBeforeHasStoredIsLookedAt() {
        talk = begins(Conversation.backlog(100, 1 << 20), new RememberingStore());
        talk.camera().publishes(traces.traced(1));
        detector().window(1).joins();
        talk.camera("cam", "camera-of-cam", 2).publishes(traces.plain(2));
        talk.brokerCrashes();
        traces.hears("stored 1 after 0 ms", "QUEUE 1 to w1 of detectors, attempt 1, after 0 ms");

        talk.worker("w2").of("viewers").joins().receives(1, 2);

        traces.hears("QUEUE 1 to w2 of viewers, attempt 1, after 0 ms");
    }

    /** It used to be told only of what a broker saw go while it had the stream. */
    @Test
    void whatTheStoreLostBetweenTwoBrokersIsADrop() {
        talk = begins(Conversation.backlog(100, 1 << 20), new RememberingStore());
        talk.camera().publishes(traces.plain(1), traces.plain(2), traces.plain(3));
        talk.brokerCrashes();
        talk.remembered().stream("cam").loses(2, 3);

        talk.broker().openAll();
        traces.hears("LOST STORE_LOST 2 []");

        talk.brokerCrashes();
        talk.broker().openAll();
        traces.hears();
    }

    @Test
    void theNewestFramesAreFollowedAndThoseTheyReplaceAreNoDrops() {
        Camera camera = talk.camera();
        Worker viewer = talk.worker("v1").latest(0).window(1).joins();
        camera.publishes(traces.traced(1));
        camera.publishes(traces.traced(2));
        camera.publishes(traces.traced(3));
        viewer.acks(1);

        traces.hears(
                "stored 1 after 0 ms",
                "LATEST 1 to v1 of nobody, attempt 1, after 0 ms",
                "stored 2 after 0 ms",
                "stored 3 after 0 ms",
                "LATEST 3 to v1 of nobody, attempt 1, after 0 ms");
    }

    @Test
    void aReplayIsNoPartOfAFramesLife() {
        talk.camera().publishes(traces.traced(1));
        talk.worker("r1").replay().joins().receives(1);

        traces.hears("stored 1 after 0 ms");
    }

    @Test
    void aRunThatIsTooOldIsToldAsOneWithItsTracedFrames() {
        Worker worker = detector()
                .asks(new AskedSettings(60_000L, 200L, null, null))
                .window(1)
                .joins();
        Camera camera = talk.camera();
        camera.publishes(traces.plain(1), traces.plain(2), traces.traced(3), traces.plain(4));
        traces.hears("stored 3 after 0 ms");

        talk.passes(Duration.ofMillis(250));

        worker.receives(1);
        traces.hears("SKIPPED MAX_AGE 3 from 2 in detectors [3*]");
    }

    @Test
    void aFrameThatIsGivenUpIsToldThoughNobodyTracesIt() {
        Camera camera = talk.camera();
        Worker worker = detector().attempts(1).joins();
        camera.publishes(traces.plain(1));
        camera.publishes(traces.plain(2));

        worker.givesUp("no picture", 1);
        worker.settles(new Verdict.Skip("BLURRED"), 2);

        traces.hears(
                "DEAD_LETTERED NACK_DEAD_LETTER 1 from 1 in detectors by w1/1 (no picture) [1]",
                "SKIPPED BLURRED 1 from 2 in detectors by w1/1 [2]");
    }

    @Test
    void whatIsRefusedIsToldInRunsButForTracedFrames() {
        talk = begins(Conversation.backlog(2, 1 << 20).with(OverflowPolicy.DROP_NEWEST), new MemoryFrameStore());
        Camera camera = talk.camera();
        detector().window(1).joins();
        camera.publishes(traces.plain(1), traces.plain(2));

        camera.publishes(traces.rejected(3), traces.plain(4), traces.plain(5), traces.traced(6), traces.plain(7));

        traces.hears(
                "REJECTED CRC_MISMATCH 1 (damaged) [3]",
                "DROPPED OVERFLOW 2 (overflow policy) []",
                "DROPPED OVERFLOW 1 (overflow policy) [6*]",
                "DROPPED OVERFLOW 1 (overflow policy) [7]");
    }

    @Test
    void whatThePublisherLostIsToldByCount() {
        Camera camera = talk.camera();

        camera.reports(1, "RING_FULL", 17);
        camera.reports(1, "RING_FULL", 17);

        traces.hears("REPORTED RING_FULL 17 []");
    }

    @Test
    void anAckedFrameIsNoDrop() {
        Camera camera = talk.camera();
        Worker worker = detector().joins();
        camera.publishes(traces.plain(1));

        worker.acks(1);

        traces.hears();
    }
}
