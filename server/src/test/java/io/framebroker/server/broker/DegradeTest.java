package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames that are acknowledged from memory while the store is away, where that is allowed and wanted. */
class DegradeTest {
    private final Conversation talk = thatDegrades(true);

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    private static Conversation thatDegrades(boolean degrade) {
        return Conversation.thatIsRemembered(
                new BrokerSettings(true, 10, 5_000, Conversation.backlog(5, 1 << 20), degrade), 1 << 20);
    }

    private static void isAway(Conversation talk) {
        talk.store().defer();
        talk.store().stream("cam").isInTrouble("Redis does not answer");
    }

    private void isBack() {
        talk.store().stream("cam").isInTrouble(null);
        talk.store().answerAtOnce();
    }

    @Test
    void framesAreAcknowledgedFromMemoryWhileTheStoreIsAway() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);

        camera.publishes(1, 2);

        camera.hears("opened behind 0", "stored through 1", "stored through 2");
        assertThat(talk.ledger().appending()).isEqualTo(2);
    }

    @Test
    void theyAreNotAcknowledgedTwice() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1, 2);
        camera.forgetsWhatItHeard();

        isBack();
        camera.hears();
        camera.publishes(3);

        camera.hears("stored through 3");
    }

    @Test
    void whileTheStoreIsWellTheyAreAcknowledgedWhenTheyAreStored() {
        Camera camera = talk.cameraThatTakesMemory();
        talk.store().defer();

        camera.publishes(1);
        camera.hears("opened behind 0");
        talk.passes(Duration.ofMinutes(1));
        camera.hears();
        talk.store().releaseAll();

        camera.hears("stored through 1");
    }

    @Test
    void whoDoesNotTakeThatWaitsForTheStore() {
        Camera camera = talk.camera();
        isAway(talk);

        camera.publishes(1);
        talk.passes(Duration.ofMinutes(1));
        camera.hears("opened behind 0");
        isBack();

        camera.hears("stored through 1");
    }

    @Test
    void whereItIsNotAllowedEverybodyWaitsForTheStore() {
        Conversation strict = thatDegrades(false);
        Camera camera = strict.cameraThatTakesMemory();
        isAway(strict);

        camera.publishes(1);
        strict.passes(Duration.ofMinutes(1));

        camera.hears("opened behind 0");
    }

    /** A publisher that had as much on its way as it dares used to hear nothing for up to ten seconds. */
    @Test
    void whatWasOnItsWayWhenTheStoreWentIsAcknowledgedSoon() {
        Camera camera = talk.cameraThatTakesMemory();
        camera.hears("opened behind 0");
        talk.passes(Duration.ofSeconds(1));
        talk.store().defer();
        camera.publishes(1, 2);

        isAway(talk);
        talk.passes(Duration.ofMillis(200));

        camera.hears("stored through 2");
    }

    @Test
    void nothingIsDeliveredThatTheStoreHasNot() {
        Camera camera = talk.cameraThatTakesMemory();
        Worker detector = talk.worker("w1").of("detectors").joins();
        isAway(talk);

        camera.publishes(1);
        detector.receivesNothing();
        isBack();

        detector.receives(1);
    }

    @Test
    void theBacklogIsBoundedAllTheSame() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1, 2, 3, 4, 5);
        camera.hasToWait();
        camera.forgetsWhatItHeard();

        talk.passes(Duration.ofMillis(200));
        camera.hears("waiting for the store (Redis does not answer): 5 of 5 backlog frames unsettled");
        isBack();

        camera.mayGoOn();
    }

    @Test
    void aPublisherHasNotFinishedBeforeTheStoreHasEverything() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1);
        camera.finishes();

        camera.hears("opened behind 0", "stored through 1");
        isBack();

        camera.hears("finished");
    }

    @Test
    void aPublisherThatComesBackIsOpenWhenTheStoreHasWhatItSent() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1);
        camera.losesItsConnection();

        Camera again = talk.cameraThatTakesMemory();
        talk.passes(Duration.ofSeconds(1));
        again.hears();
        isBack();

        again.hears("opened behind 1");
    }

    @Test
    void refusalsAreToldInTheirPlace() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);

        camera.publishes(Frames.of(1, 100), Frames.bad(2), Frames.of(3, 100));

        camera.hears("opened behind 0", "2 REJECTED CRC_MISMATCH", "stored through 3");
    }

    /** They used to be in no ledger. */
    @Test
    void framesThatWereOnlyInMemoryWhenTheStreamIsLostAreLostByName() {
        Camera camera = talk.cameraThatTakesMemory();
        camera.publishes(1);
        isAway(talk);
        camera.publishes(2);
        camera.publishesTogether(3, 4);

        talk.store().stream("cam").isLost(Fate.NOTHING_MORE);
        camera.hears(
                "opened behind 0", "stored through 1", "stored through 2", "stored through 4", "ended: STREAM_MOVED");
        assertThat(talk.broker().degradeLost()).isEqualTo(3);
        talk.store().answerAtOnce();
        talk.cameraThatTakesMemory().hears("opened behind 1");

        assertThat(talk.ledger().dropped()).containsEntry("DEGRADE_LOST", 3L);
        assertThat(talk.ledger().offered()).isEqualTo(4);
        assertThat(talk.broker().degradeLost()).isEqualTo(3);
    }

    @Test
    void whatIsFoundStoredAfterAllIsNotLost() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1, 2);

        talk.store().stream("cam").isLost(Fate.EVERYTHING);
        assertThat(talk.broker().degradeLost()).isEqualTo(2);
        talk.store().answerAtOnce();
        talk.cameraThatTakesMemory().hears("opened behind 2");

        assertThat(talk.ledger().dropped()).isEmpty();
        assertThat(talk.broker().degradeLost()).isZero();
    }

    @Test
    void whatIsLostByNameStaysSo() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1);
        talk.store().stream("cam").isLost(Fate.NOTHING_MORE);
        talk.store().answerAtOnce();
        talk.cameraThatTakesMemory();

        talk.brokerCrashes();
        talk.cameraThatTakesMemory();

        assertThat(talk.ledger().dropped()).containsEntry("DEGRADE_LOST", 1L);
    }

    @Test
    void whatABrokerThatStopsHasInMemoryAloneIsNamed() {
        Camera camera = talk.cameraThatTakesMemory();
        camera.publishes(1);
        isAway(talk);
        camera.publishes(2, 3);

        talk.broker().stopped();

        assertThat(talk.broker().degradeLost()).isEqualTo(2);
        talk.brokerCrashes();
    }

    @Test
    void aBrokerThatStopsWithEverythingStoredHasLostNothing() {
        talk.cameraThatTakesMemory().publishes(1);

        talk.broker().stopped();

        assertThat(talk.broker().degradeLost()).isZero();
        assertThat(talk.ledger().stored()).isEqualTo(1);
    }

    @Test
    void whatNobodyWasPromisedIsNoLoss() {
        Camera camera = talk.camera();
        isAway(talk);
        camera.publishes(1, 2);

        talk.store().stream("cam").isLost(Fate.NOTHING_MORE);
        talk.store().answerAtOnce();
        talk.camera().hears("opened behind 0");

        assertThat(talk.ledger().dropped()).isEmpty();
        assertThat(talk.broker().degradeLost()).isZero();
    }

    @Test
    void whatWasOnlyInMemoryIsGoneWithTheBroker() {
        Camera camera = talk.cameraThatTakesMemory();
        isAway(talk);
        camera.publishes(1);
        camera.hears("opened behind 0", "stored through 1");

        talk.brokerCrashes();

        talk.cameraThatTakesMemory().hears("opened behind 0");
    }
}
