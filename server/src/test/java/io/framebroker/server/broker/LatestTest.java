package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Those who want the newest frame and no other. */
class LatestTest {
    private final Conversation talk = new Conversation(new StreamSettings(100, 1 << 20, 10, 1 << 20, 0));
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void whoeverIsDoneGetsTheNewestFrameAndHearsWhatItReplaced() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        camera.publishes(1, 2, 3, 4, 5);
        viewer.receives(1);
        viewer.hearsNothing();

        viewer.acks(1);

        viewer.receives(5);
        viewer.hears("1-1/1 OK", "gap of 3 CONFLATED: 1-2 through 1-4");
    }

    @Test
    void whoeverKeepsUpGetsThemAll() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();

        for (long sequence = 1; sequence <= 5; sequence++) {
            camera.publishes(sequence);
            viewer.receives(sequence);
            viewer.acks(sequence);
        }

        assertThat(viewer.missed()).isZero();
    }

    @Test
    void aStalledConsumerHoldsNeitherTheCameraNorRetention() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();

        camera.publishes(LongStream.rangeClosed(1, 500).toArray());

        camera.mayGoOn();
        assertThat(talk.stream().frames()).isEqualTo(10);
        viewer.receives(1);
        viewer.hasOutstanding(1);
        viewer.acks(1);
        viewer.receives(500);
        viewer.hears("1-1/1 OK", "gap of 498 CONFLATED: 1-2 through 1-499");
    }

    @Test
    void theLedgerNamesWhatWasPassedOver() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        camera.publishes(LongStream.rangeClosed(1, 30).toArray());
        viewer.acks(1);

        Ledger.OfGroup ledger = talk.broker().ledger("cam").groups().get(0);

        assertThat(ledger.acked()).isEqualTo(2);
        assertThat(ledger.skipped()).containsOnlyKeys("CONFLATED").containsEntry("CONFLATED", 28L);
    }

    @Test
    void aFrameThatIsNotDoneNeverComesAgain() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        camera.publishes(1);
        viewer.receives(1);

        viewer.nacks(0, 1);

        viewer.hears("1-1/1 OK");
        viewer.hasOutstanding(0);
        talk.passes(Duration.ofMinutes(1));
        viewer.receivesNothing();
        camera.publishes(2);
        viewer.receives(2);
    }

    @Test
    void aFrameThatIsNeverSettledGivesItsRoomBackWithItsLease() {
        Worker viewer = talk.worker("viewer").window(1).lease(2_000).latest(0).joins();
        camera.publishes(1, 2, 3);
        viewer.receives(1);
        talk.passes(Duration.ofMillis(1_900));
        viewer.extendsLeaseOf(1);
        talk.passes(Duration.ofMillis(1_900));
        viewer.receivesNothing();

        talk.passes(Duration.ofMillis(200));

        viewer.receives(3);
        viewer.hears("1-1/1 OK", "gap of 1 CONFLATED: 1-2 through 1-2");
        viewer.acks(1);
        viewer.hears("1-1/1 ALREADY_SETTLED");
        viewer.hasOutstanding(1);
    }

    @Test
    void onlyWhatIsHeldCanBeSettled() {
        Worker viewer = talk.worker("viewer").window(2).latest(0).joins();
        camera.publishes(1, 2, 3);
        viewer.receives(1, 2);

        viewer.settlesRun("cam", new Token(1, 1, 1), 100_000, Verdict.ACK);
        viewer.settlesRun("cam", new Token(1, 1, 1), 2, Verdict.ACK);
        viewer.settlesRun("cam", new Token(2, 3, 1), 1, Verdict.ACK);
        viewer.settlesRun("cam", new Token(1, 3, 2), 1, Verdict.ACK);
        viewer.settlesRun("cam", new Token(1, Long.MAX_VALUE, 1), 1, Verdict.ACK);

        viewer.receives(3);
        viewer.hears(
                "1-1/1 through 2 OK",
                "1-3/1 through 100000 UNKNOWN_TOKEN",
                "1-1/1 through 2 ALREADY_SETTLED",
                "2-3/1 UNKNOWN_TOKEN",
                "1-3/2 UNKNOWN_TOKEN",
                "1-9223372036854775807/1 UNKNOWN_TOKEN");
        viewer.hasOutstanding(1);
    }

    @Test
    void whoeverReadsSlowlyGetsTheNewestFrameWhenItReads() {
        Worker viewer = talk.worker("viewer").autoAck().latest(0).joins();
        camera.publishes(1);
        viewer.isReady(false);
        camera.publishes(2, 3, 4);

        viewer.isReady(true);

        viewer.receives(1, 4);
        viewer.hears("gap of 2 CONFLATED: 1-2 through 1-3");
        viewer.hasOutstanding(0);
    }

    /** A busy stream would take the room of the quiet one, and its second frame would be old when its turn comes. */
    @Test
    void eachStreamHasItsShareOfTheWindow() {
        Camera yard = talk.camera("yard");
        Worker viewer =
                talk.worker("viewer").takes("cam", "yard").window(2).latest(0).joins();

        camera.publishes(1, 2, 3);
        viewer.receives(1);
        yard.publishes(1, 2);
        viewer.receivesOn("yard", 1);

        viewer.acks(1);
        viewer.receives(3);
    }

    @Test
    void itBeginsWithTheNextFrameOrWithTheNewestThereIs() {
        camera.publishes(1, 2, 3);

        Worker next =
                talk.worker("next").from(new StartPosition.New()).latest(0).joins();
        Worker newest = talk.worker("newest").latest(0).joins();

        next.receivesNothing();
        newest.receives(3);
        camera.publishes(4);
        next.receives(4);
        next.hearsNothing();
    }

    @Test
    void theCallEndsAtItsLimitOnceThatIsSettled() {
        Worker viewer = talk.worker("viewer").window(1).limit(2).latest(0).joins();
        camera.publishes(1, 2, 3);
        viewer.acks(1);
        viewer.receives(1, 3);
        camera.publishes(4);
        viewer.forgetsWhatItHeard();

        viewer.acks(3);

        viewer.receivesNothing();
        viewer.hears("1-3/1 OK", "finished");
    }

    @Test
    void aDurableGroupIsNotTouched() {
        assertThatThrownBy(() -> talk.worker("viewer").of("detector").latest(0).joins())
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("open.group")
                .hasMessageContaining("detector")
                .hasMessageContaining("leave it out");
        assertThat(talk.broker().streams()).hasSize(1);
    }

    // ---- video

    @Test
    void videoThatIsKeptUpWithComesWhole() {
        Worker viewer = talk.worker("viewer").window(3).latest(0).joins();

        camera.publishes(Frames.of(1, 100), Frames.delta(2), Frames.delta(3));
        viewer.receives(1, 2, 3);
        viewer.acks(1, 2, 3);
        camera.publishes(Frames.delta(4));

        viewer.receives(4);
        assertThat(viewer.missed()).isZero();
    }

    @Test
    void videoGoesOnWithAKeyframeOnceSomethingWasPassedOver() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        camera.publishes(Frames.of(1, 100));
        camera.publishes(Frames.delta(2));
        camera.publishes(Frames.delta(3));
        viewer.acks(1);
        viewer.receives(1);
        camera.publishes(Frames.delta(4));
        viewer.receivesNothing();

        camera.publishes(Frames.of(5, 100));

        viewer.receives(5);
        viewer.hears("1-1/1 OK", "gap of 3 AWAITING_KEYFRAME: 1-2 through 1-4");
    }

    @Test
    void theNewestKeyframeIsTakenWhenNothingBehindItCanBeDecoded() {
        Worker viewer = talk.worker("viewer").window(1).latest(0).joins();
        camera.publishes(Frames.of(1, 100));
        camera.publishes(Frames.delta(2));
        camera.publishes(Frames.of(3, 100));
        camera.publishes(Frames.delta(4));

        viewer.acks(1);

        viewer.receives(1, 3);
        viewer.acks(3);
        viewer.receives(4);
        viewer.hears("1-1/1 OK", "gap of 1 CONFLATED: 1-2 through 1-2", "1-3/1 OK");
    }

    @Test
    void whoeverJoinsInTheMiddleOfVideoWaitsForAKeyframe() {
        camera.publishes(Frames.of(1, 100), Frames.delta(2));
        Worker viewer =
                talk.worker("viewer").from(new StartPosition.New()).latest(0).joins();
        camera.publishes(Frames.delta(3));
        viewer.receivesNothing();

        camera.publishes(Frames.of(4, 100), Frames.delta(5));

        viewer.receives(4, 5);
        viewer.hears("gap of 1 AWAITING_KEYFRAME: 1-3 through 1-3");
    }

    // ---- pace

    @Test
    void atMostSoManyComeInASecondAndEvenly() {
        Worker viewer = talk.worker("viewer").autoAck().latest(10).joins();
        List<Long> times = new ArrayList<>();
        long start = talk.clock().nanos();
        for (long sequence = 1; sequence <= 300; sequence++) {
            camera.publishes(sequence);
            for (int millis = 0; millis < 10; millis++) {
                for (int taken = viewer.takesStock(); taken > 0; taken--) {
                    times.add((talk.clock().nanos() - start) / 1_000_000);
                }
                talk.passes(Duration.ofMillis(1));
            }
        }

        assertThat(times)
                .containsExactlyElementsOf(
                        LongStream.range(0, 30).mapToObj(i -> i * 100).toList());
        camera.publishes(301);
        talk.passes(Duration.ofMillis(100));
        assertThat(30 + viewer.takesStock() + viewer.missed()).isEqualTo(301);
    }

    @Test
    void whatComesTooSoonIsGivenWhenItsTimeHasCome() {
        Worker viewer = talk.worker("viewer").autoAck().latest(1).joins();
        camera.publishes(1, 2);
        viewer.receives(1);

        talk.passes(Duration.ofSeconds(1));

        viewer.receives(2);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0.0001, 1e7, Double.NaN, Double.POSITIVE_INFINITY})
    void aPaceHasItsBounds(double maxFps) {
        assertThatThrownBy(() -> new Mode.Latest(maxFps))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("open.max_fps")
                .hasMessageContaining(String.valueOf(maxFps));
    }

    // ---- the sum

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void whatComesAndWhatIsToldToBePassedOverIsAllThereWas(long seed) {
        Random random = new Random(seed);
        boolean video = random.nextBoolean();
        int window = 1 + random.nextInt(4);
        Worker.Opening opening = talk.worker("viewer").window(window).lease(1_000);
        Worker viewer = opening.latest(random.nextBoolean() ? 0 : 1 + random.nextInt(50))
                .joins();
        List<Long> got = new ArrayList<>();
        long published = 0;
        for (int step = 0; step < 400; step++) {
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    FrameContent[] batch = new FrameContent[1 + random.nextInt(6)];
                    for (int i = 0; i < batch.length; i++) {
                        published++;
                        boolean key = !video || random.nextInt(8) == 0;
                        batch[i] = key ? Frames.of(published, 100) : Frames.delta(published);
                    }
                    camera.publishes(batch);
                }
                case 2 -> viewer.isReady(random.nextBoolean());
                case 3 -> {
                    if (!got.isEmpty()) {
                        viewer.acks(got.get(random.nextInt(got.size())));
                    }
                }
                default -> talk.passes(Duration.ofMillis(random.nextInt(300)));
            }
            got.addAll(viewer.takesOrdinals());
            assertThat(viewer.call().window().outstandingFrames()).isBetween(0, window);
            if (!got.isEmpty()) {
                assertThat(got.size() + viewer.missed())
                        .as("seed %d, step %d: through %d", seed, step, got.get(got.size() - 1))
                        .isGreaterThanOrEqualTo(got.get(got.size() - 1));
            }
        }
        viewer.isReady(true);
        talk.passes(Duration.ofSeconds(2));
        camera.publishes(Frames.of(++published, 100));
        talk.passes(Duration.ofSeconds(2));
        got.addAll(viewer.takesOrdinals());

        assertThat(got).as("seed %d", seed).isSorted().doesNotHaveDuplicates().endsWith(published);
        assertThat(got.size() + viewer.missed()).as("seed %d", seed).isEqualTo(published);
    }
}
