package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams made, looked at, changed, purged and deleted; requests refused. */
class AdministrationTest {
    private final Conversation talk = new Conversation();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private static void assertRefused(String reason, ThrowingCallable request) {
        assertThatThrownBy(request).isInstanceOfSatisfying(BrokerException.class, because(reason));
    }

    private static Consumer<BrokerException> because(String reason) {
        return refusal -> assertThat(refusal.reason()).isEqualTo(reason);
    }

    @Test
    void aStreamIsCreatedOnce() {
        StreamState state = Created.stream(talk.broker(), "cam", StreamSettings.DEFAULT);
        assertThat(state.frames()).isZero();

        assertRefused("STREAM_EXISTS", () -> Created.stream(talk.broker(), "cam", StreamSettings.DEFAULT));
    }

    @Test
    void unknownStreamsAreNotFound() {
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().stream("cam"));
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().ledger("cam"));
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().purgeStream("cam"));
        assertRefused("STREAM_NOT_FOUND", () -> Deleted.stream(talk.broker(), "cam", true));
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().latestFrame("cam"));
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().updateStream("cam", StreamSettings.DEFAULT));
    }

    @Test
    void streamsComeIntoBeingOnlyWhereThatIsWanted() {
        Conversation strict = new Conversation(new BrokerSettings(false, 10, 5_000, StreamSettings.DEFAULT), 1 << 30);

        assertRefused("STREAM_NOT_FOUND", strict::camera);
        assertRefused(
                "STREAM_NOT_FOUND", () -> strict.worker("w1").of("detectors").joins());
        Created.stream(strict.broker(), "cam", StreamSettings.DEFAULT);
        strict.camera().hears("opened behind 0");
    }

    @Test
    void thereAreOnlySoManyStreams() {
        Conversation small = new Conversation(new BrokerSettings(true, 2, 5_000, StreamSettings.DEFAULT), 1 << 30);
        small.camera("a");
        small.camera("b");

        assertRefused("TOO_MANY_STREAMS", () -> small.camera("c"));
        Deleted.stream(small.broker(), "a", true);
        small.camera("c");
    }

    @Test
    void thereAreOnlySoManyGroups() {
        for (int i = 0; i < 256; i++) {
            talk.worker("w").of("group-" + i).joins();
        }

        assertRefused("TOO_MANY_GROUPS", () -> talk.worker("w").of("one-more").joins());
    }

    /** A call that is refused on its second stream must leave nothing on its first. */
    @Test
    void aCallThatIsRefusedLeavesNothingBehind() {
        Camera camera = talk.camera();
        talk.worker("w1").of("detectors").takes("dock").lease(5_000).joins();

        assertRefused(
                "GROUP_SETTINGS_DIFFER",
                () -> talk.worker("w2")
                        .of("detectors")
                        .takes("cam", "dock")
                        .lease(6_000)
                        .joins());

        talk.passes(Duration.ofMillis(100));
        camera.seesDemand("0/1");
    }

    @Test
    void aGroupHasItsSettings() {
        talk.worker("w1").of("detectors").lease(5_000).joins();

        assertRefused(
                "GROUP_SETTINGS_DIFFER",
                () -> talk.worker("w2").of("detectors").lease(6_000).joins());
        Worker second = talk.worker("w3").of("detectors").joins();
        talk.worker("w4").of("detectors").lease(5_000).joins();

        assertThat(second.call().groupSettings())
                .isEqualTo(new GroupSettings(5_000, 0, 3, GroupSettings.Order.FIRST_DELIVERIES));
        assertRefused(
                "FIELD_INVALID", () -> talk.worker("w5").of("others").lease(999).joins());
        assertRefused(
                "FIELD_INVALID",
                () -> talk.worker("w5").of("others").lease(600_001).joins());
    }

    @Test
    void aCallIsHeldToWhatItAsksAndNothingElse() {
        GroupSettings.Order strict = GroupSettings.Order.STRICT;
        talk.worker("w1")
                .of("detectors")
                .asks(new AskedSettings(5_000L, 2_000L, 7, strict))
                .joins();

        for (AskedSettings some : List.of(
                new AskedSettings(5_000L, null, null, null),
                new AskedSettings(null, 2_000L, null, null),
                new AskedSettings(null, null, 7, null),
                new AskedSettings(null, null, null, strict))) {
            Worker joins = talk.worker("w2").of("detectors").asks(some).joins();
            assertThat(joins.call().groupSettings()).isEqualTo(new GroupSettings(5_000, 2_000, 7, strict));
        }
        for (AskedSettings other : List.of(
                new AskedSettings(5_000L, 0L, null, null),
                new AskedSettings(null, null, 8, null),
                new AskedSettings(null, null, null, GroupSettings.Order.FIRST_DELIVERIES))) {
            assertRefused(
                    "GROUP_SETTINGS_DIFFER",
                    () -> talk.worker("w3").of("detectors").asks(other).joins());
        }
    }

    @Test
    void settingsOutsideTheirRangesAreRefused() {
        assertRefused("FIELD_INVALID", () -> new AskedSettings(null, -1L, null, null));
        assertRefused("FIELD_INVALID", () -> new AskedSettings(null, 7 * 86_400_000L + 1, null, null));
        assertRefused("FIELD_INVALID", () -> new AskedSettings(null, null, -1, null));
        assertRefused("FIELD_INVALID", () -> new AskedSettings(null, null, 1001, null));
    }

    @Test
    void purgingTakesTheWaitingFramesAndLeavesThePendingOnes() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").window(2).joins();
        camera.publishes(1, 2, 3, 4, 5);
        detector.acks(1);
        detector.receives(1, 2, 3);
        detector.forgetsWhatItHeard();

        assertThat(talk.broker().purgeStream("cam")).isEqualTo(1);
        detector.hears("gap of 2 PURGED: 1-4 through 1-5");
        detector.acks(2, 3);
        detector.hears("1-2/1 OK", "1-3/1 OK");
        camera.publishes(6);

        detector.receives(6);
        assertThat(talk.ledger("detectors").skipped()).containsEntry("PURGED", 2L);
    }

    @Test
    void purgingAStreamNobodyWantsEmptiesIt() {
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);

        assertThat(talk.broker().purgeStream("cam")).isEqualTo(3);

        assertThat(talk.stream().frames()).isZero();
        assertThat(talk.broker().latestFrame("cam")).isEmpty();
        camera.publishes(4);
        assertThat(talk.broker().latestFrame("cam")).isPresent();
    }

    @Test
    void purgingLetsAWaitingPublisherGoOn() {
        Conversation small = new Conversation(Conversation.backlog(2, 1 << 20));
        Camera camera = small.camera();
        small.worker("w1").of("detectors").joinsWithoutPumping();
        camera.publishes(1, 2);
        camera.hasToWait();

        small.broker().purgeStream("cam");

        camera.mayGoOn();
        small.comesOutEven();
    }

    @Test
    void aStreamInUseIsDeletedByForceOnly() {
        Camera camera = talk.camera();
        assertRefused("STREAM_IN_USE", () -> Deleted.stream(talk.broker(), "cam", false));
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        camera.losesItsConnection();
        assertRefused("STREAM_IN_USE", () -> Deleted.stream(talk.broker(), "cam", false));
        detector.leaves();
        assertRefused("STREAM_IN_USE", () -> Deleted.stream(talk.broker(), "cam", false));

        assertThat(Deleted.stream(talk.broker(), "cam", true)).isEqualTo(2);

        assertThat(talk.memory().keptBytes()).isZero();
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().stream("cam"));
    }

    @Test
    void aStreamThatIsSettledAndAloneIsDeletedWithoutForce() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.acks(1, 2);
        detector.leaves();
        camera.finishes();

        assertThat(Deleted.stream(talk.broker(), "cam", false)).isEqualTo(2);
    }

    /** What one of them had held used to be given to the others, behind their end. */
    @Test
    void everybodyOnADeletedStreamIsToldAndThenItIsQuiet() {
        Camera camera = talk.camera();
        Worker first = talk.worker("w1").of("detectors").window(1).joins();
        Worker second = talk.worker("w2").of("detectors").joins();
        Worker viewer = talk.worker("w3").joins();
        camera.publishes(1, 2, 3);
        camera.forgetsWhatItHeard();

        Deleted.stream(talk.broker(), "cam", true);

        camera.hears("ended: STREAM_DELETED");
        first.hears("ended: STREAM_DELETED");
        second.hears("ended: STREAM_DELETED");
        viewer.hears("ended: STREAM_DELETED");
        second.takesStock();
        first.call().settle("cam", first.token(1), 1, Verdict.ACK);
        first.call().extend("cam", first.token(1), 1);
        first.call().pump();
        first.leaves();
        second.receivesNothing();
        assertThat(first.call().lags()).containsExactly(new ConsumerLag("cam", 0, 0, 0));
        camera.losesItsConnection();
        assertThat(camera.call().publish(List.of(Frames.of(4, 100)))).isFalse();
    }

    @Test
    void aStreamOfTheSameNameStartsAnewAfterItsDeletion() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        detector.receives(1, 2);
        talk.store().defer();
        camera.publishes(3);
        Deleted.stream(talk.broker(), "cam", true);
        talk.store().answerAtOnce();

        Camera again = talk.camera();
        Worker newcomer = talk.worker("w1").of("detectors").joins();
        again.hears("opened behind 0");
        again.publishes(1);

        newcomer.receives(1);
        assertThat(talk.ledger("detectors").stored()).isEqualTo(1);
    }

    /** It used to be answered before the store had done anything: a broker that went then had not deleted it. */
    @Test
    void aDeletionIsAnsweredWhenTheStoreHasDoneIt() {
        talk.camera().publishes(1, 2);
        DeferredStore.OfStream cam = talk.store().stream("cam");
        talk.store().defer();
        Deleted answer = new Deleted();

        talk.broker().deleteStream("cam", true, answer);
        assertThat(answer.heard()).isEmpty();
        assertRefused("STREAM_NOT_FOUND", () -> talk.broker().stream("cam"));
        cam.releaseDeletion();

        assertThat(answer.heard()).containsExactly("deleted 2");
        talk.passes(Duration.ofMinutes(1));
        assertThat(answer.heard()).hasSize(1);
    }

    @Test
    void aDeletionThatTheStoreDoesNotConfirmIsAnsweredInTheEnd() {
        talk.camera();
        DeferredStore.OfStream cam = talk.store().stream("cam");
        talk.store().defer();
        Deleted answer = new Deleted();
        talk.broker().deleteStream("cam", true, answer);

        talk.passes(Duration.ofSeconds(30));
        cam.releaseDeletion();

        assertThat(answer.heard()).containsExactly("failed DELETION_UNCONFIRMED");
    }

    @Test
    void whoDeletesAStreamThatIsLostMeanwhileIsToldThatItMayBeThere() {
        talk.camera();
        DeferredStore.OfStream cam = talk.store().stream("cam");
        talk.store().defer();
        Deleted answer = new Deleted();
        talk.broker().deleteStream("cam", true, answer);

        cam.isLostWhileDeleted();

        assertThat(answer.heard()).containsExactly("failed DELETION_UNCONFIRMED");
    }

    @Test
    void confirmationsForADeletedStreamChangeNothing() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.store().defer();
        camera.publishes(2);
        detector.acks(1);
        DeferredStore.OfStream gone = talk.store().stream("cam");
        Deleted.stream(talk.broker(), "cam", true);

        gone.releaseAll();

        assertThat(talk.memory().keptBytes()).isZero();
    }

    @Test
    void streamsAreListedByName() {
        talk.camera("b");
        talk.camera("a");

        assertThat(talk.broker().streams()).extracting(StreamState::name).containsExactly("a", "b");
    }

    @Test
    void theLatestFrameIsTheNewestStored() {
        Camera camera = talk.camera();
        assertThat(talk.broker().latestFrame("cam")).isEmpty();
        camera.publishes(1, 2);
        talk.store().defer();
        camera.publishes(3);

        assertThat(talk.broker().latestFrame("cam"))
                .hasValueSatisfying(frame -> assertThat(frame.sequence()).isEqualTo(2));
    }

    /** It used to take, and with auto_ack to settle, frames that its own end kept from being sent. */
    @Test
    void aCallThatWasEndedByOneStreamGetsNothingFromTheOthers() {
        talk.camera();
        Camera dock = talk.camera("dock");
        Worker first = talk.worker("w1").of("loaders").takes("cam", "dock").joins();
        dock.publishes(1);
        first.receivesOn("dock", 1);
        Worker second =
                talk.worker("w2").of("loaders").takes("cam", "dock").autoAck().joins();

        Deleted.stream(talk.broker(), "cam", true);

        second.receivesNothing();
        Ledger.OfGroup loaders = talk.broker().ledger("dock").groups().get(0);
        assertThat(loaders.acked()).isZero();
        assertThat(loaders.pending()).isEqualTo(1);
    }
}
