package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Groups of one call alone: they see what there is and hold nothing. */
class EphemeralGroupTest {
    private final Conversation talk = new Conversation(new StreamSettings(100, 1 << 20, 10, 1 << 20, 0));
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void aForgottenViewerHoldsNoCamera() {
        Worker viewer = talk.worker("viewer").window(3).joins();

        camera.publishes(LongStream.rangeClosed(1, 500).toArray());

        camera.mayGoOn();
        assertThat(talk.stream().frames()).isEqualTo(10);
        assertThat(talk.stream().backlogFrames()).isZero();
        assertThat(viewer.takesStock()).isLessThan(500);
    }

    @Test
    void aViewerIsToldWhatItWillNotGet() {
        Worker viewer = talk.worker("viewer").window(3).joins();
        camera.publishesTogether(LongStream.rangeClosed(1, 15).toArray());
        viewer.receives(1, 2, 3, 6, 7, 8);

        viewer.hears("gap of 2 RETENTION: 1-4 through 1-5");
    }

    @Test
    void whatIsLetGoBeforeItWasSettledIsSkippedByName() {
        Worker viewer = talk.worker("viewer").window(3).joins();
        camera.publishes(LongStream.rangeClosed(1, 12).toArray());

        Ledger.OfGroup ledger = talk.broker().ledger("cam").groups().get(0);

        assertThat(ledger.skipped()).containsEntry("RETENTION", 2L);
        viewer.acks(1);
        viewer.hears("1-1/1 ALREADY_SETTLED");
    }

    /** The room used to stay unused until the next frame came. */
    @Test
    void roomThatComesBackWithWhatIsLetGoIsUsedAtOnce() {
        Worker viewer = talk.worker("viewer").window(3).joins();
        camera.publishes(LongStream.rangeClosed(1, 13).toArray());
        viewer.receives(1, 2, 3, 4, 5, 6);

        viewer.hasOutstanding(3);
    }

    /** The memory of these frames used to be given back twice, and each frame took a few calls more of the stack. */
    @Test
    void manyFramesLetGoAtOnceAreCountedOnce() {
        Conversation large = new Conversation(new StreamSettings(100_000, 1L << 30, 100_000, 1L << 30, 0));
        Camera busy = large.camera();
        Worker viewer = large.worker("viewer").window(50_000).joins();
        busy.publishes(LongStream.rangeClosed(1, 50_000).toArray());
        assertThat(viewer.takesStock()).isEqualTo(50_000);

        large.broker().updateStream("cam", new StreamSettings(100_000, 1L << 30, 10, 1L << 30, 0));

        viewer.hasOutstanding(10);
        assertThat(large.stream().frames()).isEqualTo(10);
        large.comesOutEven();
    }

    @Test
    void aGroupGoesWithItsCall() {
        Worker viewer = talk.worker("viewer").joins();
        camera.publishes(1, 2);
        talk.passes(Duration.ofMillis(100));
        camera.seesDemand("1/0");

        viewer.leaves();

        talk.passes(Duration.ofMillis(100));
        camera.seesDemand("0/0");
        assertThat(talk.broker().ledger("cam").groups()).isEmpty();
    }

    /** The heartbeat of a call that had just ended used to fail in the store. */
    @Test
    void aCallThatHasEndedMayStillBeAsked() {
        Worker viewer = talk.worker("viewer").lease(1_000).joins();
        camera.publishes(1);
        talk.passes(Duration.ofMillis(1_100));

        viewer.leaves();

        assertThat(viewer.call().lags()).containsExactly(new ConsumerLag("cam", 0, 0, 0));
        viewer.acks(1);
        viewer.call().extend("cam", viewer.token(1), 1);
        viewer.call().pump();
        viewer.receives(1);
    }

    /** It used to wait for the next event, though what did not fit was gone. */
    @Test
    void whatComesBehindAFrameThatWasLetGoIsDeliveredAtOnce() {
        Conversation brief = new Conversation(new StreamSettings(100, 1 << 20, 2, 1 << 20, 0));
        Camera cam = brief.camera();
        Camera dock = brief.camera("dock");
        Worker viewer =
                brief.worker("viewer").takes("cam", "dock").window(10, 1_000).joins();
        dock.publishesLarge(1, 600);
        viewer.receivesOn("dock", 1);

        cam.publishes(Frames.of(1, 900), Frames.of(2, 100), Frames.of(3, 100), Frames.of(4, 100));

        viewer.receives(3, 4);
        brief.comesOutEven();
    }

    /** It used to wait for the next event, though the retry that it waited behind was gone. */
    @Test
    void whatComesBehindARetryThatWasLetGoIsDeliveredAtOnce() {
        Conversation brief = new Conversation(new StreamSettings(100, 1 << 20, 2, 1 << 20, 0));
        Camera cam = brief.camera();
        Worker viewer = brief.worker("viewer").window(10, 250).joins();
        cam.publishes(1, 2);
        viewer.receives(1, 2);
        viewer.nacks(1_000, 1);
        viewer.call().resize(10, 150);
        brief.passes(Duration.ofSeconds(1));

        cam.publishesLarge(3, 20);

        viewer.receives(3);
        brief.comesOutEven();
    }
}
