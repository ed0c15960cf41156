package io.framebroker.client;

import static io.framebroker.client.PublishSide.exception;
import static io.framebroker.v1.FrameOutcome.FRAME_OUTCOME_DROPPED;
import static io.framebroker.v1.FrameOutcome.FRAME_OUTCOME_DUPLICATE;
import static io.framebroker.v1.FrameOutcome.FRAME_OUTCOME_REJECTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.v1.Codec;
import io.framebroker.v1.Demand;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.LostFrames;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishReport;
import io.framebroker.v1.PublishWindow;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class FramePublisherTest {
    private final FakeTimers timers = new FakeTimers();
    private final FakeBroker broker = new FakeBroker();
    private final FrameBrokerClient client = broker.client(timers);
    private final HeardOutcomes heard = new HeardOutcomes();

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void saysWhoItIsBeforeAnythingElse() {
        publisher().publisherId("north").epoch(7).maxFrameBytes(1000).open();

        PublishSide call = broker.publishCall();
        assertThat(call.open().getStream()).isEqualTo("cam1");
        assertThat(call.open().getPublisherId()).isEqualTo("north");
        assertThat(call.open().getEpoch()).isEqualTo(7);
        assertThat(call.open().getMaxFrameBytes()).isEqualTo(1000);
    }

    @Test
    void hasAStableIdAndAnEpochOfItsOwnByDefault() {
        FramePublisher first = publisher().open();
        FramePublisher second = publisher().open();

        assertThat(first.publisherId()).isEqualTo(second.publisherId()).endsWith("/cam1");
        assertThat(second.epoch()).isGreaterThan(first.epoch());
    }

    @Test
    void framesPublishedBeforeTheBrokerAnswersGoOutInOneMessage() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall();
        publish(publisher, 3);
        assertThat(call.sequences()).isEmpty();

        call.opened();

        assertThat(call.sequences()).containsExactly(1L, 2L, 3L);
        assertThat(call.batchSizes()).containsExactly(3);
    }

    @Test
    void aFrameGoesOutAtOnceWhenNothingHoldsItBack() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();

        assertThat(publisher.publish(frame())).isEqualTo(1);
        assertThat(publisher.publish(frame())).isEqualTo(2);

        assertThat(call.batchSizes()).containsExactly(1, 1);
        assertThat(call.messages().get(0).get(0).crcMatches()).isTrue();
        assertThat(call.messages().get(0).get(0).declaredCrc32c()).isNotZero();
    }

    @Test
    void aListOfSmallFramesIsOneMessage() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();

        assertThat(publisher.publish(
                        IntStream.range(0, 64).mapToObj(i -> frame()).toList()))
                .isEqualTo(64);

        assertThat(call.batchSizes()).containsExactly(64);
    }

    @Test
    void aMessageHoldsAtMost256FramesAnd256Kilobytes() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall();
        publish(publisher, 300);
        IntStream.range(0, 4).forEach(i -> publisher.publish(OutgoingFrame.jpeg(new byte[100_000])));
        publisher.publish(OutgoingFrame.jpeg(new byte[400_000]));

        call.opened();

        assertThat(call.batchSizes()).containsExactly(256, 46, 2, 1);
    }

    @Test
    void aMessageIsNoLargerThanTheBrokerAllows() {
        FramePublisher publisher = publisher().open();
        publish(publisher, 100);

        PublishSide call = broker.publishCall()
                .opened(PublishOpened.newBuilder().setWindow(PublishSide.WIDE).setMaxMessageBytes(200));

        assertThat(call.sequences()).hasSize(100);
        assertThat(call.messages())
                .allSatisfy(frames -> assertThat(frames.stream()
                                .mapToInt(frame -> frame.serializedBytes() + 2)
                                .sum())
                        .isLessThan(195));
    }

    @Test
    void framesGatherWhileTheTransportIsNotReady() {
        broker.stopReading();
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 10);
        assertThat(call.sequences()).isEmpty();

        call.readOn();

        assertThat(call.batchSizes()).containsExactly(10);
    }

    @Test
    void theWindowCountsFramesThatAreNotAcknowledged() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened(window(3, 1000));
        publish(publisher, 10);
        assertThat(call.sequences()).containsExactly(1L, 2L, 3L);

        call.ack(2);

        assertThat(call.sequences()).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(publisher.stats().stored()).isEqualTo(2);
        assertThat(publisher.stats().unacked()).isEqualTo(8);
    }

    @Test
    void atHighRatesSmallFramesWaitForTheNextAckAndGoTogether() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 256);
        assertThat(call.sequences()).hasSize(256);

        publish(publisher, 255);
        assertThat(call.sequences()).hasSize(256);
        call.ack(10);
        assertThat(call.batchSizes()).endsWith(1, 255);
        publish(publisher, 256);

        assertThat(call.batchSizes()).endsWith(255, 256);
    }

    @Test
    void aFrameLargerThanTheWindowPassesWhenNothingIsOutstanding() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened(window(100, 50));
        publisher.publish(frame());
        publisher.publish(OutgoingFrame.jpeg(new byte[500]));
        publisher.publish(frame());
        assertThat(call.sequences()).containsExactly(1L);

        call.ack(1);
        assertThat(call.sequences()).containsExactly(1L, 2L);
        call.ack(2);

        assertThat(call.sequences()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void waitsWhileTheBrokerAsksToAndSaysWhy() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();

        call.window(0, 0, "group detector: 1000 of 1000 frames unsettled");
        publish(publisher, 2);
        assertThat(call.sequences()).isEmpty();
        assertThat(publisher.stats().waitReason()).startsWith("group detector");
        call.window(10, 1000, "");

        assertThat(call.batchSizes()).containsExactly(2);
        assertThat(heard.events)
                .containsSubsequence("waiting: group detector: 1000 of 1000 frames unsettled", "resumed");
    }

    @Test
    void anAckIsForEveryFrameButTheExceptions() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 5);

        call.ack(0, exception(4, FRAME_OUTCOME_REJECTED, "CRC_MISMATCH"));
        call.ack(
                5, exception(2, FRAME_OUTCOME_DROPPED, "OVERFLOW"), exception(3, FRAME_OUTCOME_DUPLICATE, "DUPLICATE"));

        assertThat(heard.failures)
                .containsOnly(Map.entry(2L, PublishFailure.DROPPED_BY_BROKER), Map.entry(4L, PublishFailure.REJECTED));
        assertThat(heard.reasons).containsEntry(4L, "CRC_MISMATCH");
        assertThat(heard.storedThrough()).isEqualTo(5);
        PublisherStats stats = publisher.stats();
        assertThat(stats.stored()).isEqualTo(3);
        assertThat(stats.duplicates()).isEqualTo(1);
        assertThat(stats.rejected()).isEqualTo(1);
        assertThat(stats.droppedByBroker()).isEqualTo(1);
        assertThat(stats.unacked()).isZero();
    }

    /** 4 is that of a frame taken before of which the broker no longer knows what became of it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 4, 99})
    void anOutcomeThatSaysNothingOfTheFrameIsUnknownAndNotStored(int outcome) {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 4);

        first.ack(2, exception(1, outcome, "OUTCOME_LOST"));
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));
        broker.publishCall().opened(4, exception(4, outcome, "OUTCOME_LOST"));

        assertThat(heard.failures)
                .containsOnly(Map.entry(1L, PublishFailure.UNKNOWN), Map.entry(4L, PublishFailure.UNKNOWN));
        assertThat(heard.reasons).containsEntry(1L, "OUTCOME_LOST");
        assertThat(publisher.stats().unknown()).isEqualTo(2);
        assertThat(publisher.stats().stored()).isEqualTo(2);
        assertThat(publisher.stats().unacked()).isZero();
        assertThat(publisher.flush()).isCompleted();
    }

    @Test
    void flushCompletesWhenEverythingSoFarHasItsOutcome() {
        FramePublisher publisher = publisher().open();
        assertThat(publisher.flush()).isCompleted();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 3);
        CompletableFuture<Void> flush = publisher.flush();
        publish(publisher, 2);

        call.ack(2);
        assertThat(flush).isNotDone();
        call.ack(2, exception(3, FRAME_OUTCOME_REJECTED, "FIELD_INVALID"));

        assertThat(flush).isCompleted();
        assertThat(publisher.flush()).isNotDone();
    }

    @Test
    void afterALostConnectionWhatTheBrokerDoesNotHaveIsSentAgain() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 5);
        first.ack(1);
        first.end(Status.UNAVAILABLE);
        publish(publisher, 1);

        timers.advance(Duration.ofMillis(100));
        PublishSide second = broker.publishCall().opened(3);

        assertThat(second.sequences()).containsExactly(4L, 5L, 6L);
        assertThat(publisher.stats().stored()).isEqualTo(3);
        assertThat(publisher.stats().reconnects()).isEqualTo(1);
        assertThat(second.open().getEpoch()).isEqualTo(first.open().getEpoch());
        assertThat(heard.events).containsSubsequence("connected", "disconnected UNAVAILABLE", "connected");
    }

    @Test
    void whatALostAckSaidIsLearntWhenTheCallIsOpenedAgain() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 4);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        broker.publishCall().opened(4, exception(2, FRAME_OUTCOME_REJECTED, "CRC_MISMATCH"));

        assertThat(heard.failures).containsOnlyKeys(2L);
        assertThat(publisher.stats().stored()).isEqualTo(3);
        assertThat(publisher.stats().rejected()).isEqualTo(1);
    }

    @Test
    void whatMayBeMissingInAFullListOfExceptionsIsUnknownAndNotStored() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publisher.publish(IntStream.range(0, 512).mapToObj(i -> frame()).toList());
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        broker.publishCall()
                .opened(
                        512,
                        IntStream.rangeClosed(253, 508)
                                .mapToObj(sequence -> exception(sequence, FRAME_OUTCOME_DROPPED, "OVERFLOW"))
                                .toArray(io.framebroker.v1.FrameException[]::new));

        assertThat(publisher.stats().unknown()).isEqualTo(252);
        assertThat(publisher.stats().droppedByBroker()).isEqualTo(256);
        assertThat(publisher.stats().stored()).isEqualTo(4);
        assertThat(heard.failures).containsEntry(252L, PublishFailure.UNKNOWN);
    }

    @Test
    void aResentFrameThatWasStoredAfterAllCountsOnce() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 1);
        first.end(Status.INTERNAL);
        timers.advance(Duration.ofMillis(100));

        PublishSide second = broker.publishCall().opened(0);
        second.ack(1, exception(1, FRAME_OUTCOME_DUPLICATE, "DUPLICATE"));

        assertThat(publisher.stats().stored()).isEqualTo(1);
        assertThat(publisher.stats().sent()).isEqualTo(2);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void anAckForWhatWasNotSentInTheCallIsVoid() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 2);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));
        PublishSide second = broker.publishCall();

        second.ack(2);

        assertThat(publisher.stats().stored())
                .as("nothing was sent in this call")
                .isZero();
    }

    @Test
    void theBackoffDoublesWithFullJitterAndStartsAgainWhenAConnectionIsOfUse() {
        FramePublisher publisher = publisher().open();
        for (int millis : new int[] {100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000}) {
            broker.publishCall().end(Status.UNAVAILABLE);
            assertThat(timers.untilNext()).isEqualTo(Duration.ofMillis(millis));
            timers.advance(Duration.ofMillis(millis));
        }

        PublishSide call = broker.publishCall().opened();
        publish(publisher, 1);
        call.ack(1);
        call.end(Status.UNAVAILABLE);

        assertThat(timers.untilNext()).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void staysAwayForAsLongAsTheBrokerAsks() {
        publisher().open();

        broker.publishCall().end(FakeBroker.failure(Status.Code.RESOURCE_EXHAUSTED, "MEMORY", Duration.ofSeconds(5)));

        assertThat(timers.untilNext()).isEqualTo(Duration.ofMillis(5_100));
    }

    @Test
    void anotherLivePublisherIsWaitedFor() {
        publisher().open();

        broker.publishCall().end(FakeBroker.failure(Status.Code.ALREADY_EXISTS, "PUBLISHER_LIVE", null));
        timers.advance(Duration.ofMillis(100));

        assertThat(broker.called()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            names = {"FAILED_PRECONDITION", "INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "UNIMPLEMENTED"})
    void whatCannotBeMendedEndsThePublisherWithAClearWord(Status.Code code) {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened(window(2, 1000));
        publish(publisher, 3);
        CompletableFuture<Void> flush = publisher.flush();

        call.end(FakeBroker.failure(code, "SOME_REASON", null));

        assertThatThrownBy(() -> publisher.publish(frame())).isInstanceOfSatisfying(FrameBrokerException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.reason()).isEqualTo("SOME_REASON");
            assertThat(e).hasMessageContaining("cam1").hasMessageContaining("said the broker");
        });
        assertThat(heard.failures)
                .containsEntry(1L, PublishFailure.UNKNOWN)
                .containsEntry(2L, PublishFailure.UNKNOWN)
                .containsEntry(3L, PublishFailure.DROPPED_HERE);
        assertThat(flush).isCompleted();
        timers.advance(Duration.ofMinutes(1));
        assertThat(broker.called()).isFalse();
    }

    @Test
    void aFencedPublisherDoesNotComeBack() {
        FramePublisher publisher = publisher().open();

        broker.publishCall().opened().end(FakeBroker.failure(Status.Code.ABORTED, "PUBLISHER_FENCED", null));
        timers.advance(Duration.ofMinutes(1));

        assertThat(broker.called()).isFalse();
        assertThatThrownBy(() -> publisher.publish(frame())).hasMessageContaining("newer publisher");
    }

    /** Frames of an earlier process with the same epoch used to be taken for one's own: they would be told as stored. */
    @Test
    void anEpochThatWasUsedBeforeIsRefusedInsteadOfTakenForStored() {
        FramePublisher publisher = publisher().epoch(5).open();
        publish(publisher, 10);

        PublishSide call = broker.publishCall().opened(1000);

        assertThat(call.cancelled()).isTrue();
        assertThat(publisher.stats().stored()).isZero();
        assertThat(publisher.stats().droppedHere()).isEqualTo(10);
        assertThatThrownBy(() -> publisher.publish(frame())).hasMessageContaining("epoch that grows");
    }

    @Test
    void aResumingPublisherSendsOnlyWhatTheBrokerDoesNotHaveAndKnowsWhatBecameOfTheRest() {
        FramePublisher publisher = resuming().open();
        LongStream.of(10, 20, 30, 40, 50).forEach(sequence -> publisher.publish(frame().sequence(sequence)));

        PublishSide call = broker.publishCall().opened(30, exception(20, FRAME_OUTCOME_REJECTED, "CRC_MISMATCH"));

        assertThat(call.sequences()).containsExactly(40L, 50L);
        assertThat(heard.storedThrough()).isEqualTo(30);
        assertThat(heard.failures).isEqualTo(Map.of(20L, PublishFailure.REJECTED));
        assertThat(publisher.stats().duplicates()).isEqualTo(2);
        call.ack(50);
        assertThat(heard.storedThrough()).isEqualTo(50);
        assertThat(publisher.stats().stored()).isEqualTo(4);
        assertThat(publisher.stats().unacked()).isZero();
    }

    @Test
    void whatTheBrokerHasIsNotSentEitherWhenItComesBehindTheAnswer() {
        FramePublisher publisher = resuming().open();
        PublishSide call = broker.publishCall().opened(30, exception(20, FRAME_OUTCOME_DROPPED, "OVERFLOW"));

        LongStream.of(10, 20, 30, 31).forEach(sequence -> publisher.publish(frame().sequence(sequence)));

        assertThat(call.sequences()).containsExactly(31L);
        assertThat(heard.storedThrough()).isEqualTo(30);
        assertThat(heard.failures).isEqualTo(Map.of(20L, PublishFailure.DROPPED_BY_BROKER));
        assertThat(publisher.flush()).isNotDone();
    }

    /** What a broker said before it was restarted used to hold for its successor, which has nothing. */
    @Test
    void whatOneCallSaidOfEarlierFramesIsForgottenWithIt() {
        FramePublisher publisher = resuming().open();
        broker.publishCall().opened(30).end(Status.UNAVAILABLE);
        publisher.publish(frame().sequence(10));
        assertThat(heard.storedThrough()).isZero();
        timers.advance(Duration.ofMillis(100));

        PublishSide second = broker.publishCall().opened(0);

        assertThat(second.sequences()).containsExactly(10L);
    }

    @Test
    void ofFramesBelowAFullListOfExceptionsAResumingPublisherSaysThatItDoesNotKnow() {
        FramePublisher publisher = resuming().open();
        publisher.publish(frame().sequence(1));
        publisher.publish(frame().sequence(2_000));

        broker.publishCall()
                .opened(
                        2_000,
                        LongStream.range(1_000, 1_256)
                                .mapToObj(sequence -> exception(sequence, FRAME_OUTCOME_REJECTED, "CRC_MISMATCH"))
                                .toArray(FrameException[]::new));

        assertThat(heard.failures).isEqualTo(Map.of(1L, PublishFailure.UNKNOWN));
        assertThat(publisher.stats().stored()).isEqualTo(1);
    }

    @Test
    void sequencesOfAResumingPublisherGrow() {
        FramePublisher publisher = resuming().open();
        publisher.publish(frame().sequence(7));

        assertThatThrownBy(() -> publisher.publish(frame().sequence(7)))
                .hasMessageContaining("sequence 7")
                .hasMessageContaining("has published 7");
        assertThatThrownBy(() -> publisher.publish(frame())).hasMessageContaining("sequence 0");
        assertThat(publisher.stats().published()).isEqualTo(1);
    }

    @Test
    void aPublisherThatNumbersFramesItselfTakesNoneThatHasANumber() {
        FramePublisher publisher = publisher().open();

        assertThatThrownBy(() -> publisher.publish(frame().sequence(7)))
                .hasMessageContaining("open it with resuming()");
    }

    @Test
    void aResumingPublisherNeedsANameThatLasts() {
        assertThatThrownBy(() -> publisher().resuming().epoch(1).open()).hasMessageContaining("stay the same");
        assertThatThrownBy(() -> publisher().resuming().publisherId("x").open()).hasMessageContaining("stay the same");
    }

    /** Numbered from 1 again, its reports used to be taken for those of its predecessor, and were lost. */
    @Test
    void reportsOfAResumingPublisherGoOnBehindThoseOfItsPredecessor() {
        FramePublisher publisher = resuming().open();
        CompletableFuture<Void> told = publisher.report("SOURCE_TRIMMED", 3, false);

        PublishSide call = broker.publishCall()
                .opened(PublishOpened.newBuilder().setWindow(PublishSide.WIDE).setLastReportId(5));

        assertThat(call.reports()).extracting(PublishReport::getReportId).containsExactly(6L);
        assertThat(told).isNotDone();
        call.ackReport(6);
        assertThat(told).isCompleted();
    }

    @Test
    void aReportOfWhichNobodySaidThatItIsInTheLedgerIsNotCalledTold() {
        FramePublisher publisher =
                publisher().closeTimeout(Duration.ofSeconds(1)).open();
        broker.publishCall().opened();
        CompletableFuture<Void> told = publisher.report("SOURCE_DISCONNECTED", 1, false);

        publisher.closeAsync();
        timers.advance(Duration.ofMinutes(1));

        assertThat(told).isCompletedExceptionally();
    }

    @Test
    void aFullRingDropsTheOldestThatWasNeverSentAndReportsIt() {
        FramePublisher publisher = publisher().ringFrames(3).open();
        PublishSide call = broker.publishCall();
        publish(publisher, 5);
        assertThat(heard.failures).containsOnlyKeys(1L, 2L);

        call.opened();

        assertThat(call.sequences()).containsExactly(3L, 4L, 5L);
        assertThat(call.reports()).singleElement().satisfies(report -> {
            assertThat(report.getReportId()).isEqualTo(1);
            assertThat(report.getLostList())
                    .containsExactly(LostFrames.newBuilder()
                            .setReason("RING_FULL")
                            .setCount(2)
                            .build());
        });
    }

    @Test
    void aFrameThatWasSentIsNeverDroppedForItMayBeStored() {
        FramePublisher publisher = publisher().ringFrames(3).open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 3);

        publish(publisher, 1);

        assertThat(heard.failures).containsOnlyKeys(4L);
        call.ack(3);
        assertThat(publisher.stats().stored()).isEqualTo(3);
    }

    @Test
    void dropNewestKeepsWhatIsThere() {
        FramePublisher publisher =
                publisher().ringFrames(2).whenFull(WhenFull.DROP_NEWEST).open();
        publish(publisher, 4);

        PublishSide call = broker.publishCall().opened();

        assertThat(call.sequences()).containsExactly(1L, 2L);
        assertThat(heard.failures).containsOnlyKeys(3L, 4L);
    }

    @Test
    void theRingIsBoundedInBytesToo() {
        FramePublisher publisher = publisher().ringBytes(1000).open();
        IntStream.range(0, 4).forEach(i -> publisher.publish(OutgoingFrame.jpeg(new byte[400])));

        assertThat(heard.failures).containsOnlyKeys(1L, 2L);
        assertThat(publisher.publish(OutgoingFrame.jpeg(new byte[5000]))).isEqualTo(5);

        assertThat(heard.failures).containsOnlyKeys(1L, 2L, 3L, 4L);
        assertThat(publisher.stats().ringFrames())
                .as("a larger one passes alone")
                .isEqualTo(1);
    }

    @Test
    void withADroppedFrameGoesEverythingThatDependsOnIt() {
        FramePublisher publisher = publisher().ringFrames(4).open();
        publisher.publish(h264(true));
        publisher.publish(h264(false));
        publisher.publish(h264(false));
        publisher.publish(h264(true));
        publisher.publish(h264(false));

        PublishSide call = broker.publishCall().opened();

        assertThat(call.sequences()).containsExactly(4L, 5L);
        assertThat(heard.failures).containsOnlyKeys(1L, 2L, 3L);
    }

    @Test
    void withNothingToStandOnAFrameIsDroppedUntilAKeyframeComes() {
        FramePublisher publisher = publisher().ringFrames(2).open();
        publisher.publish(h264(true));
        publisher.publish(h264(false));
        publisher.publish(h264(false));
        publisher.publish(h264(false));
        publisher.publish(h264(true));
        publisher.publish(h264(false));

        PublishSide call = broker.publishCall().opened();

        assertThat(call.sequences()).containsExactly(5L, 6L);
        assertThat(publisher.stats().droppedHere()).isEqualTo(4);
    }

    @Test
    void blockWaitsForRoom() throws Exception {
        FramePublisher publisher =
                publisher().ringFrames(1).whenFull(WhenFull.BLOCK).open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 1);

        CompletableFuture<Long> waiting = CompletableFuture.supplyAsync(() -> publisher.publish(frame()));
        Eventually.await(
                "room for the second frame",
                () -> {
                    call.ack(1);
                    return waiting.isDone();
                },
                publisher::stats);

        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void whoeverWaitsForRoomIsToldThatThePublisherClosed() {
        FramePublisher publisher =
                publisher().ringFrames(1).whenFull(WhenFull.BLOCK).open();
        publish(publisher, 1);

        CompletableFuture<Long> waiting = CompletableFuture.supplyAsync(() -> publisher.publish(frame()));
        publisher.closeAsync();

        assertThat(waiting)
                .failsWithin(Duration.ofSeconds(60))
                .withThrowableThat()
                .withMessageContaining("is closed");
    }

    @Test
    void aFrameAboveTheLimitIsDroppedHereAndReported() {
        FramePublisher publisher = publisher().maxFrameBytes(1000).open();
        PublishSide call = broker.publishCall()
                .opened(PublishOpened.newBuilder().setWindow(PublishSide.WIDE).setMaxFrameBytes(500));

        publisher.publish(OutgoingFrame.jpeg(new byte[600]));
        publisher.publish(frame());

        assertThat(heard.reasons).containsOnly(Map.entry(1L, "FRAME_TOO_LARGE"));
        assertThat(call.sequences()).containsExactly(2L);
        assertThat(call.reports().get(0).getLost(0).getReason()).isEqualTo("FRAME_TOO_LARGE");
    }

    @Test
    void aFrameThatTurnsOutToBeTooLargeIsDroppedWhenTheBrokerSaysSo() {
        FramePublisher publisher = publisher().open();
        publisher.publish(OutgoingFrame.jpeg(new byte[600]));
        publisher.publish(frame());

        PublishSide call = broker.publishCall()
                .opened(PublishOpened.newBuilder().setWindow(PublishSide.WIDE).setMaxFrameBytes(500));

        assertThat(heard.reasons).containsOnly(Map.entry(1L, "FRAME_TOO_LARGE"));
        assertThat(call.sequences()).containsExactly(2L);
        assertThat(call.reports()).hasSize(1);
    }

    @Test
    void aReportIsSentAgainUntilTheBrokerHasIt() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publisher.report("SOURCE_DISCONNECTED", 25, true);
        publisher.report("SOURCE_DISCONNECTED", 5, false);
        assertThat(first.reports()).hasSize(1);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        PublishSide second = broker.publishCall().opened();
        assertThat(second.reports()).isEqualTo(first.reports());
        second.ackReport(1);

        assertThat(second.reports()).extracting(report -> report.getReportId()).containsExactly(1L, 2L);
        assertThat(second.reports().get(1).getLost(0).getCount()).isEqualTo(5);
    }

    @Test
    void aReportTheBrokerHasIsNotSentAgain() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publisher.report("SOURCE_DISCONNECTED", 25, true);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        PublishSide second = broker.publishCall()
                .opened(PublishOpened.newBuilder().setWindow(PublishSide.WIDE).setLastReportId(1));

        assertThat(second.reports()).isEmpty();
    }

    @Test
    void aDrainingBrokerGetsNothingMoreAndIsComeBackToSoon() {
        FramePublisher publisher = publisher().open();
        PublishSide first = broker.publishCall().opened();
        publish(publisher, 2);

        first.drain();
        publish(publisher, 1);
        assertThat(first.sequences()).containsExactly(1L, 2L);
        assertThat(first.halfClosed()).isTrue();
        first.ack(2);
        first.end();
        timers.advance(Duration.ofMillis(100));

        assertThat(broker.publishCall().opened(2).sequences()).containsExactly(3L);
        assertThat(publisher.stats().stored()).isEqualTo(2);
    }

    @Test
    void aCallThatDoesNotEndAfterADrainIsGivenUp() {
        publisher().open();
        PublishSide call = broker.publishCall().opened();
        call.drain();

        timers.advance(Duration.ofSeconds(16));

        assertThat(call.cancelled()).isTrue();
        assertThat(broker.called()).isTrue();
    }

    @Test
    void anOpenThatIsNotAnsweredIsGivenUp() {
        publisher().open();
        PublishSide call = broker.publishCall();

        timers.advance(Duration.ofSeconds(15));
        assertThat(call.cancelled()).isTrue();
        timers.advance(Duration.ofMillis(100));

        assertThat(broker.called()).isTrue();
    }

    @Test
    void closeWaitsForOutcomesAndEndsTheCallWell() {
        FramePublisher publisher = publisher().open();
        PublishSide call = broker.publishCall().opened();
        publish(publisher, 2);

        CompletableFuture<Void> closed = publisher.closeAsync();
        assertThat(call.halfClosed()).isFalse();
        assertThatThrownBy(() -> publisher.publish(frame())).isInstanceOf(IllegalStateException.class);
        call.ack(2);
        assertThat(call.halfClosed()).isTrue();
        call.end();

        assertThat(closed).isCompleted();
        publisher.close();
        assertThat(publisher.stats().stored()).isEqualTo(2);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void whatHasNoOutcomeWhenClosingTakesTooLongIsUnknown() {
        FramePublisher publisher =
                publisher().closeTimeout(Duration.ofSeconds(3)).open();
        PublishSide call = broker.publishCall().opened(window(1, 1000));
        publish(publisher, 2);

        CompletableFuture<Void> closed = publisher.closeAsync();
        timers.advance(Duration.ofSeconds(3));

        assertThat(closed).isCompleted();
        assertThat(heard.failures)
                .containsEntry(1L, PublishFailure.UNKNOWN)
                .containsEntry(2L, PublishFailure.DROPPED_HERE);
        assertThat(call.halfClosed()).isTrue();
        timers.advance(Duration.ofSeconds(5));
        assertThat(call.cancelled()).isTrue();
    }

    @Test
    void closingWithoutABrokerStillTriesUntilTheTimeout() {
        FramePublisher publisher = publisher().open();
        publish(publisher, 1);
        broker.publishCall().end(Status.UNAVAILABLE);

        CompletableFuture<Void> closed = publisher.closeAsync();
        timers.advance(Duration.ofMillis(100));
        PublishSide call = broker.publishCall().opened();
        call.ack(1);
        call.end();

        assertThat(closed).isCompleted();
        assertThat(publisher.stats().stored()).isEqualTo(1);
    }

    @Test
    void anIdlePublisherClosesAtOnce() {
        FramePublisher publisher = publisher().open();
        broker.publishCall().end(Status.UNAVAILABLE);

        assertThat(publisher.closeAsync()).isCompleted();
        timers.advance(Duration.ofMinutes(1));
        assertThat(broker.called()).isFalse();
    }

    @Test
    void demandIsPassedOnAndKept() {
        FramePublisher publisher = publisher().open();
        assertThat(publisher.demand()).isEmpty();
        PublishSide call = broker.publishCall().opened(window(8, 1 << 20).setDemand(Demand.getDefaultInstance()));
        assertThat(publisher.demand()).contains(Demand.getDefaultInstance());
        Demand wanted = Demand.newBuilder()
                .setConsumers(2)
                .setGroups(1)
                .setWantedFps(2.5)
                .build();

        call.demand(wanted);

        assertThat(heard.events).containsSubsequence("connected", "demand 0/0@0.0", "demand 2/1@2.5");
        assertThat(publisher.demand()).contains(wanted);
    }

    @Test
    void demandStaysOverALostConnectionUntilItIsToldAnew() {
        FramePublisher publisher = publisher().open();
        Demand wanted = Demand.newBuilder().setConsumers(2).build();
        PublishSide call = broker.publishCall().opened(window(8, 1 << 20).setDemand(wanted));

        call.end(Status.UNAVAILABLE);
        assertThat(publisher.demand()).contains(wanted);
        timers.advance(Duration.ofMillis(100));
        broker.publishCall().opened(window(8, 1 << 20).setDemand(Demand.getDefaultInstance()));

        assertThat(publisher.demand()).contains(Demand.getDefaultInstance());
        assertThat(heard.events).containsSubsequence("demand 2/0@0.0", "disconnected UNAVAILABLE", "demand 0/0@0.0");
    }

    /** It used to be told of as if nobody wanted the stream. */
    @Test
    void demandThatABrokerDoesNotTellIsNotKnown() {
        FramePublisher publisher = publisher().open();

        broker.publishCall().opened(window(8, 1 << 20));

        assertThat(publisher.demand()).isEmpty();
        assertThat(heard.events).containsExactly("connected");
    }

    @Test
    void aListenerThatThrowsHarmsNobody() {
        FramePublisher publisher = client.publisher("cam1")
                .listener(new PublishListener() {
                    @Override
                    public void connected(PublishOpened opened) {
                        throw new IllegalStateException("oops");
                    }
                })
                .open();
        PublishSide call = broker.publishCall().opened();

        publish(publisher, 1);

        assertThat(call.sequences()).containsExactly(1L);
    }

    private FramePublisher.Builder publisher() {
        return client.publisher("cam1").listener(heard);
    }

    private FramePublisher.Builder resuming() {
        return publisher().publisherId("bridge").epoch(1).resuming();
    }

    private static PublishOpened.Builder window(int frames, long bytes) {
        return PublishOpened.newBuilder()
                .setWindow(PublishWindow.newBuilder().setMaxFrames(frames).setMaxBytes(bytes));
    }

    private static void publish(FramePublisher publisher, int count) {
        IntStream.range(0, count).forEach(i -> publisher.publish(frame()));
    }

    private static OutgoingFrame frame() {
        return OutgoingFrame.jpeg(new byte[] {1, 2, 3});
    }

    private static OutgoingFrame h264(boolean keyframe) {
        return OutgoingFrame.of(Codec.CODEC_H264, new byte[] {1}).keyframe(keyframe);
    }
}
