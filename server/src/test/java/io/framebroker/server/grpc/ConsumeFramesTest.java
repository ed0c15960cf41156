package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Extend;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.Pause;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.Resume;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ConsumeFramesTest {
    private static final SettleOutcome OK = SettleOutcome.SETTLE_OUTCOME_OK;
    private static final SettleOutcome REJECTED = SettleOutcome.SETTLE_OUTCOME_REJECTED;

    private static void publish(EdgeBroker broker, String stream, long first, long last) {
        var camera = broker.publish(Say.open(stream));
        camera.say(Say.frames(first, last));
        camera.halfClose();
        camera.endsWell();
    }

    /** Takes deliveries until there are so many. */
    private static List<Delivery> take(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int frames) {
        List<Delivery> taken = new ArrayList<>();
        while (taken.size() < frames) {
            taken.addAll(consumer.next(ConsumeFramesResponse::hasDeliveries)
                    .getDeliveries()
                    .getDeliveriesList());
        }
        assertThat(taken).hasSize(frames);
        return taken;
    }

    private static List<SettleResult> results(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int count) {
        List<SettleResult> results = new ArrayList<>();
        while (results.size() < count) {
            results.addAll(consumer.next(ConsumeFramesResponse::hasSettled)
                    .getSettled()
                    .getResultsList());
        }
        assertThat(results).hasSize(count);
        return results;
    }

    @Test
    void openIsAnsweredWithTheNamesAndSettingsInForce() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer = broker.consume();
            consumer.say(Say.consume(
                    Say.consumer("gate", "detector", 7).addStreams("yard").addStreams("gate")));

            ConsumeOpened opened = consumer.next().getOpened();

            assertThat(opened.getConsumerId()).isNotEmpty();
            assertThat(opened.getGroup()).isEqualTo("detector");
            assertThat(opened.getStreamsList()).containsExactly("gate", "yard");
            assertThat(opened.getWindow().getMaxFrames()).isEqualTo(7);
            assertThat(opened.getWindow().getMaxBytes()).isEqualTo(64 << 20);
            assertThat(opened.getSettings().getLease().getSeconds()).isEqualTo(30);
            assertThat(opened.getResumeGrace().getSeconds()).isEqualTo(600);
        }
    }

    @Test
    void framesComeInOrderAsTheyWerePublishedAndAreSettledOnce() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 1000)));
            publish(broker, "gate", 1, 500);

            List<Delivery> taken = take(consumer, 500);

            assertThat(taken)
                    .extracting(Delivery::getFrame)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 500).mapToObj(Say::frame).toList());
            assertThat(taken)
                    .extracting(delivery -> delivery.getToken().getOrdinal())
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 500).boxed().toList());
            assertThat(taken).allSatisfy(delivery -> {
                assertThat(delivery.getToken().getAttempt()).isEqualTo(1);
                assertThat(delivery.getSequence())
                        .isEqualTo(delivery.getFrame().getHeader().getSequence());
                assertThat(delivery.getReceivedTime().getSeconds()).isPositive();
            });
            consumer.say(Say.settle(Say.ackOf("gate", taken.get(0).getToken(), 500)));
            assertThat(results(consumer, 1).get(0).getOutcome()).isEqualTo(OK);
            consumer.say(Say.settle(Say.ackOf("gate", taken.get(0).getToken(), 500)));
            assertThat(results(consumer, 1).get(0).getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED);
            assertThat(broker.core().ledger("gate").groups().get(0).acked()).isEqualTo(500);
        }
    }

    @Test
    void theWindowStopsDeliveriesUntilSomethingIsSettledOrItGrows() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 10);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 2)));

            List<Delivery> two = take(consumer, 2);
            assertThat(broker.core().ledger("gate").groups().get(0).waiting()).isEqualTo(8);
            consumer.say(Say.ack("gate", two.get(1).getToken()));
            assertThat(take(consumer, 1).get(0).getSequence()).isEqualTo(3);
            consumer.say(Say.window(5, 0));
            assertThat(take(consumer, 3)).extracting(Delivery::getSequence).containsExactly(4L, 5L, 6L);
        }
    }

    @Test
    void nacksSendBackReleaseOrSkip() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            List<Delivery> three = take(consumer, 3);

            consumer.say(Say.settle(
                    nack(three.get(0), NackVerb.NACK_VERB_RETRY)
                            .setNack(Nack.newBuilder()
                                    .setVerb(NackVerb.NACK_VERB_RETRY)
                                    .setRetryAfter(Duration.getDefaultInstance())),
                    nack(three.get(1), NackVerb.NACK_VERB_RELEASE),
                    nack(three.get(2), NackVerb.NACK_VERB_SKIP)));

            // A frame may be back before the last result is told.
            List<SettleResult> results = new ArrayList<>();
            List<DeliveryToken> again = new ArrayList<>();
            while (results.size() < 3 || again.size() < 2) {
                var told = consumer.next();
                results.addAll(told.getSettled().getResultsList());
                told.getDeliveries().getDeliveriesList().forEach(delivery -> again.add(delivery.getToken()));
            }
            assertThat(results).extracting(SettleResult::getOutcome).containsOnly(OK);
            assertThat(again).containsExactlyInAnyOrder(Say.token(1, 2), Say.token(2, 1));
            assertThat(broker.core().ledger("gate").groups().get(0).skipped()).containsEntry("NOT_WANTED", 1L);
        }
    }

    private static Settlement.Builder nack(Delivery delivery, NackVerb verb) {
        return Settlement.newBuilder()
                .setStream("gate")
                .setToken(delivery.getToken())
                .setNack(Nack.newBuilder().setVerb(verb).setReason("not wanted"));
    }

    /** Used to end the call, and with it the work on every other frame it held. */
    @Test
    void settlementsThatCannotBeCarriedOutAreAnsweredAndTheOthersAreDone() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            List<Delivery> three = take(consumer, 3);

            consumer.say(Say.settle(
                    Settlement.newBuilder()
                            .setStream("gate")
                            .setToken(three.get(0).getToken()),
                    Say.ackOf("gate", three.get(0).getToken(), 100_001),
                    Say.ackOf("gate", three.get(0).getToken(), -1),
                    nack(three.get(0), NackVerb.NACK_VERB_RETRY)
                            .setNack(Nack.newBuilder().setReason("r".repeat(1025))),
                    nack(three.get(0), NackVerb.NACK_VERB_RETRY)
                            .setNack(Nack.newBuilder()
                                    .setRetryAfter(Duration.newBuilder().setSeconds(-1))),
                    nack(three.get(0), NackVerb.NACK_VERB_RETRY)
                            .setNack(Nack.newBuilder().setVerbValue(99))));
            List<SettleResult> rejected = results(consumer, 6);
            consumer.say(Say.ackAll(ConsumeFramesResponse.newBuilder()
                    .setDeliveries(io.framebroker.v1.Deliveries.newBuilder()
                            .setStream("gate")
                            .addAllDeliveries(three))
                    .build()));

            assertThat(rejected).extracting(SettleResult::getOutcome).containsOnly(REJECTED);
            assertThat(rejected)
                    .extracting(SettleResult::getMessage)
                    .anySatisfy(message -> assertThat(message).contains("neither ack nor nack"))
                    .anySatisfy(message -> assertThat(message).contains("100001", "100000"))
                    .anySatisfy(message -> assertThat(message).contains("4294967295"))
                    .anySatisfy(message -> assertThat(message).contains("1025", "1024"))
                    .anySatisfy(message -> assertThat(message).contains("-1000 ms", "1 h"))
                    .anySatisfy(message -> assertThat(message).contains("99"));
            assertThat(results(consumer, 3))
                    .extracting(SettleResult::getOutcome)
                    .containsOnly(OK);
        }
    }

    @Test
    void leasesAreExtended() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 2);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            List<Delivery> two = take(consumer, 2);

            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setExtend(Extend.newBuilder()
                            .addDeliveries(HeldDeliveries.newBuilder()
                                    .setStream("gate")
                                    .setToken(two.get(0).getToken())
                                    .setCount(2))
                            .addDeliveries(HeldDeliveries.newBuilder()
                                    .setStream("gate")
                                    .setToken(two.get(0).getToken())
                                    .setCount(-2)))
                    .build());

            assertThat(results(consumer, 2))
                    .extracting(SettleResult::getOutcome)
                    .containsExactlyInAnyOrder(OK, REJECTED);
        }
    }

    @Test
    void aPausedConsumerGetsNothingUntilItResumes() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(20).inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setPause(Pause.getDefaultInstance())
                    .build());
            consumer.next(told -> told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_PAUSED);
            publish(broker, "gate", 1, 1);
            assertThat(broker.core().ledger("gate").groups().get(0).waiting()).isEqualTo(1);

            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setResume(Resume.getDefaultInstance())
                    .build());

            take(consumer, 1);
        }
    }

    @Test
    void halfCloseReleasesWhatIsOpenAndEndsWell() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            var first = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            take(first, 3);

            first.halfClose();
            first.endsWell();

            var second = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            assertThat(take(second, 3))
                    .extracting(Delivery::getToken)
                    .containsExactly(Say.token(1, 1), Say.token(2, 1), Say.token(3, 1));
        }
    }

    @Test
    void halfCloseIsAnsweredAlsoWhenDeliveriesWaitForAClientThatDoesNotReadThem() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            var deaf = broker.deafConsumer();
            deaf.say(Say.consume(Say.consumer("gate", "detector", 10)));
            deaf.read(1);
            deaf.next();
            deaf.halfClose();

            deaf.endsWell();

            var other = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            take(other, 3);
        }
    }

    @Test
    void autoAckSurvivesHalfClose() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer =
                    broker.consume(Say.consume(Say.consumer("gate", "viewer").setAutoAck(true)));
            consumer.halfClose();

            publish(broker, "gate", 1, 300);

            var deliveries = consumer.next();
            assertThat(deliveries.getDeliveries().hasLease()).isFalse();
            EdgeBroker.await(
                    "all acknowledged",
                    () -> broker.core().ledger("gate").groups().get(0).acked() == 300);
        }
    }

    @Test
    void aLimitSurvivesHalfCloseAndEndsTheCall() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 5);
            var consumer = broker.consume();
            consumer.say(Say.consume(Say.consumer("gate", "viewer").setLimit(7)));
            consumer.halfClose();
            consumer.next();
            take(consumer, 5);
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(6, 10));

            List<ConsumeFramesResponse> rest = consumer.rest();

            assertThat(rest.stream().mapToInt(told -> told.getDeliveries().getDeliveriesCount()))
                    .satisfies(counts -> assertThat(
                                    counts.stream().mapToInt(count -> count).sum())
                            .isEqualTo(2));
            consumer.endsWell();
            assertThat(broker.core().ledger("gate").groups().get(0).pending()).isEqualTo(7);
        }
    }

    @Test
    void aLimitWaitsForSettlementsWhileTheClientMaySpeak() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 5);
            var consumer =
                    broker.consume(Say.consume(Say.consumer("gate", "worker").setLimit(2)));
            List<Delivery> two = take(consumer, 2);

            consumer.say(Say.ack("gate", two.get(0).getToken()));
            results(consumer, 1);
            consumer.say(Say.ack("gate", two.get(1).getToken()));

            assertThat(consumer.rest())
                    .hasSize(1)
                    .allSatisfy(told -> assertThat(told.hasSettled()).isTrue());
            consumer.endsWell();
        }
    }

    @Test
    void metadataOnlyLeavesThePixelsOut() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 1);
            var consumer = broker.consume(
                    Say.consume(Say.consumer("gate", "viewer").setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY)));

            Delivery delivery = take(consumer, 1).get(0);

            assertThat(delivery.getFrame())
                    .isEqualTo(Say.frame(1).toBuilder().clearPayload().build());
        }
    }

    @Test
    void anIdleConsumerIsToldWhy() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(20).inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 1)));

            consumer.next(told -> told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_NO_FRAMES);
            publish(broker, "gate", 1, 3);
            // One may come in the midst of the three.
            var heartbeat = consumer.next(told -> told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_WINDOW_FULL
                            && told.getHeartbeat().getLags(0).getWaiting() == 2)
                    .getHeartbeat();

            assertThat(heartbeat.getLags(0).getStream()).isEqualTo("gate");
            assertThat(heartbeat.getLags(0).getPending()).isEqualTo(1);
        }
    }

    /** Used to say that there were no frames. */
    @Test
    void aWindowWithoutBytesForTheNextFrameIsFull() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(20).inProcess()) {
            publish(broker, "gate", 1, 3);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")
                    .setWindow(io.framebroker.v1.Window.newBuilder()
                            .setMaxFrames(10)
                            .setMaxBytes(20))));

            take(consumer, 1);

            consumer.next(told -> told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_WINDOW_FULL);
        }
    }

    @Test
    void startsWhereTheGroupSays() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 5);
            var third = broker.consume(Say.consume(startingAt(
                    "third",
                    StartPosition.newBuilder()
                            .setId(io.framebroker.v1.FrameId.newBuilder()
                                    .setGeneration(1)
                                    .setOrdinal(3)))));
            var beyond = broker.consume(Say.consume(startingAt(
                    "beyond",
                    StartPosition.newBuilder()
                            .setId(io.framebroker.v1.FrameId.newBuilder()
                                    .setGeneration(1)
                                    .setOrdinal(-1)))));
            var past = broker.consume(Say.consume(startingAt(
                    "past",
                    StartPosition.newBuilder()
                            .setTime(com.google.protobuf.Timestamp.newBuilder().setSeconds(Long.MIN_VALUE)))));
            var future = broker.consume(Say.consume(startingAt(
                    "future",
                    StartPosition.newBuilder()
                            .setTime(com.google.protobuf.Timestamp.newBuilder().setSeconds(Long.MAX_VALUE)))));

            assertThat(take(third, 3)).extracting(Delivery::getSequence).containsExactly(3L, 4L, 5L);
            take(past, 5);
            publish(broker, "gate", 6, 6);

            assertThat(take(beyond, 1)).extracting(Delivery::getSequence).containsExactly(6L);
            assertThat(take(future, 1)).extracting(Delivery::getSequence).containsExactly(6L);
        }
    }

    private static ConsumeOpen.Builder startingAt(String group, StartPosition.Builder start) {
        ConsumeOpen.Builder open = Say.consumer("gate", group);
        open.getSettingsBuilder().setStart(start);
        return open;
    }

    @Test
    void aConsumerThatComesBackKeepsWhatItHolds() {
        try (EdgeBroker broker = EdgeBroker.setup().graceMillis(60_000).inProcess()) {
            publish(broker, "gate", 1, 3);
            var open = Say.consumer("gate", "detector", 10).setConsumerId("worker-1");
            var first = broker.consume(Say.consume(open));
            take(first, 3);
            first.cancel();
            EdgeBroker.await("the first call gone", () -> broker.server().openCalls() == 0);

            var second = broker.consume(Say.consume(open.clone()
                    .addHeld(HeldDeliveries.newBuilder()
                            .setStream("gate")
                            .setToken(Say.token(1, 1))
                            .setCount(2))));

            assertThat(results(second, 1)).singleElement().satisfies(held -> {
                assertThat(held.getCount()).isEqualTo(2);
                assertThat(held.getOutcome()).isEqualTo(OK);
            });
            second.say(Say.settle(Say.ackOf("gate", Say.token(1, 1), 2)));
            assertThat(second.next(told -> told.hasSettled()
                                    && told.getSettled().getResults(0).getOutcome() == OK)
                            .getSettled()
                            .getResults(0)
                            .getCount())
                    .isEqualTo(2);
            // Alone: it may be what took the consumer away.
            assertThat(take(second, 1)).extracting(Delivery::getToken).containsExactly(Say.token(3, 2));
        }
    }

    @Test
    void aConsumerThatOpensTwiceReplacesItself() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var open = Say.consumer("gate", "detector").addStreams("yard").setConsumerId("worker-1");
            var first = broker.consume(Say.consume(open));
            var second = broker.consume(Say.consume(open));

            assertThat(first.refusal().reason()).isEqualTo("CONSUMER_REPLACED");

            publish(broker, "gate", 1, 1);
            publish(broker, "yard", 1, 1);
            take(second, 2);
            assertThat(broker.core().stream("yard").consumers()).isEqualTo(1);
        }
    }

    @Test
    void openedComesBeforeGapsHeartbeatsAndDeliveriesOfABusyStream() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(1).inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            for (int round = 1; round <= 200; round++) {
                var consumer = broker.consume();
                camera.say(Say.report(round, "RING_FULL", 1));
                camera.say(Say.frames(round, round));
                consumer.say(Say.consume(Say.consumer("gate", "").setAutoAck(true)));

                assertThat(consumer.next().hasOpened()).as("round %d", round).isTrue();

                consumer.cancel();
            }
        }
    }

    @Test
    void aStoppingBrokerTellsEverybodyAndCountsNothingAgainstTheFrames() {
        EdgeBroker broker = EdgeBroker.inProcess();
        try {
            var camera = broker.publish(Say.open("gate"));
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));
            Thread stop = new Thread(broker.server()::close);
            stop.start();

            var toPublisher = camera.next(PublishFramesResponse::hasDrain).getDrain();
            var toConsumer = consumer.next(ConsumeFramesResponse::hasDrain).getDrain();

            assertThat(toPublisher.getReason()).isEqualTo("the broker is stopping");
            assertThat(toConsumer.getDeadline().getSeconds()).isEqualTo(60);
            camera.say(Say.frames(1, 1));
            camera.halfClose();
            camera.rest();
            camera.endsWell();
            consumer.halfClose();
            assertThat(consumer.rest()).noneMatch(ConsumeFramesResponse::hasDeliveries);
            consumer.endsWell();
            stop.join(Talk.PATIENCE_SECONDS * 1_000L);
            assertThat(stop.isAlive()).isFalse();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            broker.close();
        }
    }

    /** Used to stall for good: the stream was refused while another thread was still sending, and nobody asked it again. */
    @Test
    void aCallThatAcknowledgesByItselfGetsAllFramesOfABurst() {
        try (EdgeBroker broker = EdgeBroker.setup().netty()) {
            ByteString pixels = ByteString.copyFrom(new byte[100_000]);
            var viewer = broker.consume(
                    Say.consume(Say.consumer("gate", "viewer", 50).setAutoAck(true)));
            var camera = broker.publish(Say.open("gate"));
            for (int round = 0; round < 20; round++) {
                for (int i = 1; i <= 40; i++) {
                    camera.say(Say.frames(Say.frame(round * 40 + i, pixels)));
                }
                take(viewer, 40);
            }
        }
    }
}
