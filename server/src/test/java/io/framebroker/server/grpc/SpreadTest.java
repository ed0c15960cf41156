package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.Deleted;
import io.framebroker.server.broker.Ledger;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Extend;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.Pause;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.Resume;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamLag;
import io.framebroker.v1.Window;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Consumers whose streams several brokers have. */
@Timeout(300)
class SpreadTest {
    private static final int MEGA = 1 << 20;
    private static final SettleOutcome OK = SettleOutcome.SETTLE_OUTCOME_OK;

    /** Streams a, b and c, of the brokers 0, 1 and 2. */
    private static Brokers three() {
        return Brokers.start(3).own(0, "a").own(1, "b").own(2, "c");
    }

    private static ConsumeOpen.Builder all(String group) {
        return Say.consumer("a", group).addStreams("b").addStreams("c");
    }

    private static ConsumeOpen.Builder all(String group, int windowFrames) {
        return all(group).setWindow(Window.newBuilder().setMaxFrames(windowFrames));
    }

    private static void publish(Brokers brokers, String stream, long first, long last) {
        var camera = brokers.get(0).publish(Say.open(stream));
        for (long sequence = first; sequence <= last; sequence++) {
            camera.say(Say.frames(sequence, sequence));
        }
        camera.halfClose();
        camera.endsWell();
    }

    private static void publishAll(Brokers brokers, long first, long last) {
        List.of("a", "b", "c").forEach(stream -> publish(brokers, stream, first, last));
    }

    /** Takes deliveries until there are so many, and tells how many of each stream. */
    private static Map<String, Integer> take(
            Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int frames, List<Deliveries> taken) {
        Map<String, Integer> ofStream = new TreeMap<>();
        int sum = 0;
        while (sum < frames) {
            Deliveries told =
                    consumer.next(ConsumeFramesResponse::hasDeliveries).getDeliveries();
            taken.add(told);
            ofStream.merge(told.getStream(), told.getDeliveriesCount(), Integer::sum);
            sum += told.getDeliveriesCount();
        }
        assertThat(sum).isEqualTo(frames);
        return ofStream;
    }

    private static Map<String, Integer> take(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int frames) {
        return take(consumer, frames, new ArrayList<>());
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

    /** How many frames of a stream its owner has given to the group, which settles none. */
    private static long given(Brokers brokers, String stream) {
        return brokers.owner(stream).ledger(stream).groups().get(0).pending();
    }

    private static long sum(Brokers brokers, ToLongFunction<Ledger.OfGroup> count) {
        long sum = 0;
        for (String stream : List.of("a", "b", "c")) {
            Broker owner = brokers.owner(stream);
            sum += owner.ledger(stream).groups().stream().mapToLong(count).sum();
        }
        return sum;
    }

    @Test
    void openIsAnsweredForAllStreamsAtOnce() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).consume();
            consumer.say(Say.consume(Say.consumer("c", "detector", 10)
                    .addStreams("a")
                    .addStreams("b")
                    .addStreams("a")));

            ConsumeOpened opened = consumer.next().getOpened();

