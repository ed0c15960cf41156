package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Durable groups that nobody consumes from: after a minute they hold no camera any more. The backlog is 3 frames. */
class GroupTtlTest {
    private final Conversation talk = Conversation.thatIsRemembered(
            new BrokerSettings(
                    true, 10, 5_000, new StreamSettings(3, 1 << 20, 1, 1 << 20, 0), false, 30_000, 60_000, 0),
            1 << 20);

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    @Test
    void aCameraIsHeldUpToTheTime() {
        talk.worker("w1").of("detectors").joins().leaves();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        camera.hasToWait();

        talk.passes(Duration.ofMillis(59_999));
        camera.hasToWait();
        talk.passes(Duration.ofMillis(1));

        camera.mayGoOn();
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 2L));
        assertThat(talk.ledger("detectors").waiting()).isEqualTo(1);
    }

    @Test
    void whatTheStreamHasWhenAConsumerComesIsProtectedAgain() {
        talk.worker("w1").of("detectors").joins().leaves();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        talk.passes(Duration.ofMinutes(1));
        camera.publishes(4, 5);

        Worker again = talk.worker("w1").of("detectors").window(1).joins();
        again.receives(5);
        camera.publishes(6, 7);

        camera.hasToWait();
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 4L));
        again.acks(5);
        again.receives(6);
    }

    @Test
    void aGroupWithAConsumerProtectsForEver() {
        talk.worker("w1").of("detectors").window(1).joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);

        talk.passes(Duration.ofHours(1));

        camera.hasToWait();
        assertThat(talk.ledger("detectors").skipped()).isEmpty();
    }

    @Test
    void framesOfAConsumerThatVanishedAreSkippedToo() {
        Worker worker = talk.worker("w1").of("detectors").window(2).joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        worker.losesItsConnection();

        talk.passes(Duration.ofMinutes(1));

        camera.mayGoOn();
        assertThat(talk.ledger("detectors").pending()).isZero();
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 2L));
    }

    @Test
    void theOtherGroupsKeepWhatIsTheirs() {
        talk.worker("w1").of("detectors").joins().leaves();
        Worker recorder =
                talk.worker("w2").of("recorders").lease(600_000).window(1).joins();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);

        talk.passes(Duration.ofMinutes(1));
        camera.hasToWait();
        assertThat(talk.stream().frames()).isEqualTo(3);
        recorder.acks(1);
        recorder.acks(2);

        camera.mayGoOn();
        assertThat(talk.ledger("recorders").skipped()).isEmpty();
        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 1L));
        assertThat(talk.ledger("detectors").waiting()).isEqualTo(2);
    }

    /** Trimmed first, they would be missing for the group after a crash, and nobody could say why. */
    @Test
    void framesGoWhenTheStoreKnowsThatTheyAreSkipped() {
        talk.worker("w1").of("detectors").joins().leaves();
        Camera camera = talk.camera();
        camera.publishes(1, 2, 3);
        talk.store().defer();

        talk.passes(Duration.ofMinutes(1));
        assertThat(talk.stream().frames()).isEqualTo(3);
        talk.store().stream("cam").releaseSettled("detectors", 1);

        assertThat(talk.stream().frames()).isEqualTo(1);
        camera.mayGoOn();
    }

    @Test
    void theTimeBeginsAnewWithTheBroker() {
        talk.worker("w1").of("detectors").joins().leaves();
        talk.camera().publishes(1, 2, 3);
        talk.passes(Duration.ofSeconds(59));

        talk.brokerCrashes();
        talk.broker().openAll();
        talk.passes(Duration.ofSeconds(59));
        assertThat(talk.ledger("detectors").waiting()).isEqualTo(3);
        talk.passes(Duration.ofSeconds(1));

        assertThat(talk.ledger("detectors").skipped()).isEqualTo(Map.of("GROUP_TTL", 2L));
    }
}
