package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Groups paused, moved and deleted while consumers are at work. */
class GroupAdministrationTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private final Changed operator = new Changed();
    private final Deleted remover = new Deleted();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private static void assertRefused(String reason, ThrowingCallable request) {
        assertThatThrownBy(request)
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    private void pauses(String group) {
        talk.broker().pauseGroup("cam", group, true, operator);
    }

    private void resumes(String group) {
        talk.broker().pauseGroup("cam", group, false, operator);
    }

    private void seeks(String group, StartPosition position) {
        talk.broker().seekGroup("cam", group, position, operator);
    }

    private static StartPosition.Id at(long ordinal) {
        return new StartPosition.Id(new FrameId(1, ordinal));
    }

    // ---- pausing

    @Test
    void aPausedGroupGetsNothingAndGoesOnWhereItWas() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2);
        worker.receives(1, 2);

        pauses("detectors");
        camera.publishes(3);
        worker.acks(1);
        worker.receivesNothing();
        worker.hears("1-1/1 OK");
        assertThat(worker.call().idle()).isEqualTo(Consumer.Idle.PAUSED);
        resumes("detectors");

        worker.receives(3);
        assertThat(worker.call().idle()).isEqualTo(Consumer.Idle.NO_FRAMES);
        assertThat(operator.heard())
                .containsExactly(
                        "changed detectors, paused: 0 waiting, 2 pending", "changed detectors: 1 waiting, 1 pending");
    }

    @Test
    void leasesOfAPausedGroupRunOn() {
        Worker worker = talk.worker("w1").of("detectors").lease(1_000).joins();
        talk.camera().publishes(1);
        worker.receives(1);

        pauses("detectors");
        talk.passes(Duration.ofMinutes(1));
        worker.hasOutstanding(0);
        worker.receivesNothing();
        resumes("detectors");

        worker.receivesAgain(2, 1);
    }

    @Test
    void otherGroupsDoNotPause() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker recorder = talk.worker("w2").of("recorders").joins();

        pauses("detectors");
        talk.camera().publishes(1);

        detector.receivesNothing();
        recorder.receives(1);
        assertThat(recorder.call().idle()).isEqualTo(Consumer.Idle.NO_FRAMES);
    }

    @Test
    void aGroupIsStillPausedWhenTheBrokerComesBack() {
        talk.worker("w1").of("detectors").joins();
        talk.worker("w2").of("recorders").joins();
        talk.camera().publishes(1);
        pauses("detectors");
        pauses("recorders");
        resumes("recorders");

        talk.brokerCrashes();
        talk.broker().openAll();
        talk.passes(Duration.ofMinutes(1));
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker recorder = talk.worker("w2").of("recorders").joins();

        detector.receivesNothing();
        recorder.receivesAgain(2, 1);
        resumes("detectors");
        detector.receivesAgain(2, 1);
    }

    @Test
    void aChangeIsAnsweredWhenTheStoreHasIt() {
        talk.worker("w1").of("detectors").joins();
        talk.store().defer();

        pauses("detectors");
        assertThat(operator.heard()).isEmpty();
        talk.store().stream("cam").releaseNotes();

        assertThat(operator.heard()).containsExactly("changed detectors, paused: 0 waiting, 0 pending");
    }

    @Test
    void aChangeThatTheStoreDoesNotConfirmIsAnsweredAllTheSame() {
        talk.worker("w1").of("detectors").joins();
        talk.worker("w2").of("recorders").joins();
        talk.store().defer();

        pauses("detectors");
        talk.passes(Duration.ofSeconds(31));
        assertThat(operator.heard()).containsExactly("failed CHANGE_UNCONFIRMED");
        talk.store().releaseAll();
        pauses("recorders");
        talk.store().stream("cam").isLost(Fate.NOTHING_MORE);

        assertThat(operator.heard()).containsExactly("failed CHANGE_UNCONFIRMED", "failed CHANGE_UNCONFIRMED");
    }

    // ---- moving

    @Test
    void aGroupThatIsMovedBackGetsItsFramesAgain() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3, 4);
        worker.receives(1, 2, 3, 4);
        worker.acks(1, 2, 3);
        worker.forgetsWhatItHeard();

        seeks("detectors", at(2));
        worker.hears("ended: GROUP_MOVED");
        Worker again = talk.worker("w1").of("detectors").joins();

        again.receives(2, 3, 4);
        again.acks(2, 3, 4);
        assertThat(operator.heard()).containsExactly("changed detectors: 3 waiting, 0 pending");
        Ledger.OfGroup ledger = talk.ledger("detectors");
        assertThat(ledger.base()).isEqualTo(1);
        assertThat(ledger.stored()).isEqualTo(3);
        assertThat(ledger.acked()).isEqualTo(3);
    }

    @Test
    void aGroupThatIsMovedForwardLeavesOutWhatLiesBetween() {
        talk.worker("w1").of("detectors").window(1).joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);

        seeks("detectors", new StartPosition.New());
        Worker again = talk.worker("w1").of("detectors").joins();
        again.receivesNothing();
        camera.publishes(4);

        again.receives(4);
        assertThat(talk.ledger("detectors").base()).isEqualTo(3);
        assertThat(talk.ledger("detectors").skipped()).isEmpty();
    }

    /** The token of a delivery of before is that of the one after it. */
    @Test
    void whatWasDeliveredBeforeAMoveIsNobodysAfterIt() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.receives(1, 2);
        Token before = worker.token(1);

        seeks("detectors", new StartPosition.Earliest());
        worker.call().settle("cam", before, 1, Verdict.ACK);
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", before, 2))
                .joins();

        again.hears("1-1/1 through 2 UNKNOWN_TOKEN");
        again.receives(1, 2);
        assertThat(talk.ledger("detectors").acked()).isZero();
        assertThat(talk.ledger("detectors").pending()).isEqualTo(2);
    }

    @Test
    void settlementsAskedBeforeAMoveCountForNothingAfterIt() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.receives(1, 2);
        talk.store().defer();
        worker.acks(1, 2);

        seeks("detectors", new StartPosition.Earliest());
        Worker again = talk.worker("w1").of("detectors").joins();
        again.receives(1, 2);
        again.acks(1);
        // The two of before; the one of now is still held back.
        talk.store().stream("cam").releaseSettled("detectors", 2);
        again.hearsNothing();
        talk.store().stream("cam").releaseSettled("detectors", 1);

        again.hears("1-1/1 OK");
    }

    @Test
    void attemptsAskedBeforeAMoveCountForNothingAfterIt() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        worker.receives(1);
        talk.store().defer();
        worker.nacks(0, 1);

        seeks("detectors", new StartPosition.Earliest());
        Worker again = talk.worker("w1").of("detectors").joins();
        again.receives(1);
        again.nacks(0, 1);
        talk.store().stream("cam").releaseAttempts("detectors", 1);
        again.receivesNothing();
        talk.store().stream("cam").releaseAttempts("detectors", 1);

        again.receivesAgain(2, 1);
    }

    @Test
    void aMovedGroupIsWhereItWasMovedWhenTheBrokerComesBack() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        worker.acks(1, 2, 3);
        pauses("detectors");
        seeks("detectors", at(3));

        talk.brokerCrashes();
        talk.broker().openAll();
        Worker again = talk.worker("w1").of("detectors").joins();
        again.receivesNothing();
        resumes("detectors");

        again.receives(3);
        assertThat(talk.ledger("detectors").base()).isEqualTo(2);
    }

    @Test
    void aMoveForwardLetsThePublisherGoOn() {
        Created.stream(talk.broker(), "cam", Conversation.backlog(2, 1 << 20));
        talk.worker("w1").of("detectors").window(1).joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2);
        camera.hasToWait();

        seeks("detectors", new StartPosition.New());

        camera.mayGoOn();
    }

    @Test
    void aPositionBeyondTheEndsIsTakenForTheEnd() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2, 3);
        worker.acks(1, 2, 3);

        seeks("detectors", at(Long.MAX_VALUE));
        assertThat(talk.ledger("detectors").base()).isEqualTo(3);
        seeks("detectors", at(0));
        assertThat(talk.ledger("detectors").base()).isZero();
    }

    // ---- deleting

    @Test
    void aGroupWithConsumersIsDeletedByForceAlone() {
        Worker worker = talk.worker("w1").of("detectors").window(2).joins();
        talk.camera().publishes(1, 2, 3);
        worker.receives(1, 2);

        assertThatThrownBy(() -> talk.broker().deleteGroup("cam", "detectors", false, remover))
                .isInstanceOfSatisfying(BrokerException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo("GROUP_IN_USE");
                    assertThat(refusal.getMessage()).contains("\"w1\"", "detectors", "cam", "force");
                });
        worker.acks(1);
        worker.hears("1-1/1 OK");
        talk.broker().deleteGroup("cam", "detectors", true, remover);

        worker.hears("ended: GROUP_DELETED");
        worker.receives(3);
        assertThat(remover.heard()).containsExactly("deleted 2");
        assertThat(talk.broker().groups("cam")).isEmpty();
    }

    @Test
    void aGroupWhoseConsumersAreAwayIsDeletedWithoutForce() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1);
        worker.losesItsConnection();

        talk.broker().deleteGroup("cam", "detectors", false, remover);
        talk.passes(Duration.ofMinutes(1));

        assertThat(remover.heard()).containsExactly("deleted 1");
    }

    @Test
    void aStreamLetsGoWhatOnlyTheDeletedGroupProtected() {
        Created.stream(talk.broker(), "cam", new StreamSettings(3, 1 << 20, 1, 1 << 20, 0));
        talk.worker("w1").of("detectors").window(1).joins();
        Worker recorder = talk.worker("w2").of("recorders").joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        recorder.acks(1, 2);
        camera.hasToWait();
        assertThat(talk.stream().frames()).isEqualTo(3);

        talk.broker().deleteGroup("cam", "detectors", true, remover);

        assertThat(talk.stream().firstOrdinal()).isEqualTo(2);
        camera.mayGoOn();
    }

    @Test
    void aDeletedGroupStaysAwayAndMayBeMadeAnew() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        worker.acks(1);
        pauses("detectors");
        talk.broker().deleteGroup("cam", "detectors", true, remover);

        talk.brokerCrashes();
        talk.broker().openAll();
        assertThat(talk.broker().groups("cam")).isEmpty();
        Worker again = talk.worker("w1").of("detectors").joins();

        again.receives(1, 2);
    }

    /** What the store still tells of the old one would be taken for the new one's. */
    @Test
    void aGroupIsNotMadeAnewWhileItsDeletionIsOnItsWay() {
        Worker worker = talk.worker("w1").of("detectors").joins();
        talk.camera().publishes(1, 2);
        talk.store().defer();
        worker.acks(1);

        talk.broker().deleteGroup("cam", "detectors", true, remover);
        assertRefused("GROUP_LEAVING", () -> talk.worker("w1").of("detectors").joins());
        assertThat(remover.heard()).isEmpty();
        talk.store().stream("cam").releaseNotes();

        assertThat(remover.heard()).containsExactly("deleted 1");
        talk.worker("w1").of("detectors").joins().receives(1, 2);
    }

    // ---- looking and refusing

    @Test
    void consumersAreToldById() {
        Worker first = talk.worker("w2").of("detectors").window(2).joins();
        talk.camera().publishes(1, 2, 3);
        talk.worker("w1").of("detectors").joins();
        first.losesItsConnection();
        talk.passes(Duration.ofSeconds(2));

        var states = talk.broker().consumers("cam", "detectors");

        assertThat(states).extracting(ConsumerState::id).containsExactly("w1", "w2");
        assertThat(states.get(0).idle()).isEqualTo(Consumer.Idle.NO_FRAMES);
        assertThat(states.get(0).pendingFrames()).isEqualTo(1);
        assertThat(states.get(0).isAway()).isFalse();
        assertThat(states.get(1).pendingFrames()).isEqualTo(2);
        assertThat(states.get(1).pendingBytes())
                .isEqualTo(talk.stream().bytes() * 2 / 3)
                .isPositive();
        assertThat(states.get(1).maxFrames()).isEqualTo(2);
        assertThat(states.get(1).graceNanos()).isEqualTo(Duration.ofSeconds(3).toNanos());
    }

    @Test
    void whatIsNotThereIsNamed() {
        talk.camera();

        assertRefused("GROUP_NOT_FOUND", () -> pauses("detectors"));
        assertRefused("GROUP_NOT_FOUND", () -> seeks("detectors", new StartPosition.New()));
        assertRefused("GROUP_NOT_FOUND", () -> talk.broker().deleteGroup("cam", "detectors", true, remover));
        assertRefused("GROUP_NOT_FOUND", () -> talk.broker().consumers("cam", "detectors"));
        assertRefused("GROUP_NOT_FOUND", () -> talk.broker().group("cam", "detectors"));
    }

    @Test
    void aGroupOfOneCallIsThatCallsAlone() {
        talk.worker("w1").joins();
        String group = talk.broker().groups("cam").get(0).name();

        assertRefused("GROUP_OF_ONE_CALL", () -> pauses(group));
        assertRefused("GROUP_OF_ONE_CALL", () -> seeks(group, new StartPosition.New()));
        assertRefused("GROUP_OF_ONE_CALL", () -> talk.broker().deleteGroup("cam", group, true, remover));
        assertThat(talk.broker().consumers("cam", group)).hasSize(1);
        assertThat(talk.ledger(group).skipped()).isEqualTo(Map.of());
    }
}
