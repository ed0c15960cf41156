package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The life of one frame, as its stream tells it. */
class ExplainTest {
    private final Conversation talk = new Conversation(Conversation.retention(2, 1 << 20, 0));
    private final Camera camera = talk.camera();
    private final long beginning = talk.clock().wallMicros();

    @AfterEach
    void comesOutEven() {
        talk.store().answerAtOnce();
        talk.comesOutEven();
    }

    /** Somebody who has asked, and may have to wait. */
    private static final class Asking implements Broker.Explained {
        private final long beginning;
        private List<FrameEvent> life;
        private BrokerException why;

        Asking(long beginning) {
            this.beginning = beginning;
        }

        @Override
        public void explained(List<FrameEvent> told) {
            assertThat(life).as("told twice").isNull();
            life = told;
        }

        @Override
        public void failed(BrokerException refusal) {
            why = refusal;
        }

        /** Lines as "milliseconds since the conversation began, what, group/consumer, attempt: detail". */
        List<String> hears() {
            assertThat(life).as("answer").isNotNull();
            return life.stream().map(this::line).toList();
        }

        private String line(FrameEvent event) {
            String where = event.group() + (event.consumerId().isEmpty() ? "" : "/" + event.consumerId());
            return (event.micros() == 0 ? "-" : String.valueOf((event.micros() - beginning + 500) / 1_000))
                    + " " + event.what()
                    + (where.isEmpty() ? "" : " " + where)
                    + (event.attempt() == 0 ? "" : " #" + event.attempt())
                    + (event.detail().isEmpty() ? "" : ": " + event.detail());
        }

        /** The lines without their details. */
        List<String> hearsInShort() {
            return hears().stream().map(line -> line.replaceFirst(": .*", "")).toList();
        }
    }

    private static Asking asks(Conversation talk, long generation, long ordinal, long beginning) {
        Asking asking = new Asking(beginning);
        talk.broker().explainFrame("cam", new FrameId(generation, ordinal), asking);
        return asking;
    }

    private Asking asks(long ordinal) {
        return asks(talk, 1, ordinal, beginning);
    }

    private void passes(long millis) {
        talk.passes(Duration.ofMillis(millis));
    }

    @Test
    void aFrameThatIsGivenUpIsToldWithWhyAndWhoSaidSo() {
        Worker worker = talk.worker("w1").of("detectors").attempts(2).joins();
        camera.publishes(1);
        passes(20);
        worker.settles(new Verdict.Retry(0, "blurred"), 1);
        passes(5);
        worker.settles(new Verdict.Retry(0, "no picture"), 1);

        assertThat(asks(1).hears())
                .contains(
                        "20 NACKED detectors/w1 #1: blurred, 20.000 ms after its delivery",
                        "25 DEAD_LETTERED detectors/w1 #2: MAX_ATTEMPTS: no picture, 5.000 ms after its delivery");
    }

    @Test
    void aFrameThatCannotBeADeadLetterYetIsPending() {
        talk.worker("w1").of("detectors").lease(1_000).attempts(1).joins();
        camera.publishes(1);
        talk.store().stream("cam").isFull(true);
        passes(1_000);

        assertThat(asks(1).hears())
                .contains(
                        "1000 LEASE_ENDED detectors/w1 #1: 1000.000 ms after its delivery",
                        "1000 PENDING detectors #1: no attempt is left; is a dead letter as soon as the store has read it"
                                + " and has room for the copy");
        talk.store().stream("cam").isFull(false);
        passes(100);

        assertThat(asks(1).hears())
                .contains(
                        "1100 DEAD_LETTERED detectors/w1 #1: MAX_ATTEMPTS: lease ended, 1100.000 ms after its delivery");
    }

