package io.framebroker.client;

import static io.framebroker.client.ConsumeSide.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesRequest.KindCase;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.DeliveryOrder;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StreamsChanged;
import io.grpc.Status;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(300)
class FrameConsumerTest {
    private static final Duration HALF_LEASE = Duration.ofSeconds(ConsumeSide.LEASE_SECONDS / 2);

    private final FakeTimers timers = new FakeTimers();
    private final FakeBroker broker = new FakeBroker();
    private final FrameBrokerClient client = broker.client(timers);
    private final List<ReceivedFrame> seen = new ArrayList<>();

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void saysWhatItWants() {
        client.consumer("cam1", "cam2")
                .group("detector")
                .consumerId("gpu0")
                .window(8, 1 << 20)
                .lease(Duration.ofMillis(2500))
                .order(DeliveryOrder.DELIVERY_ORDER_STRICT)
                .fromEarliest()
                .metadataOnly()
                .limit(5)
                .onFrame(frame -> {});

        var open = broker.consumeCall().open();
        assertThat(open.getStreamsList()).containsExactly("cam1", "cam2");
        assertThat(open.getGroup()).isEqualTo("detector");
        assertThat(open.getConsumerId()).isEqualTo("gpu0");
        assertThat(open.getWindow().getMaxFrames()).isEqualTo(8);
        assertThat(open.getSettings().getLease().getNanos()).isEqualTo(500_000_000);
        assertThat(open.getSettings().getOrder()).isEqualTo(DeliveryOrder.DELIVERY_ORDER_STRICT);
        assertThat(open.getSettings().getStart().getEdge()).isEqualTo(StartEdge.START_EDGE_EARLIEST);
        assertThat(open.getPayload()).isEqualTo(PayloadMode.PAYLOAD_MODE_METADATA_ONLY);
        assertThat(open.getLimit()).isEqualTo(5);
    }

    @Test
    void hasNoOpinionOnWhatItWasNotTold() {
        client.consumer("cam1").group("g").onFrame(frame -> {});

        var open = broker.consumeCall().open();
        assertThat(open.hasSettings()).isFalse();
        assertThat(open.hasWindow()).isFalse();
        assertThat(open.getConsumerId()).isNotEmpty();
    }

    @Test
    void aFrameSaysWhereItComesFrom() {
        direct().onFrame(seen::add);

        broker.consumeCall().opened().deliver(17, 1);

        ReceivedFrame frame = seen.get(0);
        assertThat(frame.stream()).isEqualTo("cam1");
        assertThat(frame.group()).isEqualTo("detector");
        assertThat(frame.generation()).isEqualTo(1);
        assertThat(frame.ordinal()).isEqualTo(17);
        assertThat(frame.attempt()).isEqualTo(1);
        assertThat(frame.publisherId()).isEqualTo("camera");
        assertThat(frame.epoch()).isEqualTo(7);
        assertThat(frame.receivedTime()).isEqualTo(Instant.ofEpochSecond(1));
        assertThat(frame.header().getFrameId()).isEqualTo("f");
        assertThat(frame.payloadBytes()).containsExactly('x');
        assertThat(frame.payload().isReadOnly()).isTrue();
        assertThat(frame.payloadSize()).isEqualTo(1);
    }

    @Test
    void framesOfAMessageAreAcknowledgedTogether() {
        FrameConsumer consumer = direct().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 64);