            assertThat(opened.getStreamsList()).containsExactly("c", "a", "b");
            assertThat(opened.getConsumerId()).isNotEmpty();
            assertThat(opened.getGroup()).isEqualTo("detector");
            assertThat(opened.getWindow().getMaxFrames()).isEqualTo(10);
            assertThat(opened.getWindow().getMaxBytes()).isEqualTo(64 << 20);
            assertThat(opened.getSettings().getLease().getSeconds()).isEqualTo(30);
            assertThat(opened.getResumeGrace().getSeconds()).isEqualTo(600);
        }
    }

    @Test
    void framesOfAllOwnersComeInOrderAndAreSettledAtTheirOwners() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(1).consume(Say.consume(all("detector", 1000)));
            publishAll(brokers, 1, 50);

            List<Deliveries> taken = new ArrayList<>();
            assertThat(take(consumer, 150, taken)).isEqualTo(Map.of("a", 50, "b", 50, "c", 50));
            Map<String, Long> last = new TreeMap<>();
            for (Deliveries told : taken) {
                told.getDeliveriesList().forEach(delivery -> {
                    assertThat(delivery.getFrame()).isEqualTo(Say.frame(delivery.getSequence()));
                    assertThat(delivery.getSequence()).isEqualTo(last.getOrDefault(told.getStream(), 0L) + 1);
                    last.put(told.getStream(), delivery.getSequence());
                });
            }

            consumer.say(Say.settle(
                    Say.ackOf("a", Say.token(1, 1), 50),
                    Say.ackOf("b", Say.token(1, 1), 50),
                    Say.ackOf("c", Say.token(1, 1), 50),
                    Say.ackOf("b", Say.token(7, 1), 1),
                    Say.ackOf("elsewhere", Say.token(1, 1), 1)));

            List<SettleResult> results = results(consumer, 5);
            assertThat(results).extracting(SettleResult::getOutcome).contains(OK, OK, OK);
            assertThat(results)
                    .filteredOn(result -> result.getStream().equals("b"))
                    .extracting(SettleResult::getOutcome)
                    .containsExactly(OK, SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED);
            assertThat(results)
                    .filteredOn(result -> result.getStream().equals("elsewhere"))
                    .extracting(SettleResult::getOutcome)
                    .containsExactly(SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN);
            assertThat(sum(brokers, Ledger.OfGroup::acked)).isEqualTo(150);
            consumer.halfClose();
            consumer.endsWell();
        }
    }

    @Test
    void theWindowIsSplitAndSplitAgainWhenItChanges() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).consume(Say.consume(all("detector", 7)));
            publishAll(brokers, 1, 50);

            assertThat(take(consumer, 7)).isEqualTo(Map.of("a", 2, "b", 2, "c", 3));
            consumer.say(Say.window(30, 0));
            assertThat(take(consumer, 23)).isEqualTo(Map.of("a", 8, "b", 8, "c", 7));
            consumer.say(Say.window(1, 0));
            consumer.say(Say.settle(
                    Say.ackOf("a", Say.token(1, 1), 10),
                    Say.ackOf("b", Say.token(1, 1), 10),
                    Say.ackOf("c", Say.token(1, 1), 10)));
            assertThat(take(consumer, 3)).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
            assertThat(sum(brokers, Ledger.OfGroup::pending)).isEqualTo(3);
            assertThat(sum(brokers, Ledger.OfGroup::waiting)).isEqualTo(150 - 33);

            consumer.say(Say.window(0, 0));
            assertThat(consumer.refusal().fields()).containsExactly("window.max_frames");
        }
    }

    @Test
    void leasesAreExtendedAtTheirOwners() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).consume(Say.consume(all("detector", 10)));
            publishAll(brokers, 1, 1);
            take(consumer, 3);

            Extend.Builder extend = Extend.newBuilder();
            for (String stream : List.of("a", "b", "c", "elsewhere")) {
                extend.addDeliveries(
                        HeldDeliveries.newBuilder().setStream(stream).setToken(Say.token(1, 1)));
            }
            consumer.say(ConsumeFramesRequest.newBuilder().setExtend(extend).build());

            assertThat(results(consumer, 4))
                    .extracting(SettleResult::getOutcome)
                    .containsExactlyInAnyOrder(OK, OK, OK, SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN);
        }
    }

    @Test
    void aPauseHoldsEverywhereAndAHeartbeatTellsOfAllStreams() {
        try (Brokers brokers = Brokers.start(3, setup -> setup.heartbeatMillis(20))
                .own(0, "a")
                .own(1, "b")
                .own(2, "c")) {
            var consumer = brokers.get(0).consume(Say.consume(all("detector", 10)));
            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setPause(Pause.getDefaultInstance())
                    .build());

            var heartbeat = consumer.next(told -> told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_PAUSED)
                    .getHeartbeat();
            assertThat(heartbeat.getLagsList())
                    .extracting(StreamLag::getStream)
                    .containsExactlyInAnyOrder("a", "b", "c");
            // The heartbeat may have come when one of them had heard of the pause.
            for (String stream : List.of("a", "b", "c")) {
                EdgeBroker.await(
                        "a pause of " + stream,
                        () -> brokers.owner(stream).consumers(stream, "detector").stream()
                                .allMatch(each -> each.idle() == Consumer.Idle.PAUSED));
            }
            publishAll(brokers, 1, 1);
            assertThat(sum(brokers, Ledger.OfGroup::waiting)).isEqualTo(3);

            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setResume(Resume.getDefaultInstance())
                    .build());

            assertThat(take(consumer, 3)).hasSize(3);
        }
    }

    @Test
    void aConsumerThatDoesNotReadStopsAllOwners() {
        int frames = 40;
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).deafConsumer();
            consumer.say(Say.consume(all("detector")
                    .setWindow(Window.newBuilder().setMaxFrames(3000).setMaxBytes(1L << 33))));
            for (String stream : List.of("a", "b", "c")) {
                EdgeBroker.await(
                        "a group on " + stream,
                        () -> !brokers.owner(stream).streams().isEmpty()
                                && !brokers.owner(stream).groups(stream).isEmpty());
                var camera = brokers.get(0).publish(Say.open(stream));
                for (int i = 1; i <= frames; i++) {
                    camera.say(Say.frames(Say.frame(i, ByteString.copyFrom(new byte[MEGA]))));
                }
                camera.halfClose();
                camera.endsWell();
            }

            long given = RelayTest.settledDown(() -> sum(brokers, Ledger.OfGroup::pending));

            assertThat(given).isBetween(1L, 45L);
            consumer.read(1);
            assertThat(consumer.next().hasOpened()).isTrue();

            // Now it reads one message at a time: every stream has its turn.
            Map<String, Integer> half = new TreeMap<>();
            for (int i = 0; i < 60; i++) {
                for (String stream : List.of("a", "b", "c")) {
                    EdgeBroker.await(
                            "a frame of " + stream + " on its way",
                            () -> given(brokers, stream) > half.getOrDefault(stream, 0));
                }
                consumer.read(1);
                take(consumer, 1).forEach((stream, count) -> half.merge(stream, count, Integer::sum));
            }
            assertThat(half.values()).allSatisfy(count -> assertThat(count).isBetween(6, 40));
            consumer.read(3 * frames);
            assertThat(take(consumer, 60).values().stream()
                            .mapToInt(Integer::intValue)
                            .sum())
                    .isEqualTo(60);
        }
    }

    @Test
    void aConsumerThatLeavesGivesBackWhatItHasEverywhere() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).consume(Say.consume(all("detector", 30)));
            publishAll(brokers, 1, 5);
            take(consumer, 15);

            consumer.halfClose();
            consumer.endsWell();

            List<Deliveries> again = new ArrayList<>();
            take(brokers.get(2).consume(Say.consume(all("detector", 30))), 15, again);
            assertThat(again)
                    .flatExtracting(Deliveries::getDeliveriesList)
                    .extracting(delivery -> delivery.getToken().getAttempt())
                    .containsOnly(1);
        }
    }

    @Test
    void autoAckGoesOnBehindAHalfClose() {
        try (Brokers brokers = three()) {
            var looker = brokers.get(1).consume(Say.consume(all("look").setAutoAck(true)));
            looker.halfClose();

            publishAll(brokers, 1, 5);

            assertThat(take(looker, 15)).isEqualTo(Map.of("a", 5, "b", 5, "c", 5));
        }
    }

    @Test
    void aConsumerThatComesBackKeepsWhatItHoldsWhereverItComesBack() {
        try (Brokers brokers = three()) {
            var first = brokers.get(0).consume(Say.consume(all("detector", 3).setConsumerId("worker")));
            publishAll(brokers, 1, 2);
            take(first, 3);
            first.cancel();
            EdgeBroker.await("it is gone", () -> brokers.get(0).server().openCalls() == 0);

            ConsumeOpen.Builder open = all("detector", 3).setConsumerId("worker");
            for (String stream : List.of("a", "b", "c")) {
                open.addHeld(HeldDeliveries.newBuilder().setStream(stream).setToken(Say.token(1, 1)));
            }
            var again = brokers.get(2).consume(Say.consume(open));
            again.say(Say.settle(
                    Say.ackOf("a", Say.token(1, 1), 1),
                    Say.ackOf("b", Say.token(1, 1), 1),
                    Say.ackOf("c", Say.token(1, 1), 1)));

            // A frame may come before the last result.
            List<SettleResult> results = new ArrayList<>();
            List<String> next = new ArrayList<>();
            while (results.size() < 3 || next.size() < 3) {
                var told = again.next();
                results.addAll(told.getSettled().getResultsList());
                if (told.hasDeliveries()) {
                    next.add(told.getDeliveries().getStream());
                }
            }
            assertThat(results).extracting(SettleResult::getOutcome).containsOnly(OK);
            assertThat(next).containsExactlyInAnyOrder("a", "b", "c");
        }
    }

    @Test
    void aSecondCallOfTheSameConsumerReplacesTheFirstEverywhere() {
        try (Brokers brokers = three()) {
            var first = brokers.get(0).consume(Say.consume(all("detector", 3).setConsumerId("worker")));
            publishAll(brokers, 1, 1);
            take(first, 3);

            var second = brokers.get(1).consume(Say.consume(all("detector", 3).setConsumerId("worker")));

            assertThat(first.refusal().reason()).isEqualTo("CONSUMER_REPLACED");
            assertThat(take(second, 3)).hasSize(3);
        }
    }

    @Test
    void theDeathOfOneOwnerEndsTheCallAndTheOthersWaitForItsReturn() {
        try (Brokers brokers = Brokers.start(3, setup -> setup.graceMillis(60_000))
                .own(0, "a")
                .own(1, "b")
                .own(2, "c")) {
            BlackHole wire = new BlackHole(brokers.get(2).server().port());
            brokers.find(2, wire.port());
            var consumer =
                    brokers.get(0).consume(Say.consume(all("detector", 30).setConsumerId("worker")));
            publish(brokers, "a", 1, 1);
            publish(brokers, "b", 1, 1);
            take(consumer, 2);

            wire.close();

            Refusal refusal = consumer.refusal();
            assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(refusal.reason()).isEqualTo("OWNER_UNREACHABLE");
            assertThat(refusal.message()).contains("stream c", brokers.address(2));
            for (String stream : List.of("a", "b")) {
                EdgeBroker.await(
                        "nobody consumes " + stream,
                        () -> brokers.owner(stream).stream(stream).consumers() == 0);
            }
            // What the consumer held waits for it, and nobody else gets it meanwhile.
            publish(brokers, "a", 2, 2);
            publish(brokers, "b", 2, 2);
            List<Deliveries> given = new ArrayList<>();
            take(
                    brokers.get(0)
                            .consume(Say.consume(Say.consumer("a", "detector").addStreams("b"))),
                    2,
                    given);
            assertThat(given)
                    .flatExtracting(Deliveries::getDeliveriesList)
                    .extracting(Delivery::getSequence)
                    .containsExactly(2L, 2L);
        }
    }

    /** Nobody comes back after such a refusal, so what the others gave is not to wait for it. */
    @Test
    void aRefusalForGoodAtOneOwnerGivesBackWhatTheOthersGave() {
        try (Brokers brokers = Brokers.start(3, setup -> setup.graceMillis(600_000))
                .own(0, "a")
                .own(1, "b")
                .own(2, "c")) {
            var consumer = brokers.get(0).consume(Say.consume(all("detector", 30)));
            publish(brokers, "a", 1, 1);
            publish(brokers, "b", 1, 1);
            take(consumer, 2);

            Deleted.stream(brokers.owner("c"), "c", true);

            assertThat(consumer.refusal().reason()).isEqualTo("STREAM_DELETED");
            var other = brokers.get(0).consume(Say.consume(all("detector", 30)));
            List<Deliveries> again = new ArrayList<>();
            assertThat(take(other, 2, again)).isEqualTo(Map.of("a", 1, "b", 1));
            assertThat(again)
                    .flatExtracting(Deliveries::getDeliveriesList)
                    .extracting(delivery -> delivery.getToken().getAttempt())
                    .containsOnly(1);
        }
    }

    @Test
    void aRefusalOfOneOwnerIsTheAnswer() {
        try (Brokers brokers = three()) {
            var there = brokers.get(2)
                    .consume(Say.consume(Say.consumer("c", "detector")
                            .setSettings(GroupSettings.newBuilder()
                                    .setLease(com.google.protobuf.Duration.newBuilder()
                                            .setSeconds(99)))));
            var consumer = brokers.get(0).consume();

            consumer.say(Say.consume(all("detector")
                    .setSettings(GroupSettings.newBuilder()
                            .setLease(com.google.protobuf.Duration.newBuilder().setSeconds(10)))));

            Refusal refusal = consumer.refusal();
            assertThat(refusal.reason()).isEqualTo("GROUP_SETTINGS_DIFFER");
            assertThat(refusal.message()).contains("99", "10");
            assertThat(there.hasEnded()).isFalse();
        }
    }

    @Test
    void oneDrainIsToldWhoeverDrains() {
        for (int drains = 0; drains < 2; drains++) {
            int draining = drains;
            try (Brokers brokers = three()) {
                var consumer = brokers.get(0).consume(Say.consume(all("detector")));

                CompletableFuture<Void> ended = CompletableFuture.runAsync(
                        () -> brokers.get(draining).server().close());

                consumer.next(ConsumeFramesResponse::hasDrain);
                consumer.halfClose();
                assertThat(consumer.rest()).noneMatch(ConsumeFramesResponse::hasDrain);
                consumer.endsWell();
                ended.orTimeout(Talk.PATIENCE_SECONDS, TimeUnit.SECONDS).join();
            }
        }
    }

    @Test
    void aLimitOverSeveralBrokersIsNotServed() {
        try (Brokers brokers = three()) {
            var consumer = brokers.get(0).consume();
            consumer.say(Say.consume(all("detector").setLimit(5)));

            Refusal refusal = consumer.refusal();

            assertThat(refusal.code()).isEqualTo(Status.Code.UNIMPLEMENTED);
            assertThat(refusal.reason()).isEqualTo("LIMIT_NOT_SERVED");
            assertThat(refusal.message()).contains("5", "3 brokers");
        }
    }

    @Test
    void aRangeOverSeveralBrokersIsServedWithoutAnEnd() {
        try (Brokers brokers = three()) {
            ConsumeOpen.Builder replay = all("").setMode(ConsumeMode.CONSUME_MODE_REPLAY);
            var ending = brokers.get(0).consume();
            ending.say(Say.consume(replay));

            Refusal refusal = ending.refusal();

            assertThat(refusal.code()).isEqualTo(Status.Code.UNIMPLEMENTED);
            assertThat(refusal.reason()).isEqualTo("REPLAY_NOT_SERVED");
            assertThat(refusal.message()).contains("3 brokers", "open.follow");
            publishAll(brokers, 1, 2);
            var following = brokers.get(0).consume(Say.consume(replay.setFollow(true)));
            publishAll(brokers, 3, 3);
            assertThat(take(following, 9)).isEqualTo(Map.of("a", 3, "b", 3, "c", 3));
        }
    }

    @Test
    void theNewestFramesOfAllOwnersComeWithWhatTheyReplaced() {
        try (Brokers brokers = three()) {
            var viewer = brokers.get(0).consume();
            viewer.say(Say.consume(ConsumeOpen.newBuilder()
                    .addAllStreams(List.of("a", "b", "c"))
                    .setMode(ConsumeMode.CONSUME_MODE_LATEST)
                    .setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY)));
            assertThat(viewer.next().getOpened().getWindow().getMaxFrames()).isEqualTo(3);
            publishAll(brokers, 1, 1);
            assertThat(take(viewer, 3)).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
            publishAll(brokers, 2, 4);

            for (String stream : List.of("a", "b", "c")) {
                viewer.say(Say.ack(stream, Say.token(1, 1)));
                Gap gap = viewer.next(ConsumeFramesResponse::hasGap).getGap();
                Deliveries told =
                        viewer.next(ConsumeFramesResponse::hasDeliveries).getDeliveries();

                assertThat(gap.getStream()).isEqualTo(stream);
                assertThat(gap.getReason()).isEqualTo("CONFLATED");
                assertThat(gap.getCount()).isEqualTo(2);
                assertThat(told.getStream()).isEqualTo(stream);
                assertThat(told.getDeliveries(0).getSequence()).isEqualTo(4);
                assertThat(told.getDeliveries(0).getFrame().getPayload()).isEmpty();
            }
        }
    }

    @Test
    void aRangeOfAnotherBrokerEndsAsItsOwn() {
        try (Brokers brokers = three()) {
            publish(brokers, "b", 1, 5);
            var viewer = brokers.get(0)
                    .consume(Say.consume(ConsumeOpen.newBuilder()
                            .addStreams("b")
                            .setMode(ConsumeMode.CONSUME_MODE_REPLAY)
                            .setMaxFps(1000)
                            .setAutoAck(true)
                            .setUntil(StartPosition.newBuilder()
                                    .setId(FrameId.newBuilder().setOrdinal(4)))));

            assertThat(viewer.rest().stream()
                            .mapToInt(told -> told.getDeliveries().getDeliveriesCount())
                            .sum())
                    .isEqualTo(3);
            viewer.endsWell();
        }
    }

    @Test
    void whatIsNoRequestEndsTheCall() {
        try (Brokers brokers = three()) {
            var twice = brokers.get(0).consume(Say.consume(all("detector")));
            twice.say(Say.consume(all("detector")));
            assertThat(twice.refusal().reason()).isEqualTo("OPEN_TWICE");

            var nothing = brokers.get(0).consume(Say.consume(all("detector")));
            nothing.say(ConsumeFramesRequest.getDefaultInstance());
            assertThat(nothing.refusal().reason()).isEqualTo("KIND_MISSING");
        }
    }

    @Test
    void aConsumerThatThereIsNoMemoryForIsRefused() {
        try (Brokers brokers =
                Brokers.start(3, setup -> setup.outboundBytes(MEGA)).own(1, "b").own(2, "c")) {
            var consumer = brokers.get(0).consume();
            consumer.say(Say.consume(Say.consumer("b", "detector").addStreams("c")));

            assertThat(consumer.refusal().reason()).isEqualTo("OUTBOUND_MEMORY_FULL");
        }
    }
}
