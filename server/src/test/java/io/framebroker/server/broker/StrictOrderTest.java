package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A group whose frames are taken in order, by one member at a time. */
class StrictOrderTest {
    private final Conversation talk =
            new Conversation(new BrokerSettings(true, 100, 0, StreamSettings.DEFAULT), 1 << 30);
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private Worker.Opening worker(String id) {
        return talk.worker(id).of("tracker").asks(new AskedSettings(1_000L, null, 0, GroupSettings.Order.STRICT));
    }

    @Test
    void whatIsTriedAgainHoldsBackWhatComesBehindIt() {
        Worker tracker = worker("w1").window(1).joins();
        camera.publishes(1, 2, 3);
        tracker.receives(1);

        tracker.nacks(500, 1);
        tracker.receivesNothing();
        talk.passes(Duration.ofMillis(500));
        tracker.receivesAgain(2, 1);
        tracker.acks(1);

        tracker.receives(2);
        tracker.acks(2);
        tracker.receives(3);
        tracker.acks(3);
    }

    @Test
    void whatWasInHandBesideItIsTriedAgainBehindIt() {
        Worker tracker = worker("w1").window(3).joins();
        camera.publishes(1, 2, 3, 4);
        tracker.receives(1, 2, 3);

        tracker.nacks(0, 2);
        tracker.nacks(500, 1);
        tracker.receivesNothing();
        tracker.acks(3);
        tracker.receivesNothing();
        talk.passes(Duration.ofMillis(500));

        tracker.receivesAgain(2, 1);
        tracker.acks(1);
        tracker.receivesAgain(2, 2);
        tracker.acks(2);
        tracker.receives(4);
    }

    @Test
    void aReleasedFrameWaitsForThoseBeforeItAndHoldsBackTheOthers() {
        Worker tracker = worker("w1").window(3).joins();
        camera.publishes(1, 2, 3, 4);
        tracker.receives(1, 2, 3);

        tracker.releases(2);

        tracker.receivesNothing();
        tracker.acks(1);
        tracker.receives(2, 4);
    }

    @Test
    void aFrameThatIsGivenUpLetsTheOthersGo() {
        Worker tracker = talk.worker("w1")
                .of("tracker")
                .window(1)
                .asks(new AskedSettings(1_000L, null, 2, GroupSettings.Order.STRICT))
                .joins();
        camera.publishes(1, 2);
        tracker.receives(1);
        tracker.nacks(0, 1);
        tracker.receivesAgain(2, 1);
        tracker.nacks(0, 1);

        tracker.receives(2);
        assertThat(talk.ledger("tracker").deadLettered()).isEqualTo(1);
    }

    @Test
    void oneMemberHasTheStreamUntilItLeaves() {
        Worker first = worker("w1").window(2).joins();
        camera.publishes(1, 2, 3, 4);
        Worker second = worker("w2").window(2).joins();
        first.receives(1, 2);

        first.acks(1);
        second.receivesNothing();
        first.leaves();

        second.receives(2, 3);
        second.acks(2);
        second.receives(4);
    }

    @Test
    void aMemberThatDiedIsWaitedForAndThenReplaced() {
        Conversation patient = new Conversation(new BrokerSettings(true, 100, 5_000, StreamSettings.DEFAULT), 1 << 30);
        Camera gate = patient.camera();
        Worker.Opening opening = patient.worker("w1")
                .of("tracker")
                .window(1)
                .asks(new AskedSettings(null, null, 0, GroupSettings.Order.STRICT));
        Worker first = opening.joins();
        gate.publishes(1, 2);
        first.receives(1);
        first.losesItsConnection();
        Worker second = patient.worker("w2").of("tracker").window(1).joins();
        second.receivesNothing();

        patient.passes(Duration.ofSeconds(5));

        second.receivesAgain(2, 1);
        second.acks(1);
        second.receives(2);
        patient.comesOutEven();
    }

    /** Whoever it is: it is the same one for a stream each time, and all have some. */
    @Test
    void streamsSpreadOverTheMembers() {
        List<String> streams = streams();
        Worker first = worker("w1").takes(streams.toArray(String[]::new)).joins();
        Worker second = worker("w2").takes(streams.toArray(String[]::new)).joins();
        for (String stream : streams) {
            Camera one = talk.camera(stream);
            one.publishes(1);
            one.publishes(2);
        }

        int firsts = first.takesStock();
        assertThat(firsts + second.takesStock()).isEqualTo(80);
        assertThat(firsts % 2).as("no stream goes to both").isZero();
        assertThat(firsts).isBetween(16, 64);
    }

    @Test
    void aStreamMovesToANewMemberWhenAllIsDone() {
        List<String> streams = streams();
        Worker first = worker("w1").takes(streams.toArray(String[]::new)).joins();
        List<Camera> cameras = streams.stream().map(talk::camera).toList();
        cameras.forEach(each -> each.publishes(1));
        assertThat(first.takesStock()).isEqualTo(40);
        Worker second = worker("w2").takes(streams.toArray(String[]::new)).joins();
        cameras.forEach(each -> each.publishes(2));
        assertThat(second.takesStock()).isZero();
        int stayed = first.takesStock();

        IntStream.range(0, 40).forEach(i -> first.acksNext());

        int moved = second.takesStock();
        assertThat(moved).isBetween(8, 32);
        assertThat(stayed + moved).isEqualTo(40);
    }

    private static List<String> streams() {
        return IntStream.range(0, 40).mapToObj(i -> "cam-" + i).toList();
    }

    // ---- video

    private final Worker.Opening[] detectors = {
        talk.worker("d1").of("detectors"), talk.worker("d2").of("detectors")
    };

    @Test
    void videoGoesToAnotherMemberAtAKeyframe() {
        Worker first = detectors[0].window(100).joins();
        Worker second = detectors[1].window(100).joins();
        int frames = 0;
        for (int group = 0; group < 4; group++) {
            camera.publishes(++frames);
            camera.publishes(Frames.delta(++frames));
            camera.publishes(Frames.delta(++frames));
        }

        first.receives(1, 2, 3, 7, 8, 9);
        second.receives(4, 5, 6, 10, 11, 12);
    }

    @Test
    void videoWaitsForAMemberThatIsBusyAndHoldsNobodysOtherStreams() {
        Worker first = detectors[0].window(1).joins();
        Worker second = detectors[1].takes("cam", "dock").window(100).joins();
        camera.publishes(1);
        first.receives(1);
        camera.publishes(Frames.delta(2));
        second.receivesNothing();
        Camera dock = talk.camera("dock");

        for (int sequence = 1; sequence <= 50; sequence++) {
            dock.publishesLarge(sequence, 100_000);
        }

        assertThat(second.takesStock()).isEqualTo(50);
        first.acks(1);
        first.receives(2);
    }

    @Test
    void whatAMemberLeavesBehindGoesToTheOthers() {
        Worker first = detectors[0].window(1).joins();
        Worker second = detectors[1].window(100).joins();
        camera.publishes(1);
        first.receives(1);
        camera.publishes(Frames.delta(2));
        camera.publishes(3);

        first.leaves();

        second.receives(1, 2, 3);
    }
}
