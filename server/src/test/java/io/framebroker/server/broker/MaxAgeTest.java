package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A group that wants nothing old gets nothing old, and hears what it did not get. */
class MaxAgeTest {
    private Conversation talk = new Conversation();
    private Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private Worker.Opening detector() {
        return talk.worker("w1").of("detectors").asks(new AskedSettings(60_000L, 200L, null, null));
    }

    @Test
    void whatWaitedTooLongBehindAStallIsSkippedByName() {
        Worker detector = detector().window(1).joins();
        camera.publishes(1);
        detector.receives(1);
        camera.publishes(2, 3);
        talk.passes(Duration.ofMillis(150));
        camera.publishes(4);
        talk.passes(Duration.ofMillis(100));

        detector.acks(1);

        detector.hears("gap of 2 MAX_AGE: 1-2 through 1-3", "1-1/1 OK");
        detector.receives(4);
        assertThat(talk.ledger("detectors").skipped()).containsEntry("MAX_AGE", 2L);
    }

    @Test
    void aFrameOfExactlyThatAgeIsDelivered() {
        camera.publishes(1);
        talk.passes(Duration.ofMillis(200));

        detector().joins().receives(1);
    }

    @Test
    void aNewAttemptIsNotTooOld() {
        Worker detector = detector().joins();
        camera.publishes(1);
        detector.receives(1);
        talk.passes(Duration.ofMillis(500));

        detector.nacks(0, 1);

        detector.receivesAgain(2, 1);
    }

    /** Nobody asks for these frames: they must not hold the publisher until somebody does. */
    @Test
    void whatIsTooOldHoldsNoPublisher() {
        talk = new Conversation(Conversation.backlog(3, 10_000));
        camera = talk.camera();
        Worker detector = detector().window(1).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1);
        detector.call().pause();
        detector.acks(1);
        camera.publishes(4);
        camera.hasToWait();

        talk.passes(Duration.ofMillis(201));

        camera.mayGoOn();
        assertThat(talk.ledger("detectors").skipped()).containsEntry("MAX_AGE", 3L);
    }

    @Test
    void videoGoesOnWithAKeyframe() {
        Worker detector = detector().window(1).joins();
        camera.publishes(1);
        detector.receives(1);
        camera.publishes(Frames.delta(2));
        talk.passes(Duration.ofMillis(201));
        camera.publishes(Frames.delta(3));
        camera.publishes(4);
        camera.publishes(Frames.delta(5));

        detector.acks(1);

        detector.hears("gap of 1 MAX_AGE: 1-2 through 1-2", "1-1/1 OK", "gap of 1 MAX_AGE: 1-3 through 1-3");
        detector.receives(4);
        detector.acks(4);
        detector.receives(5);
    }
}
