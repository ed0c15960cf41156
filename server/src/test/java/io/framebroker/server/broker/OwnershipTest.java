package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A stream that may not be this broker's any more, and one that is not. */
class OwnershipTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private DeferredStore.OfStream store() {
        return talk.store().stream("cam");
    }

    // ---- while others may have taken it over

    @Test
    void nothingGoesOutWhileOthersMayHaveTheStream() {
        Worker detector = talk.worker("w1").of("detectors").joins();

        store().isOwned(false);
        camera.publishes(1, 2);
        detector.receivesNothing();
        Worker late = talk.worker("w2").of("late").joins();
        late.receivesNothing();
        store().isOwned(true);

        detector.receives(1, 2);
        late.receives(1, 2);
    }

    @Test
    void aLeaseThatEndsMeanwhileIsARetryAfterwards() {
        Worker detector = talk.worker("w1").of("detectors").lease(1_000).joins();
        camera.publishes(1);
        detector.receives(1);

        store().isOwned(false);
        talk.passes(Duration.ofSeconds(10));
        detector.receivesNothing();
        detector.hasOutstanding(0);
        store().isOwned(true);

        detector.receivesAgain(2, 1);
    }

    @Test
    void whatTheStoreConfirmsIsToldAllTheSame() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        camera.forgetsWhatItHeard();

        store().isOwned(false);
        camera.publishes(2);
        detector.acks(1);

        camera.hears("stored through 2");
        detector.hears("1-1/1 OK");
        detector.receives(1);
    }

    // ---- when it is gone

    @Test
    void everybodysCallEndsWithTheStream() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker viewer = talk.worker("viewer").joins();
        camera.forgetsWhatItHeard();

        store().isLost(Fate.EVERYTHING);

        camera.hears("ended: STREAM_MOVED");
        detector.hears("ended: STREAM_MOVED");
        viewer.hears("ended: STREAM_MOVED");
        assertThat(talk.broker().streams()).isEmpty();
        assertThat(talk.memory().keptBytes()).isZero();
    }

    @Test
    void itIsOpenedAnewWhenSomebodyWantsIt() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.acks(1);
        store().isLost(Fate.EVERYTHING);

        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", new Token(1, 2, 1), 1))
                .joins();
        Camera back = talk.camera();

        back.hears("opened behind 2");
        back.publishes(3);
        again.receives(3);
        again.hears("1-2/1 OK");
        again.settlesRun("cam", new Token(1, 2, 1), 1, Verdict.ACK);
        again.settlesRun("cam", new Token(2, 3, 1), 1, Verdict.ACK);
        again.hears("1-2/1 OK", "2-3/1 OK");
        assertThat(talk.remembered().opened()).isEqualTo(2);
    }

    @Test
    void itIsNotOpenedAnewWhileItIsElsewhere() {
        talk.remembered().isAt("cam", "other:50051");
        store().isLost(Fate.EVERYTHING);

        assertThatThrownBy(talk::camera).hasFieldOrPropertyWithValue("reason", "STREAM_MOVING");
    }

    @Test
    void whatWasOnItsWayIsNotAcknowledged() {
        talk.store().defer();
        camera.publishes(1);
        camera.forgetsWhatItHeard();

        store().isLost(Fate.EVERYTHING);

        camera.hears("ended: STREAM_MOVED");
    }

    @Test
    void settlementsOnTheirWayAreNotTold() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        detector.acks(1);

        store().isLost(Fate.NOTHING_MORE);

        detector.hears("ended: STREAM_MOVED");
        detector.receives(1);
    }

    @Test
    void aCallThatTookOtherStreamsTooGivesThoseBack() {
        Camera dock = talk.camera("dock");
        Worker both = talk.worker("w1").of("detectors").takes("cam", "dock").joins();
        Worker spare = talk.worker("w2").of("detectors").takes("dock").window(1).joins();
        dock.publishes(1);
        both.receivesOn("dock", 1);

        store().isLost(Fate.EVERYTHING);

        both.hears("ended: STREAM_MOVED");
        spare.receivesOn("dock", 1);
    }

    /** The store of a stream that is gone must not be asked for anything: it checks that itself. */
    @Test
    void whoeverSpeaksToAStreamThatIsGoneIsNotHeard() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        Publisher publishing = camera.call();
        Token first = detector.token(1);
        store().isLost(Fate.EVERYTHING);

        assertThat(publishing.publish(List.of(Frames.of(3, 100)))).isFalse();
        publishing.report(1, List.of(new Publisher.Lost("RING_FULL", 1, false)));
        publishing.finish();
        publishing.lost();
        detector.call().settle("cam", first, 1, Verdict.ACK);
        detector.call().extend("cam", first, 1);
        detector.call().pump();
        detector.call().lost();
        talk.passes(Duration.ofMinutes(1));

        detector.hears("ended: STREAM_MOVED");
        detector.receives(1, 2);
        assertThat(detector.call().lags()).containsExactly(new ConsumerLag("cam", 0, 0, 0));
    }

    @Test
    void whoeverJustFoundItIsSentAway() {
        DeferredStore.OfStream gone = store();
        Worker detector = talk.worker("w1").of("detectors").joinsWithoutPumping();
        gone.isLost(Fate.EVERYTHING);

        detector.call().pump();

        detector.hears("ended: STREAM_MOVED");
        detector.receivesNothing();
    }

    @Test
    void aStreamThatIsDeletedEndsEverybodyAndIsNotOpenedAgainByItself() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);

        Deleted.stream(talk.broker(), "cam", true);
        detector.receives(1);
        detector.hears("ended: STREAM_DELETED");
        talk.brokerCrashes();
        talk.broker().openAll();

        assertThat(talk.broker().streams()).isEmpty();
    }
}