    @Test
    void eachAttemptIsToldWithItsConsumerItsDurationAndHowItEnded() {
        Worker first = talk.worker("w1").of("detectors").lease(1_000).joins();
        passes(10);
        camera.publishes(1);
        first.receives(1);
        passes(20);
        first.nacks(5, 1);
        passes(5);
        first.receivesAgain(2, 1);
        first.isReady(false);
        passes(2_000);
        Worker second = talk.worker("w2").of("detectors").joins();
        second.receivesAgain(3, 1);
        passes(7);
        second.acks(1);
        passes(1);

        assertThat(asks(1).hears())
                .containsExactly(
                        "10 RECEIVED: from publisher \"camera-of-cam\", epoch 1, as sequence 1, 100 bytes",
                        "10 STORED",
                        "10 DELIVERED detectors/w1 #1",
                        "30 NACKED detectors/w1 #1: 20.000 ms after its delivery",
                        "35 DELIVERED detectors/w1 #2",
                        "1035 LEASE_ENDED detectors/w1 #2: 1000.000 ms after its delivery",
                        "2035 DELIVERED detectors/w2 #3",
                        "2042 ACKED detectors/w2 #3: 7.000 ms after its delivery",
                        "2043 RETAINED: in the store");
    }

    /** What ended a delivery used to be told behind the next one that began at the same time. */
    @Test
    void aFrameThatIsGivenBackAndOutAgainAtOnceIsToldInOrder() {
        Worker first = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        talk.worker("w2").of("detectors").joins();
        passes(10);
        first.leaves();

        assertThat(asks(1).hearsInShort())
                .containsSubsequence(
                        "0 DELIVERED detectors/w1 #1", "10 RELEASED detectors/w1 #1", "10 DELIVERED detectors/w2 #1");
    }

    @Test
    void eachGroupIsToldAsItStandsNow() {
        camera.publishes(1, 2);
        talk.worker("late").of("archive").from(new StartPosition.New()).joins();
        talk.worker("w1").of("detectors").window(1).lease(30_000).joins().losesItsConnection();
        talk.worker("w2").of("viewers").window(1).joins().acks(1);
        passes(1_000);

        assertThat(asks(1).hears())
                .containsExactly(
                        "0 RECEIVED: from publisher \"camera-of-cam\", epoch 1, as sequence 1, 100 bytes",
                        "0 STORED",
                        "0 DELIVERED detectors/w1 #1",
                        "0 DELIVERED viewers/w2 #1",
                        "0 ACKED viewers/w2 #1: 0.000 ms after its delivery",
                        "1000 RETAINED: in the store",
                        "1000 BEFORE_GROUP archive: the group begins behind frame 2",
                        "1000 PENDING detectors/w1 #1: in hand; its lease ends in PT29S; its connection is lost");
        assertThat(asks(2).hears())
                .endsWith(
                        "1000 BEFORE_GROUP archive: the group begins behind frame 2",
                        "1000 WAITING detectors: 0 frames of the stream come before it",
                        "1000 PENDING viewers/w2 #1: in hand; its lease ends in PT29S");
    }

    @Test
    void aFrameThatIsGoneIsToldUntilItsEnd() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        passes(5);
        detector.skips(1);
        camera.publishes(2, 3, 4);
        passes(10);
        detector.acks(2, 3, 4);

