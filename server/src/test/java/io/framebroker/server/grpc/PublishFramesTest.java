package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.Demand;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishOpened;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PublishFramesTest {

    @Test
    void openIsAnsweredWithAllAPublisherNeedsToKnow() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish();
            camera.say(Say.publish(Say.publisher("gate/1").setMaxFrameBytes(1 << 20)));

            PublishOpened opened = camera.next().getOpened();

            assertThat(opened.getPublisherId()).isEqualTo("camera");
            assertThat(opened.getEpoch()).isEqualTo(1);
            assertThat(opened.getLastSequence()).isZero();
            assertThat(opened.getAckLevel()).isEqualTo(AckLevel.ACK_LEVEL_MEMORY);
            assertThat(opened.getMaxFrameBytes()).isEqualTo(1 << 20);
            assertThat(opened.getMaxMessageBytes()).isEqualTo((1 << 20) + 4096);
            assertThat(opened.getWindow().getMaxFrames()).isPositive();
            assertThat(opened.getWindow().getWaitReason()).isEmpty();
            assertThat(opened.hasDemand()).isTrue();
            assertThat(opened.getDemand()).isEqualTo(Demand.getDefaultInstance());
            assertThat(broker.core().memory().inboundBytes()).isEqualTo((1 << 20) + 4096);
        }
    }

    @Test
    void aBatchIsAcknowledgedByItsLastSequence() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            camera.say(Say.frames(1, 100));

            PublishAck ack = camera.next().getAck();
            assertThat(ack.getStoredThrough()).isEqualTo(100);
            assertThat(ack.getLevel()).isEqualTo(AckLevel.ACK_LEVEL_MEMORY);
            assertThat(ack.getExceptionsList()).isEmpty();
        }
    }

    /** Frames said at once were told to be no `open`, now and then: the thread that opened had not said who publishes. */
    @Test
    void framesMayBeSaidRightBehindOpenWhereTheStoreOpensOnAThreadOfItsOwn() {
        for (int round = 0; round < 10; round++) {
            try (EdgeBroker broker = EdgeBroker.setup()
                    .store(new SlowlyOpeningStore(Say.frame(1)))
                    .inProcess()) {
                var camera = broker.publish();
                camera.say(Say.publish(PublishOpen.newBuilder().setStream("gate")));
                camera.say(Say.frames(Say.frame(0), Say.frame(0)));

                assertThat(camera.next().hasOpened()).isTrue();
                assertThat(camera.next().getAck().getStoredThrough()).isEqualTo(2);
            }
        }
    }

    @Test
    void aPublisherIsToldToOpenAgainWhenTheStoreGivesLess() {
        FadingStore store = new FadingStore(io.framebroker.server.broker.AckLevel.FSYNC);
        try (EdgeBroker broker = EdgeBroker.setup().store(store).inProcess()) {
            var camera = broker.publish();
            camera.say(Say.open("gate"));
            assertThat(camera.next().getOpened().getAckLevel()).isEqualTo(AckLevel.ACK_LEVEL_FSYNC);
            camera.say(Say.frames(1, 1));
            assertThat(camera.next().getAck().getLevel()).isEqualTo(AckLevel.ACK_LEVEL_FSYNC);

            store.turnsTo(io.framebroker.server.broker.AckLevel.STORED);
            camera.say(Say.frames(2, 2));

            Refusal refusal = camera.refusal();
            assertThat(refusal.reason()).isEqualTo("ACK_LEVEL_FELL");
            assertThat(refusal.retry()).isTrue();
            assertThat(refusal.message()).contains("FSYNC", "STORED");
            var again = broker.publish();
            again.say(Say.open("gate"));
            PublishOpened opened = again.next().getOpened();
            assertThat(opened.getAckLevel()).isEqualTo(AckLevel.ACK_LEVEL_STORED);
            assertThat(opened.getLastSequence()).isEqualTo(2);
        }
    }

    @Test
    void aPublisherThatIsSilentIsToldToOpenAgainAsWell() {
        FadingStore store = new FadingStore(io.framebroker.server.broker.AckLevel.REPLICATED);
        try (EdgeBroker broker =
                EdgeBroker.setup().store(store).heartbeatMillis(10).inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            store.turnsTo(io.framebroker.server.broker.AckLevel.MEMORY);

            assertThat(camera.refusal().reason()).isEqualTo("ACK_LEVEL_FELL");
        }
    }

    @Test
    void aPublisherThatWasPromisedLittleStaysWhenTheStoreGivesLess() {
        FadingStore store = new FadingStore(io.framebroker.server.broker.AckLevel.STORED);
        try (EdgeBroker broker = EdgeBroker.setup().store(store).inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            store.turnsTo(io.framebroker.server.broker.AckLevel.REPLICATED);
            camera.say(Say.frames(1, 1));
            assertThat(camera.next().getAck().getLevel()).isEqualTo(AckLevel.ACK_LEVEL_STORED);

            store.turnsTo(io.framebroker.server.broker.AckLevel.FSYNC);
            camera.say(Say.frames(2, 2));

            assertThat(camera.next().getAck().getStoredThrough()).isEqualTo(2);
        }
    }

    @Test
    void anEmptyBatchIsReadAndForgotten() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            camera.say(Say.frames(List.of()));
            camera.say(Say.frames(1, 1));

            assertThat(camera.next().getAck().getStoredThrough()).isEqualTo(1);
        }
    }

    @Test
    void halfCloseIsAnsweredWithTheLastAckAndThenOk() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            for (int i = 1; i <= 50; i++) {
                camera.say(Say.frames(i, i));
            }
            camera.halfClose();

            List<PublishFramesResponse> rest = camera.rest();

            assertThat(rest.get(rest.size() - 1).getAck().getStoredThrough()).isEqualTo(50);
            camera.endsWell();
        }
    }

    /** Used to be closed in between, when the transport became ready after it had refused the last ack. */
    @Test
    void aClientThatReadsLateStillGetsTheLastAckBeforeOk() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            for (int round = 0; round < 100; round++) {
                var camera = broker.deafPublisher();
                camera.say(Say.open("gate/" + round % 10 + "/" + round));
                camera.say(Say.frames(1, 3));
                camera.say(Say.frames(9, 9));
                camera.halfClose();

                camera.read(100);

                List<PublishFramesResponse> told = camera.rest();
                assertThat(told.get(told.size() - 1).getAck().getStoredThrough())
                        .as("round %d: %s", round, told)
                        .isEqualTo(9);
                camera.endsWell();
            }
        }
    }

    @Test
    void aPublisherThatComesBackLearnsWhatWasTakenAndWhatWasNot() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var first = broker.publish(Say.open("gate"));
            first.say(Say.frames(Say.frame(1), damaged(2), Say.frame(3)));
            first.say(Say.report(7, "RING_FULL", 5));
            first.next(told -> told.getAck().getReportedThrough() == 7);
            first.cancel();
            EdgeBroker.await("the first call gone", () -> broker.server().openCalls() == 0);

            var second = broker.publish();
            second.say(Say.open("gate"));

            PublishOpened opened = second.next().getOpened();
            assertThat(opened.getLastSequence()).isEqualTo(3);
            assertThat(opened.getLastReportId()).isEqualTo(7);
            assertThat(opened.getExceptionsList())
                    .extracting(FrameException::getSequence, FrameException::getReason)
                    .containsExactly(tuple(2L, "CRC_MISMATCH"));
            second.say(Say.frames(3, 4));
            List<FrameException> exceptions = new ArrayList<>();
            PublishAck ack;
            do {
                ack = second.next().getAck();
                exceptions.addAll(ack.getExceptionsList());
            } while (ack.getStoredThrough() != 4);
            assertThat(exceptions)
                    .extracting(FrameException::getSequence, FrameException::getOutcome)
                    .containsExactly(tuple(3L, FrameOutcome.FRAME_OUTCOME_DUPLICATE));
            assertThat(broker.core().ledger("gate").stream().duplicates()).isEqualTo(1);
        }
    }

    private static Frame damaged(long sequence) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setSequence(sequence).setCrc32C(0xBAD))
                .setPayload(ByteString.copyFromUtf8("pixels"))
                .build();
    }

    @Test
    void sequencesAndEpochsAreUnsigned() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var older = broker.publish(Say.publish(Say.publisher("gate").setEpoch(Long.MAX_VALUE)));
            var newer = broker.publish(Say.publish(Say.publisher("gate").setEpoch(Long.MIN_VALUE)));

            assertThat(older.refusal().reason()).isEqualTo("PUBLISHER_FENCED");
            newer.say(Say.frames(Say.frame(Long.MAX_VALUE), Say.frame(-2), Say.frame(-1)));
            assertThat(newer.next(PublishFramesResponse::hasAck).getAck())
                    .isEqualTo(PublishAck.newBuilder()
                            .setStoredThrough(-1)
                            .setLevel(AckLevel.ACK_LEVEL_MEMORY)
                            .build());
        }
    }

    @Test
    void aPublisherWithoutIdIsGivenOneAndItsFramesAreNumbered() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish();
            camera.say(Say.publish(PublishOpen.newBuilder().setStream("gate")));
            assertThat(camera.next().getOpened().getPublisherId()).isNotEmpty();

            camera.say(Say.frames(Say.frame(0), Say.frame(0), Say.frame(0)));

            assertThat(camera.next().getAck().getStoredThrough()).isEqualTo(3);
        }
    }

    /** It used to be left out of the answer, and so to be told with the first change. */
    @Test
    void aPublisherIsToldAtOnceWhoWantsItsStream() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            broker.consume(Say.consume(Say.consumer("gate", "")
                    .setMode(ConsumeMode.CONSUME_MODE_LATEST)
                    .setMaxFps(2.5)));
            var camera = broker.publish();

            camera.say(Say.open("gate"));

            assertThat(camera.next().getOpened().getDemand())
                    .isEqualTo(Demand.newBuilder()
                            .setConsumers(1)
                            .setWantedFps(2.5)
                            .build());
        }
    }

    @Test
    void aPublisherIsToldWhoWantsItsStream() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));

            camera.next(told ->
                    told.getDemand().getConsumers() == 1 && told.getDemand().getGroups() == 1);
            consumer.halfClose();
            consumer.endsWell();
            camera.next(told -> told.hasDemand()
                    && told.getDemand().getConsumers() == 0
                    && told.getDemand().getGroups() == 1);
        }
    }

    @Test
    void aPublisherThatHasToWaitIsToldWhyAndGoesOnWhenThereIsRoom() {
        try (EdgeBroker broker = EdgeBroker.setup().backlogFrames(4).inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 100)));
            var camera = broker.publish(Say.open("gate"));
            for (int i = 1; i <= 10; i++) {
                camera.say(Say.frames(i, i));
            }

            var told = camera.next(answer -> !answer.getWindow().getWaitReason().isEmpty());

            assertThat(told.getWindow().getMaxFrames()).isZero();
            assertThat(told.getWindow().getWaitReason()).isEqualTo("group detector: 4 of 4 backlog frames unsettled");
            assertThat(broker.core().ledger("gate").stream().offered()).isEqualTo(4);
            settle(consumer, 10);
            camera.next(answer -> answer.hasWindow() && answer.getWindow().getMaxFrames() > 0);
            camera.halfClose();
            camera.endsWell();
            assertThat(broker.core().ledger("gate").stream().stored()).isEqualTo(10);
        }
    }

    private static void settle(
            Talk<io.framebroker.v1.ConsumeFramesRequest, io.framebroker.v1.ConsumeFramesResponse> consumer,
            int frames) {
        for (int settled = 0; settled < frames; ) {
            var deliveries = consumer.next(io.framebroker.v1.ConsumeFramesResponse::hasDeliveries);
            consumer.say(Say.ackAll(deliveries));
            settled += deliveries.getDeliveries().getDeliveriesCount();
        }
    }

    @Test
    void reportsEnterTheLedgerOnceAndReachConsumersAsGaps() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));
            var camera = broker.publish(Say.open("gate"));

            camera.say(Say.report(1, "RING_FULL", 5));
            camera.say(Say.report(1, "RING_FULL", 5));
            camera.say(Say.report(2, "SOURCE_DISCONNECTED", 2));

            camera.next(told -> told.getAck().getReportedThrough() == 2);
            var gap = consumer.next(told -> told.hasGap()).getGap();
            assertThat(List.of(gap.getStream(), gap.getReason(), gap.getDetail(), gap.getCount()))
                    .containsExactly("gate", "REPORTED", "RING_FULL", 5L);
            assertThat(broker.core().ledger("gate").stream().reported())
                    .containsOnly(java.util.Map.entry("RING_FULL", 5L), java.util.Map.entry("SOURCE_DISCONNECTED", 2L));
        }
    }

    /** Used to come in one ack of many megabytes, more than a client takes in one message. */
    @Test
    void manyExceptionsComeInSeveralAcksAndStoredThroughOnlyWithTheLast() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.deafPublisher();
            camera.say(Say.open("gate"));
            List<Frame> frames = new ArrayList<>(LongStream.rangeClosed(1, 3000)
                    .mapToObj(PublishFramesTest::damaged)
                    .toList());
            frames.add(Say.frame(3001));
            camera.say(Say.frames(frames));
            camera.halfClose();
            camera.read(1_000);

            List<PublishAck> acks = camera.rest().stream()
                    .filter(PublishFramesResponse::hasAck)
                    .map(PublishFramesResponse::getAck)
                    .toList();

            camera.endsWell();
            assertThat(acks).hasSize(3);
            assertThat(acks).extracting(PublishAck::getStoredThrough).containsExactly(0L, 0L, 3001L);
            assertThat(acks.stream().flatMap(ack -> ack.getExceptionsList().stream()))
                    .extracting(FrameException::getSequence)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 3000).boxed().toList());
        }
    }

    @Test
    void everyBytesOfAFrameSurviveAlsoThoseNobodyKnows() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            ByteString unknown = ByteString.copyFrom(new byte[] {(byte) 0xA2, 0x3F, 3, 7, 8, 9});
            Frame frame = parse(Say.frame(1).toByteString().concat(unknown));
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(frame));
            camera.next();

            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));

            var delivery = consumer.next().getDeliveries().getDeliveries(0);
            assertThat(delivery.getFrame()).isEqualTo(frame);
            assertThat(delivery.getFrame().getUnknownFields().asMap()).hasSize(1);
        }
    }

    private static Frame parse(ByteString bytes) {
        try {
            return Frame.parseFrom(bytes);
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aNewerCallOfTheSamePublisherReplacesTheOlder() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var first = broker.publish(Say.open("gate"));
            var second = broker.publish(Say.open("gate"));

            Refusal refusal = first.refusal();

            assertThat(refusal.reason()).isEqualTo("PUBLISHER_REPLACED");
            assertThat(refusal.retry()).isFalse();
            second.say(Say.frames(1, 1));
            assertThat(second.next(PublishFramesResponse::hasAck).getAck().getStoredThrough())
                    .isEqualTo(1);
        }
    }

    @Test
    void aMessageOfNoKindEndsTheCall() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));

            camera.say(PublishFramesRequest.getDefaultInstance());

            assertThat(camera.refusal().reason()).isEqualTo("KIND_MISSING");
        }
    }
}
