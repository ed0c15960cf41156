package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnsafeByteOperations;
import io.framebroker.server.broker.StreamState;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Demand;
import io.framebroker.v1.Frame;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.Window;
import io.grpc.Channel;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Publishers and consumers at a broker that does not have their stream. */
@Timeout(300)
class RelayTest {
    private static final int MEGA = 1 << 20;

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

    private static void publish(EdgeBroker broker, String stream, long first, long last) {
        var camera = broker.publish(Say.open(stream));
        camera.say(Say.frames(first, last));
        camera.halfClose();
        camera.endsWell();
    }

    private static Frame large(long sequence) {
        return Say.frame(sequence, ByteString.copyFrom(new byte[MEGA]));
    }

    @Test
    void aPublisherNeedNotKnowTheOwner() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));
            camera.say(Say.frames(1, 100));
            camera.say(Say.frames(Say.frame(101), Say.frame(101)));
            camera.say(Say.report(1, "RING_FULL", 4));
            camera.halfClose();
            List<PublishFramesResponse> told = camera.rest();
            camera.endsWell();

            PublishFramesResponse last = told.get(told.size() - 1);
            assertThat(last.getAck().getStoredThrough()).isEqualTo(101);
            assertThat(last.getAck().getReportedThrough()).isEqualTo(1);
            var ledger = brokers.get(1).core().ledger("gate").stream();
            assertThat(ledger.stored()).isEqualTo(101);
            assertThat(ledger.duplicates()).isEqualTo(1);
            assertThat(ledger.reported()).containsEntry("RING_FULL", 4L);
            assertThat(brokers.get(0).core().streams()).isEmpty();
        }
    }

    @Test
    void aConsumerNeedNotKnowTheOwner() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector", 1000)));
            publish(brokers.get(1), "gate", 1, 500);

            List<Delivery> taken = take(consumer, 500);

            assertThat(taken)
                    .extracting(Delivery::getFrame)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 500).mapToObj(Say::frame).toList());
            consumer.say(Say.settle(Say.ackOf("gate", taken.get(0).getToken(), 500)));
            assertThat(consumer.next(ConsumeFramesResponse::hasSettled)
                            .getSettled()
                            .getResults(0)
                            .getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            assertThat(brokers.get(1).core().ledger("gate").groups().get(0).acked())
                    .isEqualTo(500);
            consumer.halfClose();
            consumer.endsWell();
        }
    }

    @Test
    void publisherAndConsumerMeetFromDifferentWrongBrokers() {
        try (Brokers brokers = Brokers.start(3).own(2, "gate")) {
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector", 10)));
            var camera = brokers.get(1).publish(Say.open("gate"));

            for (int i = 1; i <= 50; i++) {
                camera.say(Say.frames(i, i));
                var told = consumer.next(ConsumeFramesResponse::hasDeliveries);
                assertThat(told.getDeliveries().getDeliveriesList())
                        .extracting(Delivery::getFrame)
                        .containsExactly(Say.frame(i));
                consumer.say(Say.ackAll(told));
            }

            camera.halfClose();
            camera.endsWell();
            EdgeBroker.await(
                    "all settled",
                    () -> brokers.owner("gate").ledger("gate").groups().get(0).acked() == 50);
        }
    }

    @Test
    void whatIsWantedAnywhereIsToldToThePublisherAnywhere() {
        try (Brokers brokers = Brokers.start(3).own(1, "yard").own(2, "gate")) {
            var camera = brokers.get(1).publish(Say.open("gate"));

            var viewer = brokers.get(0)
                    .consume(Say.consume(Say.consumer("gate", "")
                            .addStreams("yard")
                            .setMode(ConsumeMode.CONSUME_MODE_LATEST)
                            .setMaxFps(2.5)));
            camera.next(told -> told.getDemand()
                    .equals(Demand.newBuilder()
                            .setConsumers(1)
                            .setWantedFps(2.5)
                            .build()));

            var detector = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));
            camera.next(told -> told.getDemand()
                    .equals(Demand.newBuilder().setConsumers(2).setGroups(1).build()));
            detector.halfClose();
            detector.endsWell();
            viewer.halfClose();
            viewer.endsWell();
            camera.next(told ->
                    told.getDemand().equals(Demand.newBuilder().setGroups(1).build()));
        }
    }

    /** An anonymous publisher says all it has to say at once; so does grpcurl. */
    @Test
    void openFramesAndHalfCloseInOneGo() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera = brokers.get(0).publish();
            camera.say(Say.publish(Say.publisher("gate").clearPublisherId()));
            camera.say(Say.frames(Say.frame(0), Say.frame(0)));
            camera.halfClose();

            List<PublishFramesResponse> told = camera.rest();

            assertThat(told.get(0).getOpened().getPublisherId()).startsWith("publisher-");
            assertThat(told.get(told.size() - 1).getAck().getStoredThrough()).isEqualTo(2);
            camera.endsWell();
        }
    }

    @Test
    void manyShortConversationsAllEndWell() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            for (int i = 1; i <= 300; i++) {
                var camera = brokers.get(0).publish();
                camera.say(Say.open("gate"));
                camera.say(Say.frames(i, i));
                camera.halfClose();
                camera.endsWell();
            }
            assertThat(brokers.owner("gate").ledger("gate").stream().stored()).isEqualTo(300);
        }
    }

    @Test
    void fieldsThatNoBrokerKnowsPass() {
        UnknownFieldSet later = UnknownFieldSet.newBuilder()
                .addField(
                        777,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFromUtf8("later"))
                                .build())
                .build();
        Frame frame = Say.frame(1).toBuilder().setUnknownFields(later).build();
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));
            var camera = brokers.get(0)
                    .publish(PublishFramesRequest.newBuilder()
                            .setOpen(Say.publisher("gate").setUnknownFields(later))
                            .build());

            camera.say(Say.frames(frame).toBuilder().setUnknownFields(later).build());

            assertThat(take(consumer, 1)).extracting(Delivery::getFrame).containsExactly(frame);
        }
    }

    @Test
    void rawFourKFramesPassByteForByte() {
        byte[] pixels = new byte[32 << 20];
        new Random(4).nextBytes(pixels);
        Frame frame = Say.frame(1, UnsafeByteOperations.unsafeWrap(pixels));
        try (Brokers brokers = Brokers.start(2).own(1, "4k")) {
            var consumer = brokers.get(0)
                    .consume(Say.consume(Say.consumer("4k", "detector")
                            .setWindow(Window.newBuilder().setMaxFrames(3).setMaxBytes(200 << 20))));
            var camera = brokers.get(0).publish();
            camera.say(Say.publish(Say.publisher("4k").setMaxFrameBytes(EdgeSettings.DEFAULT.maxFrameBytes())));
            camera.next();

            camera.say(Say.frames(frame));

            assertThat(take(consumer, 1).get(0).getFrame().equals(frame)).isTrue();
            assertThat(camera.next(PublishFramesResponse::hasAck).getAck().getStoredThrough())
                    .isEqualTo(1);
        }
    }

    // ---- how calls end

    /** What a client learns is the same, word for word, at the owner and at any other broker. */
    @Test
    void refusalsPassUnchanged() {
        List<BiFunction<EdgeBroker, String, Refusal>> refused = List.of(
                (broker, stream) ->
                        refusedPublisher(broker, Say.publisher(stream).setPublisherId("rival")),
                (broker, stream) ->
                        refusedPublisher(broker, Say.publisher(stream).setEpoch(0)),
                (broker, stream) ->
                        refusedPublisher(broker, Say.publisher(stream).setPublisherId("\n")),
                (broker, stream) -> {
                    var camera =
                            broker.publish(Say.publish(Say.publisher(stream).setEpoch(9)));
                    camera.say(Say.open(stream));
                    return camera.refusal();
                },
                (broker, stream) -> refusedConsumer(
                        broker,
                        Say.consumer(stream, "detector")
                                .setSettings(GroupSettings.newBuilder()
                                        .setLease(com.google.protobuf.Duration.newBuilder()
                                                .setSeconds(77)))),
                (broker, stream) -> {
                    var consumer = broker.consume(Say.consume(Say.consumer(stream, "other")));
                    consumer.say(Say.window(0, 0));
                    return consumer.refusal();
                },
                (broker, stream) -> {
                    var consumer = broker.consume(Say.consume(Say.consumer(stream, "other")));
                    consumer.say(ConsumeFramesRequest.getDefaultInstance());
                    return consumer.refusal();
                });
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera =
                    brokers.get(1).publish(Say.publish(Say.publisher("gate").setEpoch(5)));
            brokers.get(1).consume(Say.consume(Say.consumer("gate", "detector")));

            for (var refuse : refused) {
                Refusal there = refuse.apply(brokers.get(1), "gate");
                Refusal here = refuse.apply(brokers.get(0), "gate");
                assertThat(here).isEqualTo(there);
            }
            assertThat(camera.hasEnded()).isFalse();
        }
    }

    private static Refusal refusedPublisher(EdgeBroker broker, io.framebroker.v1.PublishOpen.Builder open) {
        var camera = broker.publish();
        camera.say(Say.publish(open));
        return camera.refusal();
    }

    private static Refusal refusedConsumer(EdgeBroker broker, io.framebroker.v1.ConsumeOpen.Builder open) {
        var consumer = broker.consume();
        consumer.say(Say.consume(open));
        return consumer.refusal();
    }

    @Test
    void aStreamThatIsNotThereIsNotThereAnywhere() {
        try (Brokers brokers =
                Brokers.start(2, setup -> setup.autoCreate(false)).own(1, "gate")) {
            Refusal refusal = refusedPublisher(brokers.get(0), Say.publisher("gate"));

            assertThat(refusal.reason()).isEqualTo("STREAM_NOT_FOUND");
        }
    }

    @Test
    void aPublisherThatVanishesIsGoneAtTheOwner() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));
            camera.say(Say.frames(1, 3));
            camera.next(told -> told.getAck().getStoredThrough() == 3);

            camera.cancel();

            EdgeBroker.await(
                    "no publisher",
                    () -> brokers.get(1).core().stream("gate").publisherId().isEmpty());
            var again = brokers.get(0).publish();
            again.say(Say.open("gate"));
            assertThat(again.next().getOpened().getLastSequence()).isEqualTo(3);
        }
    }

    @Test
    void aConsumerThatVanishesKeepsItsDeliveriesForAWhile() {
        try (Brokers brokers =
                Brokers.start(3, setup -> setup.graceMillis(60_000)).own(2, "gate")) {
            publish(brokers.get(2), "gate", 1, 2);
            var first = brokers.get(0)
                    .consume(Say.consume(Say.consumer("gate", "detector", 1).setConsumerId("worker")));
            Delivery held = take(first, 1).get(0);

            first.cancel();

            EdgeBroker.await(
                    "no consumer", () -> brokers.get(2).core().stream("gate").consumers() == 0);
            assertThat(brokers.get(2).core().ledger("gate").groups().get(0).pending())
                    .isEqualTo(1);
            var again = brokers.get(1)
                    .consume(Say.consume(Say.consumer("gate", "detector", 1)
                            .setConsumerId("worker")
                            .addHeld(io.framebroker.v1.HeldDeliveries.newBuilder()
                                    .setStream("gate")
                                    .setToken(held.getToken()))));
            assertThat(again.next(ConsumeFramesResponse::hasSettled)
                            .getSettled()
                            .getResults(0)
                            .getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            again.say(Say.ack("gate", held.getToken()));
            assertThat(take(again, 1).get(0).getSequence()).isEqualTo(2);
        }
    }

    @Test
    void aConsumerThatLeavesGivesBackWhatItHas() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            publish(brokers.get(1), "gate", 1, 3);
            var leaves = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector", 3)));
            take(leaves, 3);

            leaves.halfClose();
            leaves.endsWell();

            var next = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector", 3)));
            assertThat(take(next, 3))
                    .extracting(delivery -> delivery.getToken().getAttempt())
                    .containsOnly(1);
        }
    }

    @Test
    void grpcurlHalfClosesAndGoesOnUntilItsLimit() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var looker = brokers.get(0).consume();
            looker.say(Say.consume(Say.consumer("gate", "look").setAutoAck(true).setLimit(3)));
            looker.halfClose();
            looker.next();

            publish(brokers.get(0), "gate", 1, 5);

            assertThat(take(looker, 3)).extracting(Delivery::getSequence).containsExactly(1L, 2L, 3L);
            looker.endsWell();
        }
    }

    @Test
    void theDeathOfTheOwnerIsToldWithWhatToDo() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            BlackHole wire = new BlackHole(brokers.get(1).server().port());
            brokers.find(1, wire.port());
            var camera = brokers.get(0).publish(Say.open("gate"));
            camera.say(Say.frames(1, 1));
            camera.next(told -> told.getAck().getStoredThrough() == 1);
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));
            take(consumer, 1);

            wire.close();

            for (Refusal refusal : List.of(camera.refusal(), consumer.refusal())) {
                assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(refusal.reason()).isEqualTo("OWNER_UNREACHABLE");
                assertThat(refusal.message()).contains("gate", brokers.address(1), "not known");
                assertThat(refusal.retry()).isTrue();
            }
        }
    }

    @Test
    void anOwnerThatVanishesWithoutAWordIsNoticed() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate");
                BlackHole wire = new BlackHole(brokers.get(1).server().port())) {
            brokers.find(1, wire.port());
            var camera = brokers.get(0).publish(Say.open("gate"));

            wire.swallow();

            assertThat(camera.refusal().reason()).isEqualTo("OWNER_UNREACHABLE");
        }
    }

    /** The connection used to wait two minutes before it tried again, and every call failed meanwhile. */
    @Test
    void anOwnerThatComesBackIsFoundAtOnce() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate");
                BlackHole wire = new BlackHole(brokers.get(1).server().port())) {
            brokers.find(1, wire.port());
            wire.refuse(true);
            for (int i = 0; i < 20; i++) {
                assertThat(refusedPublisher(brokers.get(0), Say.publisher("gate"))
                                .reason())
                        .isEqualTo("OWNER_UNREACHABLE");
            }

            wire.refuse(false);
            publish(brokers.get(0), "gate", 1, 3);

            assertThat(brokers.owner("gate").ledger("gate").stream().stored()).isEqualTo(3);
        }
    }

    @Test
    void anAddressThatIsNoneIsNamed() {
        try (EdgeBroker broker = EdgeBroker.setup()
                .store(new NowhereStore("no such:place:at all"))
                .inProcess()) {
            Refusal refusal = refusedPublisher(broker, Say.publisher("gate"));

            assertThat(refusal.reason()).isEqualTo("OWNER_UNREACHABLE");
            assertThat(refusal.message()).contains("no such:place:at all");
        }
    }

    @Test
    void theOwnersDrainReachesTheClient() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));

            CompletableFuture<Void> ended =
                    CompletableFuture.runAsync(() -> brokers.get(1).server().close());

            assertThat(camera.next(PublishFramesResponse::hasDrain).getDrain().getReason())
                    .isEqualTo("the broker is stopping");
            consumer.next(ConsumeFramesResponse::hasDrain);
            camera.halfClose();
            consumer.halfClose();
            camera.endsWell();
            consumer.endsWell();
            ended.orTimeout(Talk.PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        }
    }

    /** What is left when the owner's time is up used to be told as CANCELLED, which no client tries again. */
    @Test
    void aCallThatDoesNotLeaveADrainingOwnerIsToldToTryAgain() {
        try (Brokers brokers = Brokers.start(2, setup -> setup.drainMillis(200)).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));

            brokers.get(1).server().close();

            Refusal refusal = camera.refusal();
            assertThat(refusal.reason()).isEqualTo("BROKER_STOPPING");
            assertThat(refusal.retry()).isTrue();
        }
    }

    @Test
    void theDrainOfTheBrokerInBetweenReachesTheClient() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));
            assertThat(brokers.get(0).server().openCalls()).isEqualTo(2);

            CompletableFuture<Void> ended =
                    CompletableFuture.runAsync(() -> brokers.get(0).server().close());

            camera.next(PublishFramesResponse::hasDrain);
            consumer.next(ConsumeFramesResponse::hasDrain);
            camera.halfClose();
            consumer.halfClose();
            camera.endsWell();
            consumer.endsWell();
            ended.orTimeout(Talk.PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        }
    }

    @Test
    void aCallThatWasPassedOnIsNotPassedOnAgain() {
        try (Brokers brokers = Brokers.start(2)) {
            brokers.believe(0, "gate", 1);
            brokers.believe(1, "gate", 0);

            for (Refusal refusal : List.of(
                    refusedPublisher(brokers.get(0), Say.publisher("gate")),
                    refusedConsumer(brokers.get(1), Say.consumer("gate", "detector")))) {
                assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(refusal.reason()).isEqualTo("STREAM_MOVING");
                assertThat(refusal.retry()).isTrue();
            }
        }
    }

    // ---- what holds back whom

    @Test
    void aPublisherIsHeldBackByTheOwnersBacklog() {
        int frames = 64;
        try (Brokers brokers = Brokers.start(2, setup -> setup.backlogFrames(2)).own(1, "gate")) {
            var consumer = brokers.get(1).consume(Say.consume(Say.consumer("gate", "detector", 1)));
            var camera = brokers.get(0).publish(Say.open("gate"));

            int sent = 0;
            // However long the machine pauses, there is room for three somewhere.
            while (sent < 3) {
                EdgeBroker.await("room for one more", camera::isReady);
                sent++;
                camera.say(Say.frames(large(sent)));
            }
            while (sent < frames && becomesReady(camera)) {
                sent++;
                camera.say(Say.frames(large(sent)));
            }

            // Two in the backlog, and what two connections and two brokers have on the way: some megabytes, no more.
            assertThat(sent).isLessThanOrEqualTo(24);
            StreamState gate = brokers.get(1).core().stream("gate");
            assertThat(gate.frames()).isLessThanOrEqualTo(3);
            assertThat(brokers.get(0).core().memory().inboundBytes())
                    .isEqualTo((4 << 20) + EdgeSettings.ENVELOPE_BYTES + MEGA);
            for (int settled = 0; settled < frames; ) {
                var told = consumer.next(ConsumeFramesResponse::hasDeliveries);
                settled += told.getDeliveries().getDeliveriesCount();
                consumer.say(Say.ackAll(told));
                if (sent < frames) {
                    sent++;
                    camera.say(Say.frames(large(sent)));
                }
            }
            camera.halfClose();
            camera.endsWell();
        }
    }

    /** Whether a publisher may say more, within a moment that is long for this machine. */
    private static boolean becomesReady(Talk<?, ?> talk) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        while (!talk.isReady()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }

    @Test
    void aConsumerThatDoesNotReadStopsTheOwner() {
        int frames = 64;
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var consumer = brokers.get(0).deafConsumer();
            consumer.say(Say.consume(Say.consumer("gate", "detector")
                    .setWindow(Window.newBuilder().setMaxFrames(1000).setMaxBytes(1 << 30))));
            EdgeBroker.await(
                    "a group",
                    () -> !brokers.get(1).core().streams().isEmpty()
                            && !brokers.get(1).core().groups("gate").isEmpty());
            var camera = brokers.get(1).publish(Say.open("gate"));
            for (int i = 1; i <= frames; i++) {
                camera.say(Say.frames(large(i)));
            }
            camera.next(told -> told.getAck().getStoredThrough() == frames);

            long given = settledDown(() -> brokers.get(1).core().ledger("gate").groups().stream()
                    .mapToLong(group -> group.pending())
                    .sum());

            assertThat(given).isBetween(1L, 24L);
            assertThat(brokers.get(0).core().memory().outboundBytes()).isLessThan(5 * MEGA);
            consumer.read(1 + frames);
            assertThat(consumer.next().hasOpened()).isTrue();
            assertThat(take(consumer, frames))
                    .extracting(Delivery::getSequence)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, frames).boxed().toList());
        }
    }

    /** A number once it has not changed for half a second. */
    static long settledDown(LongSupplier number) {
        long value = number.getAsLong();
        long since = System.nanoTime();
        while (value == 0 || System.nanoTime() - since < TimeUnit.MILLISECONDS.toNanos(500)) {
            long now = number.getAsLong();
            if (now != value) {
                value = now;
                since = System.nanoTime();
            }
            LockSupport.parkNanos(1_000_000);
        }
        return value;
    }

    @Test
    void aPublisherThatThereIsNoMemoryForIsRefused() {
        try (Brokers brokers =
                Brokers.start(2, setup -> setup.inboundBytes(6 * MEGA)).own(1, "gate", "yard")) {
            var first = brokers.get(0).publish(Say.open("gate"));

            Refusal refusal = refusedPublisher(brokers.get(0), Say.publisher("yard"));

            assertThat(refusal.reason()).isEqualTo("INBOUND_MEMORY_FULL");
            first.halfClose();
            first.endsWell();
            // The call ends before what was kept for it is given back.
            for (EdgeBroker broker : List.of(brokers.get(0), brokers.get(1))) {
                EdgeBroker.await(
                        "its memory given back", () -> broker.core().memory().inboundBytes() == 0);
            }
            publish(brokers.get(0), "yard", 1, 1);
        }
    }

    @Test
    void aConsumerThatThereIsNoMemoryForIsRefused() {
        try (Brokers brokers =
                Brokers.start(2, setup -> setup.outboundBytes(2 * MEGA)).own(1, "gate")) {
            var first = brokers.get(0).consume(Say.consume(Say.consumer("gate", "one")));

            Refusal refusal = refusedConsumer(brokers.get(0), Say.consumer("gate", "two"));

            assertThat(refusal.reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
            first.halfClose();
            first.endsWell();
        }
    }

    @Test
    void aFrameThatThereIsNoMemoryForGoesToSomebodyElseAtOnce() {
        try (Brokers brokers =
                Brokers.start(3, setup -> setup.graceMillis(600_000)).own(1, "gate")) {
            brokers.get(0).core().memory().reserveOutbound(510 * MEGA);
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector")));
            var camera = brokers.get(1).publish(Say.open("gate"));

            camera.say(Say.frames(Say.frame(1, ByteString.copyFrom(new byte[3 * MEGA]))));

            assertThat(consumer.refusal().reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
            var other = brokers.get(2).consume(Say.consume(Say.consumer("gate", "detector")));
            assertThat(take(other, 1).get(0).getToken().getAttempt()).isEqualTo(1);
            brokers.get(0).core().memory().releaseOutbound(510 * MEGA);
        }
    }

    @Test
    void aMessageAboveWhatWasDeclaredEndsTheCall() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var camera =
                    brokers.get(0).publish(Say.publish(Say.publisher("gate").setMaxFrameBytes(1000)));

            camera.say(Say.frames(Say.frame(1, ByteString.copyFrom(new byte[2 * MEGA]))));

            assertThat(camera.refusal().reason()).isEqualTo("MESSAGE_TOO_LARGE");
            publish(brokers.get(0), "gate", 1, 1);
        }
    }

    @Test
    void callsThatArePassedOnCount() {
        try (Brokers brokers = Brokers.start(2, setup -> setup.maxCalls(1)).own(1, "gate")) {
            var camera = brokers.get(0).publish(Say.open("gate"));

            assertThat(refusedConsumer(brokers.get(0), Say.consumer("gate", "detector"))
                            .reason())
                    .isEqualTo("TOO_MANY_CALLS");
            camera.halfClose();
            camera.endsWell();
        }
    }

    /** The owner takes a thousand calls from one connection, and ends one on which many are reset at once. */
    @Test
    void manyCallsShareSeveralConnections() {
        int calls = 250;
        try (Brokers brokers = Brokers.start(2, setup -> setup.maxStreams(1000))) {
            List<Channel> channels = List.of(
                    brokers.get(0).newChannel(),
                    brokers.get(0).newChannel(),
                    brokers.get(0).newChannel());
            List<Talk<PublishFramesRequest, PublishFramesResponse>> cameras = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                brokers.own(1, "cam" + i);
                var camera = EdgeBroker.publish(channels.get(i % channels.size()));
                camera.say(Say.publish(Say.publisher("cam" + i).setMaxFrameBytes(1000)));
                assertThat(camera.next().hasOpened()).isTrue();
                cameras.add(camera);
            }
            cameras.subList(1, calls).forEach(Talk::cancel);

            EdgeBroker.await("one call left", () -> brokers.get(1).server().openCalls() == 1);
            cameras.get(0).say(Say.frames(1, 1));
            assertThat(cameras.get(0)
                            .next(PublishFramesResponse::hasAck)
                            .getAck()
                            .getStoredThrough())
                    .isEqualTo(1);
        }
    }
}
