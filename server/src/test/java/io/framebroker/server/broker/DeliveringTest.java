package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets which frames, and how many at once. */
class DeliveringTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void theWindowHoldsFramesBackUntilSomeAreSettled() {
        Worker detector = talk.worker("w1").of("detectors").window(2).joins();

        camera.publishes(1, 2, 3, 4);
        detector.receives(1, 2);
        detector.acks(2);
        detector.receives(3);
        detector.acks(1, 3);

        detector.receives(4);
        detector.hasOutstanding(1);
    }

    @Test
    void theWindowCountsBytes() {
        Worker detector = talk.worker("w1").of("detectors").window(10, 1_000).joins();

        camera.publishesLarge(1, 600);
        camera.publishesLarge(2, 400);
        camera.publishesLarge(3, 100);
        detector.receives(1, 2);
        detector.acks(2);

        detector.receives(3);
    }

    @Test
    void anOversizedFramePassesWhenNothingIsOutstanding() {
        Worker detector = talk.worker("w1").of("detectors").window(10, 1_000).joins();

        camera.publishesLarge(1, 500);
        camera.publishesLarge(2, 5_000);
        camera.publishesLarge(3, 100);
        detector.receives(1);
        detector.acks(1);
        detector.receives(2);
        detector.acks(2);

        detector.receives(3);
    }

    @Test
    void anotherMemberTakesTheFrameThatDoesNotFit() {
        Worker small = talk.worker("small").of("detectors").window(10, 1_000).joins();
        Worker large = talk.worker("large").of("detectors").window(10, 100_000).joins();
        camera.publishesLarge(1, 900);
        small.receives(1);
        camera.publishesLarge(2, 900);
        large.receives(2);

        camera.publishesLarge(3, 900);

        small.receivesNothing();
        large.receives(3);
    }

    @Test
    void aGrowingWindowLetsMoreThroughAndAShrinkingOneTakesNothingBack() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2, 3, 4, 5);
        detector.receives(1);

        detector.call().resize(3, 0);
        detector.receives(2, 3);
        detector.call().resize(1, 0);
        detector.acks(1, 2);
        detector.receivesNothing();
        detector.acks(3);

        detector.receives(4);
    }

    @Test
    void framesOfOneMessageArriveTogetherUpToABatch() {
        Worker detector = talk.worker("w1").of("detectors").window(1_000).joins();

        camera.publishesTogether(LongStream.rangeClosed(1, 600).toArray());

        detector.receives(LongStream.rangeClosed(1, 600).toArray());
    }

    @Test
    void groupsTakeFramesIndependently() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        Worker archivist = talk.worker("w2").of("archive").joins();

        camera.publishes(1, 2, 3);

        detector.receives(1);
        archivist.receives(1, 2, 3);
    }

    @Test
    void membersOfAGroupTakeTurns() {
        Worker first = talk.worker("first").of("detectors").joins();
        Worker second = talk.worker("second").of("detectors").joins();

        camera.publishes(1, 2, 3, 4);

        first.receives(1, 3);
        second.receives(2, 4);
    }

    @Test
    void aMemberThatIsPausedOrNotReadingTakesNoTurn() {
        Worker first = talk.worker("first").of("detectors").joins();
        Worker second = talk.worker("second").of("detectors").joins();
        Worker third = talk.worker("third").of("detectors").joins();
        first.call().pause();
        second.isReady(false);
        assertThat(first.call().idle()).isEqualTo(Consumer.Idle.PAUSED);
        assertThat(second.call().idle()).isEqualTo(Consumer.Idle.CLIENT_NOT_READING);
        assertThat(third.call().idle()).isEqualTo(Consumer.Idle.NO_FRAMES);

        camera.publishes(1, 2);
        third.receives(1, 2);
        third.isReady(false);
        camera.publishes(3, 4);
        second.isReady(true);

        second.receives(3, 4);
        first.call().resume();
        first.receivesNothing();
    }

    @Test
    void aPausedConsumerKeepsAndSettlesWhatItHas() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2);
        detector.receives(1);

        detector.call().pause();
        detector.acks(1);
        detector.hears("1-1/1 OK");
        detector.receivesNothing();
        detector.call().resume();

        detector.receives(2);
        assertThat(detector.call().idle()).isEqualTo(Consumer.Idle.WINDOW_FULL);
    }

    @Test
    void oneWindowServesAllStreamsOfACall() {
        Camera dock = talk.camera("dock");
        Worker detector = talk.worker("w1")
                .of("detectors")
                .takes("cam", "dock", "cam")
                .window(2)
                .joins();
        camera.publishes(1, 2);
        dock.publishes(1);
        detector.receives(1, 2);

        detector.acks(1);

        detector.receivesOn("dock", 1);
        assertThat(detector.call().lags())
                .extracting(ConsumerLag::stream, ConsumerLag::waiting, ConsumerLag::pending)
                .containsExactly(tuple("cam", 0L, 1L), tuple("dock", 0L, 1L));
    }

    /** A frame that was stored meanwhile used to go to a consumer that had not been told that it is open. */
    @Test
    void nothingIsDeliveredBeforeTheFirstPump() {
        Worker detector = talk.worker("w1").of("detectors").joinsWithoutPumping();

        camera.publishes(1);
        detector.receivesNothing();
        detector.call().pump();

        detector.receives(1);
    }

    @Test
    void aNewGroupStartsWhereItAskedTo() {
        talk.worker("keeper").of("keepers").joins();
        camera.publishes(1, 2);
        talk.clock().advance(5_000_000_000L);
        long noon = talk.clock().wallMicros();
        camera.publishes(3, 4);
        Worker earliest = talk.worker("w1").of("earliest").joins();
        Worker newest = starts("newest", new StartPosition.New());
        Worker second = starts("second", new StartPosition.Id(new FrameId(1, 2)));
        Worker beyond = starts("beyond", new StartPosition.Id(new FrameId(1, Long.MAX_VALUE)));
        Worker before = starts("before", new StartPosition.Id(new FrameId(1, Long.MIN_VALUE)));
        Worker sinceNoon = starts("since-noon", new StartPosition.Time(noon));
        Worker sinceEver = starts("since-ever", new StartPosition.Time(0));
        Worker future = starts("future", new StartPosition.Time(Long.MAX_VALUE));

        camera.publishes(5);

        earliest.receives(1, 2, 3, 4, 5);
        newest.receives(5);
        second.receives(2, 3, 4, 5);
        beyond.receives(5);
        before.receives(1, 2, 3, 4, 5);
        sinceNoon.receives(3, 4, 5);
        sinceEver.receives(1, 2, 3, 4, 5);
        future.receives(5);
    }

    private Worker starts(String group, StartPosition position) {
        return talk.worker("w-" + group).of(group).from(position).joins();
    }

    @Test
    void aGroupGoesOnWhereItsLastConsumerStopped() {
        Worker first = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        first.acks(1, 2);
        first.leaves();
        camera.publishes(3);

        Worker second =
                talk.worker("w2").of("detectors").from(new StartPosition.New()).joins();

        second.receives(3);
    }

    @Test
    void framesOfTwoPublishersComeInTwoDeliveries() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2);
        camera.finishes();
        talk.camera("cam", "spare", 1).publishes(1, 2);
        detector.receives(1);

        detector.call().resize(10, 0);

        detector.receives(2, 3, 4);
    }

    @Test
    void framesThatAreNotInMemoryComeWhenTheyAre() {
        Worker detector = talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2, 3);
        detector.receives(1);
        talk.store().stream("cam").makeCold(2);

        detector.acks(1);
        detector.receivesNothing();
        talk.store().stream("cam").releaseReadable();

        detector.receives(2);
    }
}
