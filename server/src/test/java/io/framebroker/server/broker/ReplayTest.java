package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who look at the past. */
class ReplayTest {
    private final Conversation talk = new Conversation(new StreamSettings(100, 1 << 20, 10, 1 << 20, 0));
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void whatThereWasComesInOrderAndThenTheCallEnds() {
        camera.publishes(1, 2, 3, 4, 5);
        Worker viewer = talk.worker("viewer").window(2).replay().joins();
        camera.publishes(6);
        viewer.receives(1, 2);
        viewer.acks(1, 2);
        viewer.acks(3, 4);
        viewer.receives(3, 4, 5);
        viewer.forgetsWhatItHeard();

        viewer.acks(5);

        viewer.receivesNothing();
        viewer.hears("1-5/1 OK", "finished");
    }

    @Test
    void withAutoAckItEndsByItself() {
        camera.publishes(1, 2, 3);

        Worker viewer = talk.worker("viewer").autoAck().replay().joins();

        viewer.receives(1, 2, 3);
        viewer.hears("finished");
    }

    @Test
    void anEmptyRangeEndsAtOnce() {
        Worker early = talk.worker("early").replay().joins();
        camera.publishes(1, 2, 3);
        Worker late = talk.worker("late").from(new StartPosition.New()).replay().joins();

        early.hears("finished");
        late.hears("finished");
        early.receivesNothing();
        late.receivesNothing();
    }

    @Test
    void itGoesFromAPlaceToAnother() {
        camera.publishes(1, 2, 3);
        talk.passes(Duration.ofSeconds(1));
        long then = talk.clock().wallMicros();
        camera.publishes(4, 5, 6);

        Worker byId = talk.worker("by id")
                .from(new StartPosition.Id(new FrameId(1, 2)))
                .autoAck()
                .replay(new StartPosition.Id(new FrameId(1, 5)), false, 0)
                .joins();
        Worker byTime = talk.worker("by time")
                .autoAck()
                .replay(new StartPosition.Time(then), false, 0)
                .joins();
        Worker backwards = talk.worker("backwards")
                .from(new StartPosition.Time(then))
                .autoAck()
                .replay(new StartPosition.Id(new FrameId(1, 2)), false, 0)
                .joins();

        byId.receives(2, 3, 4);
        byId.hears("finished");
        byTime.receives(1, 2, 3);
        byTime.hears("finished");
        backwards.receivesNothing();
        backwards.hears("finished");
    }

    @Test
    void thenThePresentIfAsked() {
        camera.publishes(1, 2);
        Worker viewer = talk.worker("viewer").autoAck().replay(null, true, 0).joins();
        viewer.receives(1, 2);

        camera.publishes(3);

        viewer.receives(3);
        viewer.hearsNothing();
    }

    @Test
    void anEndAndNoEndAreNotToBeHad() {
        assertThatThrownBy(() -> new Mode.Replay(new StartPosition.New(), true, 0))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("open.until")
                .hasMessageContaining("open.follow");
    }

    /** A frame that waits for its next attempt is not done, though nothing is outstanding. */
    @Test
    void aFrameThatIsNotDoneComesAgainBeforeTheEnd() {
        camera.publishes(1, 2);
        Worker viewer = talk.worker("viewer").replay().joins();
        viewer.receives(1, 2);
        viewer.nacks(1_000, 1);
        viewer.acks(2);
        viewer.hears("1-1/1 OK", "1-2/1 OK");

        talk.passes(Duration.ofSeconds(1));

        viewer.receivesAgain(2, 1);
        viewer.acks(1);
        viewer.hears("1-1/2 OK", "finished");
    }

    @Test
    void whatIsLetGoBeforeItIsReadIsToldAsFarAsItWasWanted() {
        camera.publishes(LongStream.rangeClosed(1, 10).toArray());
        Worker viewer = talk.worker("viewer").window(3).replay().joins();

        camera.publishesTogether(LongStream.rangeClosed(11, 18).toArray());

        viewer.receives(1, 2, 3, 9, 10);
        viewer.hears("gap of 5 RETENTION: 1-4 through 1-8");
        assertThat(talk.stream().frames()).isEqualTo(10);
        viewer.acks(9, 10);
        viewer.hears("1-9/1 OK", "1-10/1 OK", "finished");
    }

    @Test
    void whatIsLetGoBehindItsEndIsNotToldOf() {
        camera.publishes(LongStream.rangeClosed(1, 10).toArray());
        Worker viewer = talk.worker("viewer").window(3).replay().joins();

        camera.publishesTogether(LongStream.rangeClosed(11, 30).toArray());

        viewer.receives(1, 2, 3);
        viewer.hears("gap of 7 RETENTION: 1-4 through 1-10", "finished");
    }

    @Test
    void itEndsWhenAllItsStreamsAreThrough() {
        Camera yard = talk.camera("yard");
        camera.publishes(1, 2);
        yard.publishes(1);
        Worker viewer =
                talk.worker("viewer").takes("cam", "yard", "cam").replay().joins();
        viewer.receivesInAll("cam 1", "cam 2", "yard 1");

        viewer.acks(1, 2);
        viewer.hears("1-1/1 OK", "1-2/1 OK");
        viewer.acksOn("yard", 1);

        viewer.hears("1-1/1 OK", "finished");
    }

    @Test
    void atMostSoManyComeInASecondAndEvenly() {
        camera.publishes(LongStream.rangeClosed(1, 10).toArray());
        Worker viewer = talk.worker("viewer").autoAck().replay(null, false, 4).joins();
        List<Long> times = new ArrayList<>();
        long start = talk.clock().nanos();
        for (int millis = 0; millis <= 3_000; millis++) {
            for (int taken = viewer.takesStock(); taken > 0; taken--) {
                times.add((talk.clock().nanos() - start) / 1_000_000);
            }
            talk.passes(Duration.ofMillis(1));
        }

        assertThat(times)
                .containsExactlyElementsOf(
                        LongStream.range(0, 10).mapToObj(i -> i * 250).toList());
        viewer.hears("finished");
    }

    /** The broker looks at the time every 10 ms: a frame each time would be 100 a second. */
    @Test
    void aPaceFasterThanTheTicksIsKept() {
        Conversation large = new Conversation(new StreamSettings(1_000, 1 << 20, 1_000, 1 << 20, 0));
        large.camera().publishes(LongStream.rangeClosed(1, 1_000).toArray());
        Worker viewer =
                large.worker("viewer").autoAck().replay(null, false, 1_000).joins();

        for (int ticks = 0; ticks < 50; ticks++) {
            large.clock().advance(10_000_000);
            large.broker().tick();
        }

        assertThat(viewer.takesStock()).isEqualTo(501);
        large.comesOutEven();
    }
}
