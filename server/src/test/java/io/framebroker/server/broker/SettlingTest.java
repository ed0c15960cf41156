package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Acks and nacks, and what they are answered. */
class SettlingTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void anAckedFrameIsDoneForItsGroupOnly() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker archivist = talk.worker("w2").of("archive").joins();
        camera.publishes(1, 2);

        detector.receives(1, 2);
        archivist.receives(1, 2);
        detector.acks(1, 2);

        detector.hears("1-1/1 OK", "1-2/1 OK");
        detector.hasOutstanding(0);
        archivist.hasOutstanding(2);
        assertThat(talk.ledger("detectors").acked()).isEqualTo(2);
        assertThat(talk.ledger("archive").pending()).isEqualTo(2);
    }

    @Test
    void anAckIsAnsweredOnceTheStoreHasConfirmed() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();

        detector.acks(1);
        detector.hearsNothing();
        detector.hasOutstanding(0);
        detector.acks(1);
        detector.hearsNothing();
        talk.store().releaseAll();

        detector.hears("1-1/1 OK", "1-1/1 ALREADY_SETTLED");
    }

    @Test
    void aRunIsAnsweredInRunsOfEqualOutcome() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3, 4, 5, 6);
        detector.acks(1, 4);
        detector.forgetsWhatItHeard();

        detector.settlesRun("cam", detector.token(1), 100, Verdict.ACK);

        detector.hears(
                "1-1/1 ALREADY_SETTLED",
                "1-2/1 through 3 OK",
                "1-4/1 ALREADY_SETTLED",
                "1-5/1 through 6 OK",
                "1-7/1 through 100 UNKNOWN_TOKEN");
    }

    @Test
    void framesFromBeforeTheGroupAreUnknownToIt() {
        camera.publishes(1, 2);
        Worker detector =
                talk.worker("w1").of("detectors").from(new StartPosition.New()).joins();
        camera.publishes(3);
        detector.receives(3);

        detector.settlesRun("cam", new Token(1, 1, 1), 3, Verdict.ACK);

        detector.hears("1-1/1 through 2 UNKNOWN_TOKEN", "1-3/1 OK");
    }

    @Test
    void tokensThatWereNeverGivenAreUnknown() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);

        detector.settlesRun("cam", new Token(1, 1, 2), 1, Verdict.ACK);
        detector.settlesRun("cam", new Token(1, 1, 0), 1, Verdict.ACK);
        detector.settlesRun("cam", new Token(7, 1, 1), 1, Verdict.ACK);
        detector.settlesRun("cam", new Token(1, 0, 1), 1, Verdict.ACK);
        detector.settlesRun("cam", new Token(1, -1, 1), 1, Verdict.ACK);
        detector.settlesRun("cam", new Token(1, Long.MAX_VALUE, 1), Integer.MAX_VALUE, Verdict.ACK);
        detector.settlesRun("elsewhere", new Token(1, 1, 1), 1, Verdict.ACK);

        detector.hears(
                "1-1/2 UNKNOWN_TOKEN",
                "1-1/0 UNKNOWN_TOKEN",
                "7-1/1 UNKNOWN_TOKEN",
                "1-0/1 UNKNOWN_TOKEN",
                "1--1/1 UNKNOWN_TOKEN",
                "1-9223372036854775807/1 through -9223372036854775803 UNKNOWN_TOKEN"
                        .replace("-9223372036854775803", String.valueOf(Long.MAX_VALUE + Integer.MAX_VALUE - 1)),
                "1-1/1 UNKNOWN_TOKEN");
        detector.hasOutstanding(1);
    }

    @Test
    void anotherConsumersDeliveryIsStale() {
        Worker first = talk.worker("first").of("detectors").window(1).joins();
        Worker second = talk.worker("second").of("detectors").window(1).joins();
        camera.publishes(1, 2);
        first.receives(1);
        second.receives(2);

        second.settlesRun("cam", first.token(1), 1, Verdict.ACK);

        second.hears("1-1/1 STALE");
        first.hasOutstanding(1);
    }

    @Test
    void aNackedFrameComesAgainWhenItWasAskedForAndCounts() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);

        detector.nacks(2_000, 1);
        detector.hears("1-1/1 OK");
        detector.hasOutstanding(1);
        talk.passes(Duration.ofMillis(1_999));
        detector.receivesNothing();
        talk.passes(Duration.ofMillis(1));

        detector.receivesAgain(2, 1);
    }

    @Test
    void aNackWithoutATimeTakesTheGroupsBackoff() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.receives(1);

        detector.nacks(-1, 1);
        talk.passes(Duration.ofMillis(399));
        detector.receivesNothing();
        talk.passes(Duration.ofMillis(101));

        detector.receivesAgain(2, 1);
    }

    /** The time used to overflow into the past, and the frame came back at once and for ever. */
    @Test
    void aNackForTheEndOfTimeIsNotANackForNow() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);

        detector.nacks(Long.MAX_VALUE / 1_000_000 + 1, 1);
        detector.nacks(Long.MAX_VALUE, 2);
        talk.passes(Duration.ofMinutes(1));

        detector.receivesNothing();
    }

    @Test
    void aNackedDeliveryIsOverForItsHolder() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        detector.nacks(10_000, 1);
        detector.forgetsWhatItHeard();

        detector.acks(1);

        detector.hears("1-1/1 STALE");
    }

    @Test
    void aReleasedFrameGoesToAnotherAtOnceUncounted() {
        Worker first = talk.worker("first").of("detectors").joins();
        camera.publishes(1);
        first.receives(1);
        Worker second = talk.worker("second").of("detectors").joins();
        first.call().pause();

        first.releases(1);

        first.hears("1-1/1 OK");
        second.receives(1);
        first.hasOutstanding(0);
    }

    @Test
    void aSkippedFrameIsCountedByName() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);

        detector.skips(2);

        detector.hears("1-2/1 OK");
        assertThat(talk.ledger("detectors").skipped()).containsEntry("NOT_WANTED", 1L);
        detector.hasOutstanding(1);
    }

    /** Reasons come from clients: a store that kept each of them grew without end. */
    @Test
    void aGroupKnowsOnlySoManyReasons() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        for (int i = 1; i <= 200; i++) {
            camera.publishes(i);
            detector.settlesRun("cam", detector.token(i), 1, new Verdict.Skip("REASON_" + i));
        }

        assertThat(talk.ledger("detectors").skipped())
                .hasSizeLessThanOrEqualTo(70)
                .containsKey("OTHER");
    }

    @Test
    void settlementsOutOfOrderFreeTheBacklogUpToTheOldestOpenOne() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2, 3);

        detector.acks(3, 2);
        assertThat(talk.stream().backlogFrames()).isEqualTo(3);
        detector.acks(1);

        assertThat(talk.stream().backlogFrames()).isZero();
    }

    /** An impossible token used to be answered at once, ahead of those still waiting for the store. */
    @Test
    void resultsComeInTheOrderAsked() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();

        detector.acks(1);
        detector.settlesRun("cam", new Token(1, 0, 1), 3, Verdict.ACK);
        detector.hearsNothing();
        talk.store().releaseAll();

        detector.hears("1-1/1 OK", "1-0/1 UNKNOWN_TOKEN", "1-1/1 ALREADY_SETTLED", "1-2/1 UNKNOWN_TOKEN");
    }

    /** The broker used to sleep on: the first one had been due, and nobody had asked about the second. */
    @Test
    void aRetryBehindOneThatFoundNobodyComesInTime() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);
        detector.nacks(1_000, 1);
        detector.nacks(3_000, 2);
        detector.call().pause();
        talk.passes(Duration.ofSeconds(2));

        detector.call().resume();
        detector.receivesAgain(2, 1);
        talk.passes(Duration.ofSeconds(1));

        detector.receivesAgain(2, 2);
    }
}