        assertThat(asks(1).hears())
                .containsExactly(
                        "0 RECEIVED: from publisher \"camera-of-cam\"",
                        "0 STORED",
                        "0 DELIVERED detectors/w1 #1",
                        "5 SKIPPED detectors/w1 #1: NOT_WANTED, 5.000 ms after its delivery",
                        "15 GONE: settled, purged or passed over, and beyond the stream's retention");
    }

    @Test
    void aLostConnectionIsToldAndWhoComesBackWithTheFrame() {
        Worker first = talk.worker("w1").of("detectors").joins();
        camera.publishes(1, 2);
        first.losesItsConnection();
        passes(100);
        Worker again = talk.worker("w1")
                .of("detectors")
                .holds(new Consumer.Held("cam", first.token(2), 1))
                .joins();
        again.receivesNothing();
        passes(50);
        again.settlesRun("cam", first.token(2), 1, Verdict.ACK);
        again.receivesAgain(2, 1);
        passes(10);
        again.acks(1);

        assertThat(asks(1).hears())
                .containsSubsequence(
                        "0 DELIVERED detectors/w1 #1",
                        "100 CONNECTION_LOST detectors/w1 #1: it came back without the frame, 100.000 ms after its"
                                + " delivery",
                        "150 DELIVERED detectors/w1 #2",
                        "160 ACKED detectors/w1 #2: 10.000 ms after its delivery");
        assertThat(asks(2).hears())
                .containsSubsequence(
                        "0 DELIVERED detectors/w1 #1",
                        "100 RESUMED detectors/w1 #1: 100.000 ms after its delivery",
                        "150 ACKED detectors/w1 #1: 150.000 ms after its delivery");
    }

    @Test
    void aConsumerThatDoesNotComeBackIsTold() {
        Worker first = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        first.losesItsConnection();
        passes(6_000);

        assertThat(asks(1).hears())
                .containsSubsequence(
                        "0 DELIVERED detectors/w1 #1",
                        "5000 CONNECTION_LOST detectors/w1 #1: 5000.000 ms after its delivery",
                        "6000 PENDING detectors #2: is due to be delivered again, and waits for a consumer, or for the"
                                + " store");
    }

    @Test
    void whatOperatorsDoIsTold() {
        talk.worker("w1").of("detectors").window(1).joins();
        camera.publishes(1, 2);
        passes(10);
        talk.broker().seekGroup("cam", "detectors", new StartPosition.New(), new Changed());
        passes(10);
        talk.broker().purgeStream("cam");
        passes(10);
        talk.broker().deleteGroup("cam", "detectors", true, new Deleted());

        assertThat(asks(1).hearsInShort())
                .containsExactly(
                        "0 RECEIVED",
                        "0 STORED",
                        "0 DELIVERED detectors/w1 #1",
                        "10 GROUP_MOVED detectors",
                        "10 RELEASED detectors/w1 #1",
                        "20 PURGED",
                        "20 GONE",
                        "30 GROUP_DELETED detectors");
    }

    @Test
    void theNewestFrameOfACallIsToldWithThoseThatItTookThePlaceOf() {
        Worker viewer = talk.worker("viewer").latest(0).window(1).joins();
        camera.publishes(1, 2, 3);
        passes(10);
        viewer.acks(1);
        viewer.receives(1, 3);

        assertThat(asks(2).hearsInShort()).containsExactly("0 RECEIVED", "0 STORED", "10 SKIPPED ~1", "10 RETAINED");
        assertThat(asks(3).hearsInShort())
                .containsExactly(
                        "0 RECEIVED", "0 STORED", "10 DELIVERED ~1/viewer #1", "10 ACKED ~1/viewer #1", "10 RETAINED");
    }

    @Test
    void aFrameOnItsWayToTheStoreIsTold() {
        talk.store().defer();
        camera.publishes(1);

        assertThat(asks(1).hears())
                .containsExactly(
                        "0 RECEIVED: from publisher \"camera-of-cam\"", "0 APPENDING: on its way to the store");
    }

    @Test
    void aFrameThatNeverWasIsNamedWithThoseThatAre() {
        assertThatThrownBy(() -> asks(1)).hasMessageContaining("no frame 1-1: it never had one");
        camera.publishes(1, 2, 3);

        assertThatThrownBy(() -> asks(4))
                .hasMessage("stream cam has no frame 1-4: it has 2 through 3, of generations up to 1");
        assertThatThrownBy(() -> asks(0)).hasMessageContaining("no frame 1-0");
        assertThatThrownBy(() -> asks(talk, 2, 3, beginning)).hasMessageContaining("no frame 2-3");
        assertThatThrownBy(() -> asks(talk, 0, 3, beginning)).hasMessageContaining("no frame 0-3");
    }

    // ---- what is known no more

    @Test
    void troublesOutliveWhatHappensToEveryFrame() {
        Worker detector = talk.worker("w1").of("detectors").joins();
        camera.publishes(1);
        passes(10);
        detector.nacks(0, 1);
        detector.acks(1);
        LongStream.rangeClosed(2, 2_000).forEach(ordinal -> {
            passes(2);
            camera.publishes(ordinal);
            detector.acks(ordinal);
        });

        assertThat(asks(1).hearsInShort())
                .containsSubsequence(
                        "0 RECEIVED",
                        "0 DELIVERED detectors/w1 #1",
                        "10 NACKED detectors/w1 #1",
                        "10 DELIVERED detectors/w1 #2",
                        "10 ACKED detectors/w1 #2")
                .anyMatch(line -> line.endsWith(" GONE"))
                .doesNotContain("0 STORED")
                .filteredOn(line -> line.contains("DIARY_BEGINS"))
                .hasSize(1);
        assertThat(asks(2).hearsInShort())
                .hasSize(3)
                .anyMatch(line -> line.endsWith(" GONE"))
                .anyMatch(line -> line.endsWith(" DIARY_BEGINS"))
                .endsWith("4008 SETTLED detectors");
        assertThat(asks(2_000).hearsInShort())
                .containsExactly(
                        "4008 RECEIVED",
                        "4008 STORED",
                        "4008 DELIVERED detectors/w1 #1",
                        "4008 ACKED detectors/w1 #1",
                        "4008 RETAINED");
    }

    @Test
    void whatWasBeforeTheBrokerStartedIsSaidToBeUnknown() {
        Conversation remembered = Conversation.thatIsRemembered();
        long start = remembered.clock().wallMicros();
        Camera before = remembered.camera();
        Worker first = remembered.worker("w1").of("detectors").window(1).joins();
        before.publishes(1, 2);
        remembered.passes(Duration.ofMillis(10));
        remembered.brokerCrashes();
        remembered.broker().openAll();
        remembered.passes(Duration.ofMillis(10));
        Worker again = remembered
                .worker("w1")
                .of("detectors")
                .window(1)
                .holds(new Consumer.Held("cam", first.token(1), 1))
                .joins();
        remembered.passes(Duration.ofMillis(10));

        Asking asking = asks(remembered, 1, 1, start);
        again.acks();

        assertThat(asking.hears())
                .containsExactly(
                        "0 RECEIVED: from publisher \"camera-of-cam\", epoch 1, as sequence 1, 100 bytes",
                        "10 DIARY_BEGINS: this broker opened the stream then; what was before is not known here",
                        "20 RESUMED detectors/w1 #1: delivered before this broker opened the stream",
                        "30 RETAINED: in the store",
                        "30 PENDING detectors/w1 #1: in hand; its lease ends in PT29.99S");
    }

    // ---- frames that are not in memory

    @Test
    void aFrameIsReadBackFirst() {
        camera.publishes(1);
        talk.store().stream("cam").makeCold(1);

        Asking asking = asks(1);
        assertThat(asking.life).isNull();
        talk.store().stream("cam").releaseReadable();

        assertThat(asking.hears())
                .startsWith("0 RECEIVED: from publisher \"camera-of-cam\", epoch 1, as sequence 1, 100 bytes");
        passes(60_000);
    }

    @Test
    void aStoreThatDoesNotReadBackIsNotWaitedForForEver() {
        camera.publishes(1);
        talk.store().stream("cam").makeCold(1);

        Asking asking = asks(1);
        passes(60_000);

        assertThat(asking.hears()).startsWith("0 RECEIVED: from publisher \"camera-of-cam\"", "0 STORED");
        talk.store().stream("cam").releaseReadable();
    }

    @Test
    void whoWaitsHearsThatTheStreamIsDeleted() {
        camera.publishes(1);
        talk.store().stream("cam").makeCold(1);

        Asking asking = asks(1);
        talk.broker().deleteStream("cam", true, new Deleted());

        assertThat(asking.life).isNull();
        assertThat(asking.why.reason()).isEqualTo("STREAM_DELETED");
    }
}
