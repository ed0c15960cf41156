package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to deliveries that are not settled in time, and to settlements that come late. */
class LeaseTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void aFrameWhoseLeaseEndsComesAgainAsTheSecondAttemptAfterABackoff() {
        Worker detector = talk.worker("w1").of("detectors").lease(10_000).joins();
        camera.publishes(1);
        detector.receives(1);

        talk.passes(Duration.ofMillis(9_999));
        detector.hasOutstanding(1);
        talk.passes(Duration.ofMillis(2));
        detector.hasOutstanding(0);
        detector.receivesNothing();
        talk.passes(Duration.ofMillis(500));

        detector.receivesAgain(2, 1);
    }

    /** The broker used to sleep on after an idle tick, whatever leases began meanwhile. */
    @Test
    void aLeaseThatBeginsWhileTheBrokerSleepsEndsInTime() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        talk.passes(Duration.ofSeconds(1));
        assertThat(talk.broker().tick()).isGreaterThan(Duration.ofSeconds(5).toNanos());

        camera.publishes(1);
        detector.receives(1);

        assertThat(talk.broker().tick())
                .isLessThanOrEqualTo(Duration.ofSeconds(1).toNanos());
    }

    @Test
    void eachAttemptWaitsLonger() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        detector.receives(1);

        talk.passes(Duration.ofMillis(1_501));
        detector.receivesAgain(2, 1);
        talk.passes(Duration.ofMillis(1_500));
        detector.receivesNothing();
        talk.passes(Duration.ofMillis(501));
        detector.receivesAgain(3, 1);
    }

    @Test
    void aLateAckIsHonouredWhileNobodyElseHasTheFrame() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        talk.passes(Duration.ofMillis(1_001));
        detector.hasOutstanding(0);

        detector.acks(1);
        talk.passes(Duration.ofMinutes(1));

        detector.hears("1-1/1 OK");
        detector.receives(1);
        assertThat(talk.ledger("detectors").acked()).isEqualTo(1);
    }

    @Test
    void aLateAckIsStaleOnceTheFrameWasGivenToAnother() {
        Worker slow = talk.worker("slow").of("detectors").lease(1_000).window(1).joins();
        Worker spare = talk.worker("spare").of("detectors").joins();
        camera.publishes(1);
        slow.receives(1);
        slow.call().pause();

        talk.passes(Duration.ofMillis(1_501));
        spare.receivesAgain(2, 1);
        slow.acks(1);
        slow.hears("1-1/1 STALE");
        spare.acks(1);
        spare.hears("1-1/2 OK");
        slow.acks(1);
        slow.hears("1-1/1 ALREADY_SETTLED");
    }

    @Test
    void aLateAckOfSomebodyElsesDeliveryIsStale() {
        Worker slow = talk.worker("slow").of("detectors").lease(1_000).joins();
        Worker other = talk.worker("other").of("detectors").window(1).joins();
        camera.publishes(1);
        other.call().pause();
        talk.passes(Duration.ofMillis(1_001));

        other.settlesRun("cam", slow.token(1), 1, Verdict.ACK);

        other.hears("1-1/1 STALE");
        slow.acks(1);
        slow.hears("1-1/1 OK");
    }

    @Test
    void aLateNackChangesNothingAndIsAnsweredAsDone() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        detector.receives(1);
        talk.passes(Duration.ofMillis(1_001));

        detector.nacks(0, 1);

        detector.hears("1-1/1 OK");
        talk.passes(Duration.ofMillis(500));
        detector.receivesAgain(2, 1);
    }

    @Test
    void anExtendedLeaseRunsItsWholeLengthAgain() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        detector.receives(1);

        for (int i = 0; i < 5; i++) {
            talk.passes(Duration.ofMillis(900));
            detector.extendsLeaseOf(1);
            detector.hears("1-1/1 OK");
        }
        detector.hasOutstanding(1);
        talk.passes(Duration.ofMillis(1_501));

        detector.receivesAgain(2, 1);
    }

    @Test
    void aLeaseThatHasEndedCannotBeExtended() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        talk.passes(Duration.ofMillis(1_001));

        detector.extendsLeaseOf(1);

        detector.hears("1-1/1 STALE");
    }

    /** The consumer's other streams used to wait for an event of their own. */
    @Test
    void roomThatComesBackWithALeaseServesTheConsumersOtherStreams() {
        Camera other = talk.camera("dock");
        Worker detector = talk.worker("w1")
                .of("detectors")
                .takes("cam", "dock")
                .lease(1_000)
                .window(1)
                .joins();
        camera.publishes(1);
        other.publishes(1);
        detector.receives(1);

        talk.passes(Duration.ofMillis(1_001));

        detector.receivesOn("dock", 1);
    }

    /** A call that had all it asked for used to stay open for good. */
    @Test
    void aLimitedCallEndsWithItsLastLease() {
        Worker detector =
                talk.worker("w1").of("detectors").lease(1_000).limit(1).joins();
        camera.publishes(1);
        detector.receives(1);

        talk.passes(Duration.ofMillis(1_001));

        detector.hears("finished");
    }
}
