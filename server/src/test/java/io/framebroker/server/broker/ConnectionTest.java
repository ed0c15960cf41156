package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumers that come, go, are lost and come back. */
class ConnectionTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();
    private Worker detector;

    @BeforeEach
    void holdsThreeFrames() {
        detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);
        detector.receives(1, 2, 3);
    }

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void whatALeavingConsumerHeldGoesToOthersAtOnceUncounted() {
        Worker spare = talk.worker("w2").of("detectors").joins();

        detector.leaves();

        spare.receives(1, 2, 3);
        spare.acks(1, 2, 3);
        spare.hears("1-1/1 OK", "1-2/1 OK", "1-3/1 OK");
    }

    @Test
    void whatALostConsumerHeldWaitsForItThenCounts() {
        Worker spare = talk.worker("w2").of("detectors").joins();

        detector.losesItsConnection();
        talk.passes(Duration.ofMillis(4_999));
        spare.receivesNothing();
        talk.passes(Duration.ofMillis(1));

        spare.receivesAgain(2, 1);
        spare.acks(1);
        spare.receivesAgain(2, 2);
        spare.acks(2);
        spare.receivesAgain(2, 3);
    }

    @Test
    void aConsumerThatComesBackKeepsWhatItStillHas() {
        detector.losesItsConnection();
        talk.passes(Duration.ofSeconds(4));

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 2))
                .joins();

        again.hears("1-1/1 through 2 OK");
        again.hasOutstanding(2);
        talk.passes(Duration.ofSeconds(29));
        again.receivesNothing();
        again.settlesRun("cam", new Token(1, 1, 1), 2, Verdict.ACK);
        again.receivesAgain(2, 3);
        again.acks(3);
        again.hears("1-1/1 through 2 OK", "1-3/2 OK");
    }

    @Test
    void theLeasesOfAConsumerThatComesBackStartAnew() {
        detector.losesItsConnection();
        talk.passes(Duration.ofSeconds(4));
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        talk.passes(Duration.ofMillis(29_999));
        again.hasOutstanding(3);
        talk.passes(Duration.ofMillis(1));

        again.hasOutstanding(0);
    }

    @Test
    void aConsumerThatComesBackWithMoreThanItsWindowGetsNoMoreUntilItFits() {
        detector.losesItsConnection();
        Worker again = talk.worker("w1")
                .of("detectors")
                .window(1)
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();
        camera.publishes(4);

        again.hasOutstanding(3);
        again.settlesRun("cam", new Token(1, 1, 1), 2, Verdict.ACK);
        again.receivesNothing();
        again.settlesRun("cam", new Token(1, 3, 1), 1, Verdict.ACK);

        again.receives(4);
    }

    /** A consumer that comes back used not to learn which of its frames were no longer its own, then only these. */
    @Test
    void aConsumerThatComesBackIsToldWhatItHasAndWhatNot() {
        detector.acks(1);
        detector.losesItsConnection();

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(
                        new Consumer.Held("cam", new Token(1, 1, 1), 2),
                        new Consumer.Held("cam", new Token(1, 3, 2), 1),
                        new Consumer.Held("cam", new Token(1, 9, 1), 1))
                .joins();

        again.hears("1-1/1 ALREADY_SETTLED", "1-2/1 OK", "1-3/2 UNKNOWN_TOKEN", "1-9/1 UNKNOWN_TOKEN");
        again.hasOutstanding(1);
        again.settlesRun("cam", new Token(1, 2, 1), 1, Verdict.ACK);
        again.receivesAgain(2, 3);
    }

    /** Hence each has an answer of its own. */
    @Test
    void whatIsNoLongerHeldMayStillBeSettled() {
        talk.passes(Duration.ofSeconds(27));
        detector.losesItsConnection();
        talk.passes(Duration.ofSeconds(3));

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();
        again.settlesRun("cam", new Token(1, 1, 1), 3, Verdict.ACK);

        again.hears("1-1/1 through 3 STALE", "1-1/1 through 3 OK");
        again.receivesNothing();
    }

    @Test
    void whatIsHeldOfAStreamThatTheCallDoesNotTakeIsUnknown() {
        detector.losesItsConnection();

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(
                        new Consumer.Held("dock", new Token(1, 1, 1), 2),
                        new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        again.hears("1-1/1 through 3 OK", "1-1/1 through 2 UNKNOWN_TOKEN");
        again.receivesNothing();
    }

    @Test
    void aConsumerThatComesBackTooLateIsToldSo() {
        detector.losesItsConnection();
        talk.passes(Duration.ofSeconds(6));
        Worker spare = talk.worker("w2").of("detectors").joins();
        spare.receivesAgain(2, 1);

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        again.hears("1-1/1 through 3 STALE");
        again.receivesAgain(2, 2);
        again.hasOutstanding(1);
    }

    @Test
    void aConsumerThatOpensAnotherCallIsReplaced() {
        Worker again = talk.worker("w1").of("detectors").joins();

        detector.hears("ended: CONSUMER_REPLACED");
        detector.hasOutstanding(0);
        again.receivesAgain(2, 1);
        again.acks(1);
        again.receivesAgain(2, 2);
    }

    @Test
    void aReplacementTakesOverWhatItSaysItHolds() {
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        again.receivesNothing();
        again.hears("1-1/1 through 3 OK");
        again.settlesRun("cam", new Token(1, 1, 1), 3, Verdict.ACK);
        again.hears("1-1/1 through 3 OK");
        assertThat(talk.ledger("detectors").acked()).isEqualTo(3);
    }

    @Test
    void whatOneHeldIsNotGivenToAnotherWhoSaysSo() {
        detector.losesItsConnection();
        Worker stranger = talk.worker("w2")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 1, 1), 3))
                .joins();

        stranger.receivesNothing();
        stranger.hasOutstanding(0);
        stranger.hears("1-1/1 through 3 STALE");
    }

    @Test
    void aLeaseThatEndsDuringTheGraceCountsAsEnded() {
        talk.passes(Duration.ofSeconds(27));
        detector.losesItsConnection();

        talk.passes(Duration.ofSeconds(4));
        Worker spare = talk.worker("w2").of("detectors").joins();

        assertThat(spare.takesStock()).isEqualTo(1);
    }

    @Test
    void aLostConsumerOfSeveralStreamsTakesThemAllUpAgain() {
        Camera dock = talk.camera("dock");
        Worker both = talk.worker("both").of("loaders").takes("cam", "dock").joins();
        dock.publishes(1);
        camera.publishes(4);
        both.hasOutstanding(5);
        both.losesItsConnection();

        Worker again = talk.worker("both")
                .of("loaders")
                .takes("dock", "cam")
                .holds(
                        new Consumer.Held("cam", new Token(1, 1, 1), 4),
                        new Consumer.Held("dock", new Token(1, 1, 1), 1))
                .joins();

        again.receivesNothing();
        again.hasOutstanding(5);
        again.hears("1-1/1 OK", "1-1/1 through 4 OK");
        again.settlesRun("dock", new Token(1, 1, 1), 1, Verdict.ACK);
        again.settlesRun("cam", new Token(1, 1, 1), 4, Verdict.ACK);
        again.hears("1-1/1 OK", "1-1/1 through 4 OK");
    }

    @Test
    void leavingTwiceIsLeavingOnce() {
        Worker spare = talk.worker("w2").of("detectors").joins();

        detector.leaves();
        detector.leaves();
        detector.losesItsConnection();

        spare.receives(1, 2, 3);
        talk.passes(Duration.ofSeconds(10));
        spare.receivesNothing();
    }

    @Test
    void aLostConsumerThatIsClosedAfterAllGivesUpItsGrace() {
        Worker spare = talk.worker("w2").of("detectors").joins();
        detector.losesItsConnection();

        detector.leaves();

        spare.receives(1, 2, 3);
    }

    /** The broker gave ids that others had taken, and so replaced them. */
    @Test
    void aGivenIdIsNobodyElses() {
        for (int i = 1; i <= 5; i++) {
            talk.worker("consumer-" + i).of("detectors").joins();
        }
        for (int i = 0; i < 5; i++) {
            talk.worker("").of("detectors").joins();
        }

        talk.passes(Duration.ofMillis(100));
        camera.seesDemand("11/1");
    }

    /** The call that was replaced on its first stream used to give up the others before they were taken over. */
    @Test
    void aReplacementTakesOverAllStreams() {
        Camera dock = talk.camera("dock");
        Worker both = talk.worker("both").of("loaders").takes("cam", "dock").joins();
        dock.publishes(1);
        both.hasOutstanding(4);

        Worker again = talk.worker("both")
                .of("loaders")
                .takes("cam", "dock")
                .holds(
                        new Consumer.Held("cam", new Token(1, 1, 1), 3),
                        new Consumer.Held("dock", new Token(1, 1, 1), 1))
                .joins();

        both.hears("ended: CONSUMER_REPLACED");
        again.hears("1-1/1 through 3 OK", "1-1/1 OK");
        again.receivesNothing();
        again.hasOutstanding(4);
    }

    /** On the streams it had not left yet it used to be given frames, which then came to others as second attempts. */
    @Test
    void aConsumerThatIsLostIsGivenNothingMoreOnItsOtherStreams() {
        Conversation brief = new Conversation(new BrokerSettings(true, 10, 0, StreamSettings.DEFAULT), 1 << 20);
        Camera cam = brief.camera();
        Camera dock = brief.camera("dock");
        Worker lost = brief.worker("w1")
                .of("detectors")
                .takes("cam", "dock")
                .window(1)
                .joins();
        cam.publishes(1);
        lost.receives(1);
        Worker spare = brief.worker("w2")
                .of("detectors")
                .takes("cam", "dock")
                .window(10, 1_000)
                .joins();
        cam.publishesLarge(2, 200);
        spare.receives(2);
        dock.publishesLarge(1, 900);

        lost.losesItsConnection();
        spare.acks(2);
        spare.receivesAgain(2, 1);
        spare.acks(1);

        spare.receivesOn("dock", 1);
    }
}
