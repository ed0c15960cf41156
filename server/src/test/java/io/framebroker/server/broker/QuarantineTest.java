package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A frame whose consumer went without a word may be why it went: it goes alone, so that it takes nothing along again. */
class QuarantineTest {
    private final Conversation talk =
            new Conversation(new BrokerSettings(true, 10, 0, StreamSettings.DEFAULT), 1 << 30);
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private Worker.Opening worker(String id) {
        return talk.worker(id).of("detectors").lease(10_000);
    }

    /** A consumer dies, and leaves the stream's first so many frames behind. */
    private void diesHolding(int frames) {
        Worker victim = worker("victim").window(frames).joins();
        for (int sequence = 1; sequence <= frames; sequence++) {
            camera.publishes(sequence);
        }
        assertThat(victim.takesStock()).isEqualTo(frames);
        victim.losesItsConnection();
    }

    @Test
    void aFrameThatKillsItsConsumerTakesNothingAlong() {
        diesHolding(3);
        Worker second = worker("w2").joins();
        second.receivesAgain(2, 1);
        second.acks(1);
        second.receivesAgain(2, 2);
        camera.publishes(4, 5);
        second.receivesNothing();

        talk.passes(Duration.ofMillis(1));
        // It is the second one that kills.
        second.losesItsConnection();
        Worker third = worker("w3").joins();

        third.receivesAgain(2, 3);
        third.acks(3);
        third.receivesAgain(3, 2);
        third.losesItsConnection();
        assertThat(talk.ledger("detectors").deadLettered()).isEqualTo(1);
        worker("w4").joins().receives(4, 5);
    }

    @Test
    void aFrameWhoseLeaseEndedComesAlone() {
        Worker detector = worker("w1").window(2).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1, 2);

        talk.passes(Duration.ofSeconds(11));

