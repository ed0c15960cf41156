package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a publisher is told of those who want its frames. */
class DemandTest {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Conversation talk = new Conversation(
            new BrokerSettings(true, 100, 5_000, BrokerSettings.DEFAULT.streamDefaults(), false, 30_000, 3_600_000, 0),
            1L << 40);
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void aPublisherSeesWhoWantsItsFrames() {
        camera.hearsDemand("0/0");

        talk.passes(PAUSE);
        Worker first = talk.worker("w1").of("detectors").joins();
        camera.hearsDemand("1/1");
        talk.passes(PAUSE);
        Worker second = talk.worker("w2").of("detectors").joins();
        camera.hearsDemand("2/1");
        talk.passes(PAUSE);
        first.leaves();
        camera.hearsDemand("1/1");
        talk.passes(PAUSE);
        second.losesItsConnection();

        camera.hearsDemand("0/1");
    }

    @Test
    void thoseWhoComeAndGoQuicklyAreToldAsOne() {
        talk.passes(PAUSE);
        camera.hearsDemand("0/0");

        for (int i = 1; i <= 1_000; i++) {
            talk.worker("viewer").latest(0).joins().leaves();
        }
        talk.worker("viewer-1").latest(0).joins();
        talk.worker("viewer-2").latest(0).joins();
        camera.hearsDemand("1/0");

        talk.passes(PAUSE.minusNanos(1));
        camera.hearsDemand();
        talk.passes(Duration.ofNanos(1));
        camera.hearsDemand("2/0");
        talk.passes(Duration.ofMinutes(1));
        camera.hearsDemand();
    }

    @Test
    void whatIsAsBeforeAfterThePauseIsNotTold() {
        talk.passes(PAUSE);
        Worker viewer = talk.worker("viewer-1").latest(0).joins();
        camera.hearsDemand("0/0", "1/0");

        viewer.leaves();
        talk.worker("viewer-2").latest(0).joins();
        talk.passes(Duration.ofMinutes(1));

        camera.hearsDemand();
    }

    @Test
    void theFastestOfThoseWhoWantLessIsEnough() {
        talk.worker("slow").latest(0.5).joins();
        Worker replaying = talk.worker("replaying").replay(null, true, 12.5).joins();
        talk.passes(PAUSE);
        camera.hearsDemand("0/0", "2/0@12.5");

        talk.passes(PAUSE);
        replaying.leaves();
        camera.hearsDemand("1/0@0.5");

        talk.passes(PAUSE);
        talk.worker("all").latest(0).joins();
        camera.hearsDemand("2/0");
        assertThat(talk.stream().wantedFps()).isZero();
    }

    @Test
    void aDurableGroupWantsAllAlsoWhileNobodyIsThere() {
        Worker detector = talk.worker("detector").of("detectors").joins();
        talk.worker("viewer").latest(5).joins();
        talk.passes(PAUSE);
        camera.seesDemand("2/1");

        detector.losesItsConnection();
        talk.passes(Duration.ofMinutes(59));

        camera.seesDemand("1/1");
    }

    @Test
    void aGroupThatNobodyHasComeToForLongNoLongerCounts() {
        Worker detector = talk.worker("detector").of("detectors").joins();
        talk.worker("viewer").latest(5).joins();
        detector.leaves();
        talk.passes(PAUSE);
        camera.hearsDemand("0/0", "1/1");

        talk.passes(Duration.ofHours(1));
        camera.hearsDemand("1/0@5.0");

        talk.worker("detector").of("detectors").joins();
        camera.hearsDemand("2/1");
    }

    @Test
    void pausesChangeNothing() {
        Worker detector = talk.worker("detector").of("detectors").joins();
        Worker viewer = talk.worker("viewer").latest(5).joins();
        talk.passes(PAUSE);
        camera.hearsDemand("0/0", "2/1");

        detector.call().pause();
        viewer.call().pause();
        talk.broker().pauseGroup("cam", "detectors", true, new Changed());
        talk.passes(Duration.ofMinutes(1));

        camera.hearsDemand();
    }

    @Test
    void aDeletedGroupIsGone() {
        talk.worker("detector").of("detectors").joins().leaves();
        talk.passes(PAUSE);
        camera.hearsDemand("0/0", "0/1");

        talk.broker().deleteGroup("cam", "detectors", false, new Deleted());
        talk.passes(PAUSE);

        camera.hearsDemand("0/0");
    }

    @Test
    void thePublisherThatComesBackIsToldAnew() {
        talk.worker("viewer").latest(5).joins();
        camera.losesItsConnection();

        Camera again = talk.camera("cam", "camera-of-cam", 2);

        again.hearsDemand("1/0@5.0");
        talk.passes(Duration.ofMinutes(1));
        again.hearsDemand();
    }

    @Test
    void aPublisherThatIsNotOpenYetIsToldOnceItIs() {
        talk.store().defer();
        Camera slow = talk.camera("dock");
        talk.worker("viewer").takes("dock").latest(5).joins();
        slow.hearsDemand();

        talk.store().answerAtOnce();

        slow.hearsDemand("1/0@5.0");
    }
}
