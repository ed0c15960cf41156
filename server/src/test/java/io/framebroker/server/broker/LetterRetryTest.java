package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Dead letters that are tried again by themselves, a minute after they became letters, and then after twice as long each time. */
class LetterRetryTest {
    private static final DeadLetterFilter ALL = new DeadLetterFilter("", "", Long.MIN_VALUE, Long.MAX_VALUE);

    private final Conversation talk = new Conversation(
            new BrokerSettings(true, 10, 5_000, Conversation.retention(1, 1 << 30, 0), false, 30_000, 0, 60_000),
            1 << 30);
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private Worker joins() {
        return talk.worker("w1").of("detectors").lease(1_000).attempts(1).joins();
    }

    private Worker hasGivenUp(long... sequences) {
        Worker worker = joins();
        camera.publishes(sequences);
        worker.givesUp("torn", sequences);
        worker.takesStock();
        worker.forgetsWhatItHeard();
        return worker;
    }

    private List<Long> letters() {
        return talk.broker().deadLetters("cam", ALL).get("detectors").stream()
                .map(letter -> letter.id().ordinal())
                .toList();
    }

    private void minutes(int count) {
        talk.passes(Duration.ofMinutes(count));
    }

    @Test
    void itsTurnsAreTwiceAsFarApartEachTime() {
        Worker worker = hasGivenUp(1);
        int attempt = 1;

        for (int wait = 1; wait <= 64; wait *= 2) {
            talk.passes(Duration.ofMinutes(wait).minusMillis(1));
            worker.receivesNothing();
            talk.passes(Duration.ofMillis(1));

            worker.receivesAgain(++attempt, 1);
            worker.givesUp("torn", 1);
            worker.forgetsWhatItHeard();
        }
        assertThat(letters()).containsExactly(1L);
    }

    @Test
    void whatIsSettledThenIsALetterNoMore() {
        Worker worker = hasGivenUp(1, 2);

        minutes(1);
        worker.receivesAgain(2, 1, 2);
        worker.acks(2);

        assertThat(letters()).containsExactly(1L);
        worker.givesUp("torn", 1);
        minutes(2);
        worker.receivesAgain(3, 1);
    }

    @Test
    void aClockThatWasAheadAndIsPutBackHoldsNothingUp() {
        talk.clock().setWall(86_400_000_000L);
        Worker worker = hasGivenUp(1);
        minutes(1);
        worker.receivesAgain(2, 1);
        worker.acks(1);
        talk.clock().setWall(-86_400_000_000L);
        minutes(2);
        camera.publishes(2);
        worker.receives(2);
        worker.givesUp("torn", 2);

        talk.passes(Duration.ofSeconds(61));

        worker.receivesAgain(2, 2);
        worker.acks(2);
    }

    @Test
    void eachHasTurnsOfItsOwn() {
        Worker worker = hasGivenUp(1);
        talk.passes(Duration.ofSeconds(40));
        camera.publishes(2);
        worker.receives(2);
        worker.givesUp("torn", 2);

        talk.passes(Duration.ofSeconds(20));
        worker.receivesAgain(2, 1);
        talk.passes(Duration.ofSeconds(40));
        worker.receivesAgain(2, 2);
    }

    @Test
    void oneThatIsInLineOrInHandHasItsTurnOnce() {
        hasGivenUp(1).leaves();

        minutes(100);
        Worker worker = joins();
        worker.receivesAgain(2, 1);
        worker.receivesNothing();
        worker.acks(1);

        minutes(1_000);
        worker.receivesNothing();
        assertThat(letters()).isEmpty();
    }

    @Test
    void manyComeAtTheirTurnAndOnceEach() {
        // More than are read at a time.
        long[] many = LongStream.rangeClosed(1, 60).toArray();
        Worker worker = hasGivenUp(many);

        minutes(1);

        worker.receivesAgain(2, many);
        worker.acks(many);
        assertThat(letters()).isEmpty();
    }

    /** As after a restart of the broker: of the letters nothing is known but what the store has. */
    private void groupIsTakenUpAnew() {
        talk.broker().seekGroup("cam", "detectors", new StartPosition.New(), new Changed());
    }

    @Test
    void whatIsKnownOfALetterIsEnoughForItsTurns() {
        Worker worker = hasGivenUp(1);
        talk.passes(Duration.ofSeconds(150));
        worker.receivesAgain(2, 1);
        groupIsTakenUpAnew();
        worker = joins();

        talk.passes(Duration.ofSeconds(29));
        worker.receivesNothing();
        talk.passes(Duration.ofSeconds(2));

        worker.receivesAgain(2, 1);
        worker.acks(1);
    }

    @Test
    void aTurnThatPassedMeanwhileIsNotMadeUpFor() {
        hasGivenUp(1);
        talk.passes(Duration.ofSeconds(30));
        talk.clock().advance(Duration.ofSeconds(60).toNanos());
        groupIsTakenUpAnew();
        Worker worker = joins();

        talk.passes(Duration.ofSeconds(89));
        worker.receivesNothing();
        talk.passes(Duration.ofSeconds(2));

        worker.receivesAgain(2, 1);
        worker.acks(1);
    }
}