        detector.hasOutstanding(1);
        assertThat(detector.takesStock()).isEqualTo(1);
    }

    @Test
    void aNackedFrameComesInCompany() {
        Worker detector = worker("w1").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);

        detector.nacks(0, 1);

        detector.receivesAgain(2, 1);
        detector.hasOutstanding(2);
    }

    @Test
    void aSuspectThatIsNackedIsNoneAnyMore() {
        diesHolding(1);
        Worker detector = worker("w1").joins();
        detector.receivesAgain(2, 1);
        camera.publishes(2);

        detector.releases(1);

        detector.receivesInAll("cam 1, attempt 2", "cam 2");
    }

    @Test
    void aConsumerThatIsBusyRunsDryForIt() {
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker detector = worker("w1").window(2).joins();
        camera.publishes(2, 3, 4);
        detector.receives(2, 3);

        victim.losesItsConnection();
        detector.acks(2);
        detector.receivesNothing();
        detector.acks(3);
        detector.receivesAgain(2, 1);
        detector.acks(1);

        detector.receives(4);
    }

    @Test
    void theOthersGoOnMeanwhile() {
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker one = worker("w1").window(1).joins();
        Worker other = worker("w2").window(1).joins();
        camera.publishes(2, 3, 4, 5);
        one.receives(2);
        other.receives(3);

        victim.losesItsConnection();
        // One runs dry, whoever that is; the first that has nothing gets it.
        one.acks(2);
        one.receivesAgain(2, 1);
        other.acks(3);

        other.receives(4);
        other.acks(4);
        other.receives(5);
    }

    @Test
    void whoeverRunsDryIsOneOnly() {
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker one = worker("w1").window(2).joins();
        camera.publishes(2, 3);
        one.receives(2, 3);
        Worker other = worker("w2").window(2).joins();
        camera.publishes(4, 5);
        other.receives(4, 5);

        victim.losesItsConnection();
        camera.publishes(6, 7, 8);
        one.acks(2);
        other.acks(4);

        assertThat(one.takesStock() + other.takesStock()).isEqualTo(1);
    }

    @Test
    void severalConsumersHaveOneEach() {
        diesHolding(4);

        Worker one = worker("w1").joins();
        Worker other = worker("w2").joins();

        one.receivesAgain(2, 1);
        other.receivesAgain(2, 2);
        other.acks(2);
        other.receivesAgain(2, 3);
    }

    @Test
    void whoeverRanDryForNothingGoesOn() {
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker busy = worker("w1").window(2).joins();
        camera.publishes(2, 3, 4);
        busy.receives(2, 3);
        victim.losesItsConnection();
        busy.acks(2);
        busy.receivesNothing();

        worker("w2").joins().receivesAgain(2, 1);
        busy.isReady(true);

        busy.receives(4);
    }

    @Test
    void whoeverRunsDryAndPausesLeavesItToOthers() {
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker one = worker("w1").window(1).joins();
        Worker other = worker("w2").window(1).joins();
        camera.publishes(2, 3, 4);
        one.receives(2);
        other.receives(3);
        victim.losesItsConnection();
        one.call().pause();
        other.acks(3);

        other.receivesAgain(2, 1);
    }

    @Test
    void itIsAloneOverAllStreamsOfItsCall() {
        Camera dock = talk.camera("dock");
        diesHolding(1);
        Worker detector = worker("w1").takes("cam", "dock").joins();
        detector.receivesAgain(2, 1);

        dock.publishes(1);
        detector.receivesNothing();
        detector.acks(1);

        detector.receivesOn("dock", 1);
    }

    @Test
    void aConsumerRunsDryOverAllItsStreams() {
        Camera dock = talk.camera("dock");
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker detector = worker("w1").takes("cam", "dock").window(2).joins();
        dock.publishes(1, 2, 3);
        detector.receivesOn("dock", 1, 2);

        victim.losesItsConnection();
        detector.acksOn("dock", 1);
        detector.receivesNothing();
        detector.acksOn("dock", 2);
        detector.receivesAgain(2, 1);
        detector.acks(1);

        detector.receivesOn("dock", 3);
    }

    /** A group that is paused does not keep its consumers from their other streams. */
    @Test
    void aPausedGroupLetsItsConsumersGoOnElsewhere() {
        Camera dock = talk.camera("dock");
        Worker victim = worker("victim").window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker detector = worker("w1").takes("cam", "dock").window(2).joins();
        dock.publishes(1, 2, 3);
        detector.receivesOn("dock", 1, 2);
        victim.losesItsConnection();

        talk.broker().pauseGroup("cam", "detectors", true, new Changed());
        detector.acksOn("dock", 1);

        detector.receivesOn("dock", 3);
    }

    @Test
    void itPassesAWindowThatIsTooSmallForIt() {
        Worker victim = worker("victim").joins();
        camera.publishesLarge(1, 2_000);
        victim.receives(1);
        Worker detector = worker("w1").window(10, 1_000).joins();

        victim.losesItsConnection();

        detector.receivesAgain(2, 1);
    }

    @Test
    void aConsumerThatComesBackKeepsItAndItStaysAlone() {
        diesHolding(2);
        Worker detector = worker("w1").joins();
        detector.receivesAgain(2, 1);

        Worker again = worker("w1")
                .holds(new Consumer.Held("cam", new Token(1, 1, 2), 1))
                .joins();

        again.hears("1-1/2 OK");
        again.receivesNothing();
        again.settlesRun("cam", new Token(1, 1, 2), 1, Verdict.ACK);
        again.receivesAgain(2, 2);
    }

    @Test
    void noMoreAttemptsAreWrittenThanCanGoAlone() {
        diesHolding(3);
        talk.store().defer();

        Worker detector = worker("w1").joins();
        camera.publishes(4);

        assertThat(talk.store().stream("cam").attemptsHeld()).isEqualTo(1);
        talk.store().stream("cam").releaseStored(1);
        detector.receivesNothing();
        talk.store().stream("cam").releaseAttempts("detectors", 1);
        detector.receivesAgain(2, 1);
        detector.hasOutstanding(1);
    }
}
