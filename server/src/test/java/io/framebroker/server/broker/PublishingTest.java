package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a publisher is told, and who may publish. */
class PublishingTest {
    private final Conversation talk = new Conversation();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void framesAreAcknowledgedWhenTheStoreHasThem() {
        Camera camera = talk.camera();
        camera.hears("opened behind 0");
        talk.store().defer();

        camera.publishes(1, 2);
        camera.publishesTogether(3, 4);
        camera.hears();
        assertThat(talk.ledger().appending()).isEqualTo(4);
        talk.store().stream("cam").releaseStored(1);
        camera.hears("stored through 1");
        talk.store().stream("cam").releaseStored(2);

        camera.hears("stored through 2", "stored through 4");
        assertThat(talk.ledger().appending()).isZero();
    }

    @Test
    void nothingIsDeliveredBeforeTheStoreHasIt() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        talk.store().defer();

        camera.publishes(1, 2);
        detector.receivesNothing();
        talk.store().stream("cam").releaseStored(1);

        detector.receives(1);
    }

    @Test
    void aBadFrameIsRejectedAndTheCallLives() {
        Camera camera = talk.camera();

        camera.publishes(Frames.of(1, 100), Frames.bad(2), Frames.of(3, 100));

        camera.hears("opened behind 0", "2 REJECTED CRC_MISMATCH", "stored through 3");
        camera.mayGoOn();
        assertThat(talk.ledger().dropped()).containsEntry("CRC_MISMATCH", 1L);
        assertThat(talk.ledger().offered()).isEqualTo(3);
        assertThat(talk.ledger().stored()).isEqualTo(2);
    }

    @Test
    void aFrameWithoutSequenceIsRejected() {
        Camera camera = talk.camera();

        camera.publishes(Frames.of(0, 100));

        camera.hears("opened behind 0", "0 REJECTED SEQUENCE_MISSING");
    }

    @Test
    void aMessageOfNothingButBadFramesLeavesRoomForTheNext() {
        Camera camera = talk.camera();

        camera.publishes(Frames.bad(1));
        camera.publishes(2);

        camera.hears("opened behind 0", "1 REJECTED CRC_MISMATCH", "stored through 2");
    }

    @Test
    void aFrameSentTwiceIsStoredOnce() {
        Camera camera = talk.camera();

        camera.publishes(1, 2, 1);

        camera.hears("opened behind 0", "stored through 1", "stored through 2", "1 DUPLICATE DUPLICATE");
        assertThat(talk.ledger().stored()).isEqualTo(2);
        assertThat(talk.ledger().offered()).isEqualTo(2);
        assertThat(talk.ledger().duplicates()).isEqualTo(1);
    }

    /** A duplicate says that the first one is stored: it used to be told while that was still on its way. */
    @Test
    void aDuplicateOfAFrameOnItsWayIsAcknowledgedWithIt() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.forgetsWhatItHeard();

        camera.publishes(1, 1);
        camera.hears();
        talk.store().releaseAll();

        camera.hears("stored through 1");
        assertThat(talk.ledger().duplicates()).isEqualTo(1);
    }

    /** It used to be answered as a duplicate, which says that nothing is lost. */
    @Test
    void aRejectedFrameSentAgainIsRejectedAgain() {
        Camera camera = talk.camera();
        camera.publishes(Frames.bad(1), Frames.of(2, 100));
        camera.forgetsWhatItHeard();

        camera.publishes(1);

        camera.hears("1 REJECTED CRC_MISMATCH");
        assertThat(talk.ledger().offered()).isEqualTo(2);
    }

    @Test
    void sequencesMayLeaveHolesAndGoPastHalfTheirRange() {
        Camera camera = talk.camera();

        camera.publishes(5, 10, Long.MAX_VALUE, Long.MIN_VALUE, -1);

        camera.hears(
                "opened behind 0",
                "stored through 5",
                "stored through 10",
                "stored through " + Long.MAX_VALUE,
                "stored through " + Long.MIN_VALUE,
                "stored through -1");
    }

    @Test
    void aPublisherThatComesBackGoesOnBehindItsLastFrame() {
        Camera camera = talk.camera();
        camera.publishes(Frames.of(1, 100), Frames.bad(2), Frames.of(3, 100));
        camera.losesItsConnection();

        Camera again = talk.camera();
        again.hears("opened behind 3, without [2]");
        again.publishes(3, 4);

        again.hears("3 DUPLICATE DUPLICATE", "stored through 4");
    }

    @Test
    void aPublisherThatComesBackWaitsForWhatIsStillOnItsWay() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(1, 2);
        camera.losesItsConnection();

        Camera again = talk.camera();
        again.hears();
        again.hasToWait();
        talk.store().stream("cam").releaseStored(1);
        again.hears();
        talk.store().stream("cam").releaseStored(1);

        again.hears("opened behind 2");
        again.mayGoOn();
    }

    @Test
    void aSecondCallOfTheSamePublisherReplacesTheFirst() {
        Camera camera = talk.camera();
        camera.publishes(1);
        camera.forgetsWhatItHeard();

        Camera again = talk.camera();

        camera.hears("ended: PUBLISHER_REPLACED");
        again.hears("opened behind 1");
        assertThat(camera.call().publish(List.of(Frames.of(2, 100)))).isFalse();
        camera.losesItsConnection();
        again.publishes(2);
    }

    @Test
    void aNewerEpochFencesTheOlderAndStartsAnew() {
        Camera camera = talk.camera("cam", "front", 7);
        camera.publishes(1, 2);
        camera.forgetsWhatItHeard();

        Camera restarted = talk.camera("cam", "front", 8);

        camera.hears("ended: PUBLISHER_FENCED");
        restarted.hears("opened behind 0");
        restarted.publishes(1);
        restarted.hears("stored through 1");
        assertThatThrownBy(() -> talk.camera("cam", "front", 7))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo("PUBLISHER_FENCED"));
        restarted.publishes(2);
    }

    @Test
    void epochsAreUnsigned() {
        talk.camera("cam", "front", Long.MAX_VALUE).losesItsConnection();
        talk.camera("cam", "front", -1).losesItsConnection();

        assertThatThrownBy(() -> talk.camera("cam", "front", 1)).isInstanceOf(BrokerException.class);
    }

    @Test
    void anotherPublisherIsRefusedWhileOneIsThere() {
        Camera camera = talk.camera("cam", "front", 1);

        assertThatThrownBy(() -> talk.camera("cam", "rear", 1))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo("STREAM_HAS_PUBLISHER"));
        camera.losesItsConnection();

        talk.camera("cam", "rear", 1).hears("opened behind 0");
    }

    @Test
    void anAnonymousPublisherIsGivenAnIdAndNumbers() {
        Camera camera = talk.camera("cam", "", 0);
        assertThat(camera.call().key().id()).isNotEmpty();

        camera.publishesTogether(0, 0);
        camera.publishes(0);

        camera.hears("opened behind 0", "stored through 2", "stored through 3");
    }

    /** The broker gave ids that others had taken, and refused its own publisher as a stale one. */
    @Test
    void aGivenIdIsNobodyElses() {
        for (int i = 1; i <= 5; i++) {
            talk.camera("cam", "publisher-" + i, 9).losesItsConnection();
        }

        for (int i = 0; i < 5; i++) {
            Camera anonymous = talk.camera("cam", "", 0);
            anonymous.hears("opened behind 0");
            anonymous.losesItsConnection();
        }
    }

    @Test
    void aPublisherThatHasFinishedIsToldWhenAllIsStored() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.publishes(1);
        camera.forgetsWhatItHeard();

        camera.finishes();
        camera.hears();
        talk.store().releaseAll();

        camera.hears("stored through 1", "finished");
        Camera other = talk.camera("cam", "other", 1);
        other.hears();
        talk.store().releaseAll();
        other.hears("opened behind 0");
    }

    @Test
    void aReportIsConfirmedWhenItIsDurable() {
        Camera camera = talk.camera();
        talk.store().defer();
        camera.forgetsWhatItHeard();

        camera.reports(7, "RING_FULL", 3);
        camera.hears();
        camera.finishes();
        camera.hears();
        talk.store().releaseAll();

        camera.hears("reported through 7", "finished");
    }

    @Test
    void reportsEnterTheLedgerOnceAndAreToldAsGaps() {
        Camera camera = talk.camera();
        Worker detector = talk.worker("w1").of("detectors").joins();
        Worker viewer = talk.worker("w2").joins();

        camera.reports(1, "RING_FULL", 7);
        camera.reports(1, "RING_FULL", 7);
        camera.reports(3, "SOURCE_DISCONNECTED", 1);
        camera.reports(2, "RING_FULL", 100);

        camera.hears(
                "opened behind 0",
                "reported through 1",
                "reported through 1",
                "reported through 3",
                "reported through 3");
        detector.hears("gap of 7 REPORTED RING_FULL", "gap of 1 REPORTED SOURCE_DISCONNECTED");
        viewer.hears("gap of 7 REPORTED RING_FULL", "gap of 1 REPORTED SOURCE_DISCONNECTED");
        assertThat(talk.ledger().reported()).containsEntry("RING_FULL", 7L).containsEntry("SOURCE_DISCONNECTED", 1L);
        assertThat(talk.ledger().offered()).isEqualTo(8);
        camera.losesItsConnection();
        talk.camera().hears("opened behind 0, report 3");
    }

    @Test
    void reportsThatSayNothingAreRefused() {
        Camera camera = talk.camera();

        assertThatThrownBy(() -> camera.reports(0, "RING_FULL", 1)).isInstanceOf(BrokerException.class);
        assertThatThrownBy(() -> camera.reports(1, "ring full", 1)).isInstanceOf(BrokerException.class);
        assertThatThrownBy(() -> camera.reports(1, "RING_FULL", 0)).isInstanceOf(BrokerException.class);
        assertThatThrownBy(() -> camera.reports(1, "RING_FULL", Long.MAX_VALUE)).isInstanceOf(BrokerException.class);
    }

    @Test
    void thereIsOnlySoMuchRoomForReasons() {
        Camera camera = talk.camera();
        for (int i = 1; i <= 100; i++) {
            camera.reports(i, "REASON_" + i, 1);
        }

        assertThat(talk.ledger().reported()).hasSizeLessThanOrEqualTo(65).containsKey("OTHER");
    }

    @Test
    void onlyTheLatestPublishersAreRemembered() {
        talk.camera("cam", "first", 5).losesItsConnection();
        for (int i = 0; i < 64; i++) {
            talk.camera("cam", "other-" + i, 1).losesItsConnection();
        }

        talk.camera("cam", "first", 4).hears("opened behind 0");
    }
}