        assertThat(call.settlements()).singleElement().satisfies(settlement -> {
            assertThat(settlement.hasAck()).isTrue();
            assertThat(settlement.getToken()).isEqualTo(token(1, 1));
            assertThat(settlement.getCount()).isEqualTo(64);
        });
        assertThat(consumer.stats().acked()).isEqualTo(64);
        assertThat(consumer.stats().settledOk()).isZero();
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(consumer.stats().settledOk()).isEqualTo(64);
        assertThat(consumer.stats().held()).isZero();
    }

    @Test
    void aHandlerThatThrowsAsksForAnotherAttemptAndSaysWhy() {
        direct().onFrame(frame -> {
            if (frame.ordinal() == 2) {
                throw new IllegalStateException("no model " + "m".repeat(2000));
            }
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 3);

        assertThat(call.settlements()).hasSize(3);
        Settlement failed = call.settlements().get(1);
        assertThat(failed.getToken().getOrdinal()).isEqualTo(2);
        assertThat(failed.getNack().getVerb()).isEqualTo(NackVerb.NACK_VERB_RETRY);
        assertThat(failed.getNack().hasRetryAfter()).isFalse();
        assertThat(failed.getNack().getReason())
                .startsWith("java.lang.IllegalStateException: no model")
                .hasSize(1024);
    }

    @Test
    void theFirstVerdictCounts() {
        FrameConsumer consumer = direct().onFrame(frame -> {
            switch ((int) frame.ordinal()) {
                case 1 -> frame.retry(Duration.ofMillis(1500), "busy");
                case 2 -> frame.release();
                case 3 -> frame.skip("NIGHT");
                case 4 -> frame.deadLetter("broken");
                default -> frame.ack();
            }
            frame.ack();
            assertThat(frame.settled()).isTrue();
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 5);

        assertThat(call.settlements())
                .extracting(settlement -> settlement.hasAck()
                        ? "ACK"
                        : settlement.getNack().getVerb().name())
                .containsExactly(
                        "NACK_VERB_RETRY", "NACK_VERB_RELEASE", "NACK_VERB_SKIP", "NACK_VERB_DEAD_LETTER", "ACK");
        assertThat(call.settlements().get(0).getNack().getRetryAfter().getNanos())
                .isEqualTo(500_000_000);
        assertThat(consumer.stats().acked()).isEqualTo(1);
        assertThat(consumer.stats().nacked()).isEqualTo(4);
    }

    @Test
    void aDamagedFrameIsNotHandledAndComesAgain() {
        FrameConsumer consumer = direct().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliverDamaged(1);

        assertThat(seen).isEmpty();
        assertThat(consumer.stats().corrupt()).isEqualTo(1);
        assertThat(call.settlements().get(0).getNack().getReason()).isEqualTo("CRC_MISMATCH");
    }

    @Test
    void leasesOfWhatIsHeldAreExtendedAtHalfTime() {
        FrameConsumer consumer = manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 10);
        seen.get(4).ack();

        timers.advance(HALF_LEASE.minusMillis(1));
        assertThat(call.extensions()).isEmpty();
        timers.advance(Duration.ofSeconds(1));
        assertThat(call.extensions()).extracting(HeldDeliveries::getCount).containsExactly(4, 5);

        call.settled(1, 4, SettleOutcome.SETTLE_OUTCOME_OK);
        call.settled(6, 5, SettleOutcome.SETTLE_OUTCOME_OK);
        timers.advance(HALF_LEASE.minusSeconds(2));
        assertThat(call.extensions()).hasSize(2);
        timers.advance(Duration.ofSeconds(3));
        assertThat(call.extensions()).hasSize(4);
        assertThat(consumer.stats().held()).isEqualTo(9);
    }

    /** The answer to an extension used to be at risk of being taken for that of the settlement behind it. */
    @Test
    void theAnswerToAnExtensionConfirmsNoSettlement() {
        FrameConsumer consumer = manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 1);
        timers.advance(HALF_LEASE.plusSeconds(1));
        seen.get(0).ack();

        call.settled(1, 1, SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(consumer.stats().settledOk()).isZero();
        call.settled(1, 1, SettleOutcome.SETTLE_OUTCOME_OK);

        assertThat(consumer.stats().settledOk()).isEqualTo(1);
    }

    @Test
    void aLostLeaseMakesALaterVerdictStale() {
        FrameConsumer consumer = manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 2);
        timers.advance(HALF_LEASE.plusSeconds(1));

        call.settled(1, 1, SettleOutcome.SETTLE_OUTCOME_STALE);
        call.settled(2, 1, SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(seen.get(0).settled()).isTrue();
        assertThat(seen.get(1).settled()).isFalse();
        seen.get(0).ack();
        seen.get(1).ack();

        assertThat(call.settlements())
                .extracting(settlement -> settlement.getToken().getOrdinal())
                .containsExactly(2L);
        assertThat(consumer.stats().stale()).isEqualTo(1);
    }

    @Test
    void withoutExtensionAFrameWhoseTimeRanOutBeforeItsHandlerBeganIsLeftToOthers() {
        FrameConsumer consumer = direct().autoExtend(false).onFrame(frame -> {
            seen.add(frame);
            timers.advance(Duration.ofSeconds(ConsumeSide.LEASE_SECONDS));
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 3);

        assertThat(seen).hasSize(1);
        assertThat(consumer.stats().expiredHere()).isEqualTo(2);
        assertThat(call.settlements())
                .singleElement()
                .satisfies(settlement -> assertThat(settlement.getCount()).isEqualTo(1));
        assertThat(consumer.stats().held()).isZero();
    }

    @Test
    void afterALostConnectionWhatIsHeldStaysAndWhatWasNotConfirmedIsSaidAgain() {
        FrameConsumer consumer = manual();
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver(1, 6);
        seen.get(0).ack();
        seen.get(1).ack();
        first.settled(1, 1, SettleOutcome.SETTLE_OUTCOME_OK);
        first.end(Status.UNAVAILABLE);
        seen.get(2).ack();

        timers.advance(Duration.ofMillis(100));
        ConsumeSide second = broker.consumeCall();
        assertThat(second.open().getConsumerId()).isEqualTo(first.open().getConsumerId());
        assertThat(second.open().getHeldList()).singleElement().satisfies(held -> {
            assertThat(held.getToken()).isEqualTo(token(2, 1));
            assertThat(held.getCount()).isEqualTo(5);
        });
        assertThat(second.settlements()).isEmpty();
        second.opened();
        second.settled(2, 5, SettleOutcome.SETTLE_OUTCOME_OK);

        assertThat(second.settlements()).singleElement().satisfies(settlement -> {
            assertThat(settlement.getToken()).isEqualTo(token(2, 1));
            assertThat(settlement.getCount()).isEqualTo(2);
        });
        second.settled(2, 2, SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED);
        assertThat(consumer.stats().settledOk()).isEqualTo(3);
        assertThat(consumer.stats().held()).isEqualTo(3);
        assertThat(consumer.stats().reconnects()).isEqualTo(1);
    }

    /** The broker would refuse a longer list, and for good: what is not listed comes again as a later attempt. */
    @Test
    void noMoreRunsAreHeldOnToThanTheBrokerTakes() {
        FrameConsumer consumer = manual();
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver("cam1", 1, LongStream.range(0, 5000).map(i -> 1 + 2 * i).toArray());

        ConsumeSide second = lost(first);

        assertThat(second.open().getHeldCount()).isEqualTo(4096);
        assertThat(second.open().getHeld(4095).getToken()).isEqualTo(token(1 + 2 * 4095, 1));
        second.opened();
        ReceivedFrame unlisted = seen.get(4096);
        unlisted.ack();
        second.settled(unlisted.ordinal(), 1, SettleOutcome.SETTLE_OUTCOME_STALE);
        assertThat(consumer.stats().stale()).isEqualTo(1);
    }

    /** A broker that keeps nothing has lost the group after a restart, and would make it anew behind the newest frame. */
    @Test
    void aConsumerThatComesBackSaysWhereItsGroupIsToStartIfItIsGone() {
        direct().lease(Duration.ofSeconds(5)).onFrame(seen::add);
        ConsumeSide first = broker.consumeCall();
        assertThat(first.open().getSettings().hasStart()).isFalse();
        first.opened();
        first.deliverReceivedAt(3_000_000, 1);
        first.deliverReceivedAt(7_999_999, 2);
        first.deliverReceivedAt(5_000_000, 3);

        ConsumeSide second = lost(first);

        assertThat(startMicros(second)).isEqualTo(8_000_000);
        assertThat(second.open().getSettings().getLease().getSeconds()).isEqualTo(5);
        assertThat(startMicros(lost(second.opened()))).isEqualTo(8_000_000);
    }

    @Test
    void aConsumerThatGotNothingStartsWhereItWasFirstOpened() {
        direct().onFrame(seen::add);
        ConsumeSide first = lost(broker.consumeCall());
        assertThat(first.open().hasSettings()).as("it was never open").isFalse();
        timers.setEpochMicros(1_800_000_000_123_456L);
        first.opened();
        timers.setEpochMicros(1_800_000_001_000_000L);

        ConsumeSide second = lost(first);

        assertThat(startMicros(second)).isEqualTo(1_800_000_000_123_456L);
        assertThat(startMicros(lost(second.opened()))).isEqualTo(1_800_000_000_123_456L);
    }

    @Test
    void aStartThatWasAskedForStays() {
        direct().fromEarliest().onFrame(seen::add);
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver(1, 1);

        assertThat(lost(first).open().getSettings().getStart().getEdge()).isEqualTo(StartEdge.START_EDGE_EARLIEST);
    }

    /** A stream that came into being meanwhile may have frames older than the last one of another. */
    @Test
    void withGlobsAConsumerThatComesBackStartsNewStreamsWhereItWasFirstOpened() {
        client.consumer("cam*").group("detector").direct().onFrame(seen::add);
        timers.setEpochMicros(5_000_000);
        ConsumeSide first = broker.consumeCall().opened();
        first.deliverReceivedAt(6_000_000, 1);
        first.deliverReceivedAt(7_000_000, 2);
        ConsumeSide second = lost(first);
        assertThat(second.open().getStreamsList()).containsExactly("cam*");
        assertThat(startMicros(second)).isEqualTo(5_000_000);

        // By the broker's clock it was earlier.
        second.opened().deliverReceivedAt(4_000_000, 3);

        assertThat(startMicros(lost(second))).isEqualTo(4_000_000);
    }

    @Test
    void streamsThatComeAndGoAreTold() {
        List<StreamsChanged> told = new ArrayList<>();
        client.consumer("cam*").group("g").direct().onStreamsChanged(told::add).onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();
        try (HeardLog log = new HeardLog(ConsumeSession.class)) {
            call.streamsChanged(StreamsChanged.newBuilder().addAdded("cam7"));
            call.deliver("cam7", 1, 1);
            call.streamsChanged(
                    StreamsChanged.newBuilder().addRemoved("cam7").setLeftOut(2).setLeftOutReason("full"));

            assertThat(seen).extracting(ReceivedFrame::stream).containsExactly("cam7");
            assertThat(told).hasSize(2);
            assertThat(told.get(0).getAddedList()).containsExactly("cam7");
            assertThat(log.events())
                    .filteredOn(event -> event.getLevel() == Level.WARN)
                    .singleElement()
                    .satisfies(event ->
                            assertThat(event.getFormattedMessage()).endsWith("2 streams match and are left out: full"));
        }
    }

    @Test
    void onlyADurableGroupIsTakenUpWhereItWasLeft() {
        client.consumer("cam1").direct().onFrame(seen::add);
        ConsumeSide own = broker.consumeCall().opened();
        own.deliver(1, 1);
        assertThat(lost(own).open().hasSettings()).isFalse();

        direct().mode(ConsumeMode.CONSUME_MODE_LATEST).onFrame(seen::add);
        ConsumeSide latest = broker.consumeCall().opened();
        latest.deliver(1, 1);
        assertThat(lost(latest).open().hasSettings()).isFalse();
    }

    @Test
    void theEndOfACallIsLoggedInOneLine() {
        Status away = Status.UNAVAILABLE.withDescription("io exception").withCause(new ConnectException("refused"));
        client.consumer("cam1").consumerId("gpu0").direct().onFrame(seen::add);
        try (HeardLog log = new HeardLog(ConsumeSession.class)) {
            broker.consumeCall().opened().end(away);

            assertThat(log.events())
                    .filteredOn(event -> event.getLevel() == Level.INFO)
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.getFormattedMessage())
                                .isEqualTo("consumer gpu0 of cam1: call ended: UNAVAILABLE: io exception");
                        assertThat(event.getThrowableProxy()).isNull();
                    });
        }
    }

    @Test
    void whatTheBrokerGaveAwayMeanwhileIsNotOursAnyMore() {
        FrameConsumer consumer = manual();
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver(1, 2);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        ConsumeSide second = broker.consumeCall().opened();
        second.settled(1, 2, SettleOutcome.SETTLE_OUTCOME_STALE);

        assertThat(seen).allMatch(ReceivedFrame::settled);
        assertThat(consumer.stats().held()).isZero();
    }

    /** Tokens of a group that ended with its call could name other deliveries in the next one. */
    @Test
    void deliveriesOfAGroupOfItsOwnEndWithTheCall() {
        FrameConsumer consumer = client.consumer("cam1").direct().manualSettle().onFrame(seen::add);
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver(1, 2);
        seen.get(0).ack();
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));

        ConsumeSide second = broker.consumeCall().opened();
        seen.get(1).ack();

        assertThat(second.open().getHeldCount()).isZero();
        assertThat(second.settlements()).isEmpty();
        assertThat(consumer.stats().stale()).isEqualTo(1);
    }

    @Test
    void aDrainingBrokerGetsItsSettlementsAndIsComeBackToSoon() {
        manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 1);

        call.drain();
        assertThat(call.halfClosed()).isFalse();
        seen.get(0).ack();
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(call.halfClosed()).isTrue();
        call.end();
        timers.advance(Duration.ofMillis(100));

        assertThat(broker.consumeCall().open().getHeldCount()).isZero();
    }

    /** It used to be handled, while another consumer had it too, as the same attempt. */
    @Test
    void whatComesBehindTheHalfCloseIsNotHandled() {
        manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.drain();
        assertThat(call.halfClosed()).isTrue();

        call.deliver(1, 1);
        call.end();
        timers.advance(Duration.ofMillis(100));

        assertThat(seen).isEmpty();
        assertThat(broker.consumeCall().open().getHeldCount()).isZero();
    }

    @Test
    void aBrokerThatFallsSilentIsLeft() {
        direct().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        timers.advance(Duration.ofSeconds(30));
        call.heartbeat();
        timers.advance(Duration.ofSeconds(34));
        assertThat(call.cancelled()).isFalse();
        timers.advance(Duration.ofSeconds(2));

        assertThat(call.cancelled()).isTrue();
        timers.advance(Duration.ofMillis(100));
        assertThat(broker.called()).isTrue();
    }

    @Test
    void windowAndPauseAreSaidAtOnceAndKeptOverReconnects() {
        FrameConsumer consumer = direct().window(10, 0).onFrame(seen::add);
        ConsumeSide first = broker.consumeCall().opened();

        consumer.window(3, 1000);
        consumer.pause();
        assertThat(first.heard())
                .extracting(ConsumeFramesRequest::getKindCase)
                .containsExactly(KindCase.WINDOW, KindCase.PAUSE);
        first.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));
        ConsumeSide second = broker.consumeCall().opened();

        assertThat(second.open().getWindow().getMaxFrames()).isEqualTo(3);
        assertThat(second.heard()).extracting(ConsumeFramesRequest::getKindCase).containsExactly(KindCase.PAUSE);
        consumer.resume();
        assertThat(second.heard())
                .extracting(ConsumeFramesRequest::getKindCase)
                .containsExactly(KindCase.PAUSE, KindCase.RESUME);
    }

    @Test
    void gapsHeartbeatsAndResultsArePassedOn() {
        List<String> heard = new ArrayList<>();
        direct().onGap(gap -> heard.add(gap.getReason() + " " + gap.getCount()))
                .onHeartbeat(heartbeat -> heard.add("heartbeat"))
                .onSettled(result -> heard.add(result.getOutcome().name()))
                .onFrame(frame -> {});
        ConsumeSide call = broker.consumeCall().opened();

        call.gap("MAX_AGE", 5);
        call.heartbeat();
        call.deliver(1, 1);
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_GONE);

        assertThat(heard).containsExactly("MAX_AGE 5", "heartbeat", "SETTLE_OUTCOME_GONE");
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            names = {"FAILED_PRECONDITION", "INVALID_ARGUMENT", "PERMISSION_DENIED", "UNIMPLEMENTED"})
    void whatCannotBeMendedEndsTheConsumerWithAClearWord(Status.Code code) {
        FrameConsumer consumer = direct().onFrame(seen::add);

        broker.consumeCall().end(FakeBroker.failure(code, "SOME_REASON", null));

        assertThat(consumer.done())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(FrameBrokerException.class)
                .withMessageContaining("cam1")
                .withMessageContaining("said the broker");
        timers.advance(Duration.ofMinutes(1));
        assertThat(broker.called()).isFalse();
    }

    @Test
    void whatIsDeliveredUnderAutoAckIsNotSettled() {
        FrameConsumer consumer = direct().autoAck().onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliverAutoAcked(1, 2, 3);

        assertThat(seen).hasSize(3).allMatch(ReceivedFrame::settled);
        assertThat(call.heard()).isEmpty();
        assertThat(consumer.closeAsync()).isCompleted();
        assertThat(call.cancelled()).as("a half-close would not end it").isTrue();
    }

    @Test
    void theEndOfALimitedCallIsTheEndOfTheConsumer() {
        FrameConsumer consumer = direct().limit(2).onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 2);
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(consumer.done()).isNotDone();
        call.end();

        assertThat(consumer.done()).isCompleted();
        timers.advance(Duration.ofMinutes(1));
        assertThat(broker.called()).isFalse();
    }

    @Test
    void theEndOfAReplayIsTheEndOfTheConsumer() {
        FrameConsumer consumer = client.consumer("cam1")
                .mode(ConsumeMode.CONSUME_MODE_REPLAY)
                .direct()
                .onFrame(seen::add);
        ConsumeSide lost = broker.consumeCall().opened();
        lost.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofMillis(100));
        ConsumeSide call = broker.consumeCall().opened();
        assertThat(consumer.done()).as("a broken call is no end").isNotDone();

        call.end();

        assertThat(consumer.done()).isCompleted();
        timers.advance(Duration.ofMinutes(1));
        assertThat(broker.called()).isFalse();
    }

    @Test
    void aReplayThatFollowsHasNoEnd() {
        client.consumer("cam1")
                .mode(ConsumeMode.CONSUME_MODE_REPLAY)
                .follow()
                .direct()
                .onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();
        assertThat(call.open().getFollow()).isTrue();

        call.end();
        timers.advance(Duration.ofMinutes(1));

        assertThat(broker.called()).isTrue();
    }

    @Test
    void whatIsLeftOfALimitIsAskedForAfterALostConnection() {
        direct().limit(10).onFrame(seen::add);
        ConsumeSide first = broker.consumeCall().opened();
        first.deliver(1, 4);
        first.end(Status.UNAVAILABLE);

        timers.advance(Duration.ofMillis(100));

        assertThat(broker.consumeCall().open().getLimit()).isEqualTo(6);
    }

    @Test
    void closeWaitsForConfirmationsAndEndsTheCallWell() {
        FrameConsumer consumer = manual();
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 1);

        CompletableFuture<Void> closed = consumer.closeAsync();
        assertThat(call.heard())
                .singleElement()
                .satisfies(said -> assertThat(said.hasPause())
                        .as("what goes back is not to come again")
                        .isTrue());
        call.deliver(2, 3);
        assertThat(call.settlements())
                .singleElement()
                .satisfies(settlement -> assertThat(settlement.getNack().getVerb())
                        .as("what comes now goes back")
                        .isEqualTo(NackVerb.NACK_VERB_RELEASE));
        seen.get(0).ack();
        assertThat(call.halfClosed()).isFalse();
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        assertThat(call.halfClosed()).isTrue();
        call.end();

        assertThat(closed).isCompleted();
        assertThat(consumer.done()).isCompleted();
        assertThat(seen).hasSize(1);
    }

    @Test
    void closeIsBoundedAndLeavesTheRestToTheBroker() {
        FrameConsumer consumer =
                direct().manualSettle().closeTimeout(Duration.ofSeconds(3)).onFrame(seen::add);
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 1);

        CompletableFuture<Void> closed = consumer.closeAsync();
        timers.advance(Duration.ofSeconds(3));

        assertThat(closed).isCompleted();
        assertThat(call.halfClosed()).as("gives back what is open").isTrue();
        assertThat(seen.get(0).settled()).isTrue();
    }

    @Test
    void aHandlerMayCloseItsConsumer() {
        FrameConsumer[] consumer = new FrameConsumer[1];
        consumer[0] = direct().onFrame(frame -> consumer[0].close());
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 1);
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        call.end();

        assertThat(consumer[0].done()).isCompleted();
    }

    @Test
    void aConsumerNeedsAStream() {
        assertThatThrownBy(client::consumer).isInstanceOf(IllegalArgumentException.class);
    }

    /** The call that comes after this one was lost. */
    private ConsumeSide lost(ConsumeSide call) {
        call.end(Status.UNAVAILABLE);
        timers.advance(Duration.ofSeconds(1));
        return broker.consumeCall();
    }

    private static long startMicros(ConsumeSide call) {
        var time = call.open().getSettings().getStart().getTime();
        return time.getSeconds() * 1_000_000 + time.getNanos() / 1_000;
    }

    private FrameConsumer.Builder direct() {
        return client.consumer("cam1").group("detector").direct();
    }

    private FrameConsumer manual() {
        return direct().manualSettle().onFrame(seen::add);
    }
}
