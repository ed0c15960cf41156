package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Deleted;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.Pause;
import io.framebroker.v1.Resume;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.v1.Window;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams by glob, as clients see them: with one broker and with several. */
@Timeout(300)
class GlobsTest {
    private static ConsumeOpen.Builder detector(String... streams) {
        return ConsumeOpen.newBuilder().addAllStreams(List.of(streams)).setGroup("detector");
    }

    private static void publish(EdgeBroker broker, String stream, long first, long last) {
        var camera = broker.publish(Say.open(stream));
        for (long sequence = first; sequence <= last; sequence++) {
            camera.say(Say.frames(sequence, sequence));
        }
        camera.halfClose();
        camera.endsWell();
    }

    private static Map<String, Integer> take(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int frames) {
        Map<String, Integer> ofStream = new TreeMap<>();
        int sum = 0;
        while (sum < frames) {
            Deliveries told =
                    consumer.next(ConsumeFramesResponse::hasDeliveries).getDeliveries();
            ofStream.merge(told.getStream(), told.getDeliveriesCount(), Integer::sum);
            sum += told.getDeliveriesCount();
        }
        assertThat(sum).isEqualTo(frames);
        return ofStream;
    }

    private static StreamsChanged change(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer) {
        return consumer.next(ConsumeFramesResponse::hasStreamsChanged).getStreamsChanged();
    }

    /** Brokers that look for streams all the time. */
    private static Brokers brokers(int count) {
        return Brokers.start(count, setup -> setup.heartbeatMillis(20));
    }

    @Test
    void namesAndGlobsMayBeMixed() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "cam-1", 1, 2);
            publish(broker, "yard", 1, 2);
            var consumer = broker.consume();
            consumer.say(Say.consume(detector("gate", "cam-*", "*-1")));

            assertThat(consumer.next().getOpened().getStreamsList()).containsExactlyInAnyOrder("gate", "cam-1");
            publish(broker, "cam-1", 3, 3);
            publish(broker, "gate", 1, 1);
            publish(broker, "cam-2", 1, 1);

            assertThat(take(consumer, 3)).isEqualTo(Map.of("cam-1", 1, "gate", 1, "cam-2", 1));
            consumer.halfClose();
            consumer.endsWell();
        }
    }

    @Test
    void aNewStreamIsToldBeforeItsFirstFrameAndADeletedOneWhenItIsGone() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer = broker.consume(Say.consume(detector("cam-*")));

            publish(broker, "cam-1", 1, 1);
            StreamsChanged came = consumer.next().getStreamsChanged();
            assertThat(came.getAddedList()).containsExactly("cam-1");
            var told = consumer.next();
            assertThat(told.getDeliveries().getStream()).isEqualTo("cam-1");
            Deleted.stream(broker.core(), "cam-1", true);
            assertThat(change(consumer).getRemovedList()).containsExactly("cam-1");

            consumer.say(Say.ackAll(told));
            assertThat(consumer.next().getSettled().getResults(0).getOutcome())
                    .isEqualTo(SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN);
        }
    }

    @Test
    void aCallThatNothingMatchesIsIdle() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(20).inProcess()) {
            var consumer = broker.consume(Say.consume(detector("cam-*")));

            var heartbeat = consumer.next().getHeartbeat();

            assertThat(heartbeat.getIdle()).isEqualTo(IdleReason.IDLE_REASON_NO_FRAMES);
            assertThat(heartbeat.getLagsList()).isEmpty();
            consumer.halfClose();
            consumer.endsWell();
        }
    }

    @Test
    void theWindowOfTheNewestFramesHasOneOfEachStream() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var viewer = broker.consume(
                    Say.consume(ConsumeOpen.newBuilder().addStreams("*").setMode(ConsumeMode.CONSUME_MODE_LATEST)));

            publish(broker, "a", 1, 3);
            publish(broker, "b", 1, 3);
            publish(broker, "c", 1, 3);

            assertThat(take(viewer, 3)).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
        }
    }

    /** As grpcurl does. */
    @Test
    void aReplayOfAllThereIsEnds() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "a", 1, 3);
            publish(broker, "b", 1, 3);
            var viewer = broker.consume();
            viewer.say(Say.consume(ConsumeOpen.newBuilder()
                    .addStreams("*")
                    .setMode(ConsumeMode.CONSUME_MODE_REPLAY)
                    .setAutoAck(true)));
            viewer.halfClose();

            assertThat(viewer.rest().stream()
                            .mapToInt(told -> told.getDeliveries().getDeliveriesCount())
                            .sum())
                    .isEqualTo(6);
            viewer.endsWell();
        }
    }

    @Test
    void streamsOfAllBrokersComeFromTheirFirstFrame() {
        try (Brokers brokers = brokers(3).own(0, "cam-0").own(1, "cam-1").own(2, "cam-2", "cam-3")) {
            publish(brokers.get(1), "cam-1", 1, 2);
            var consumer = brokers.get(0).consume();
            consumer.say(
                    Say.consume(detector("cam-*").setWindow(Window.newBuilder().setMaxFrames(1000))));
            assertThat(consumer.next().getOpened().getStreamsList()).containsExactly("cam-1");

            // Nobody told the first broker of these two, and the third had no call yet.
            publish(brokers.get(1), "cam-2", 1, 5);
            publish(brokers.get(2), "cam-3", 1, 5);
            publish(brokers.get(2), "cam-0", 1, 5);
            publish(brokers.get(0), "cam-1", 3, 3);

            assertThat(take(consumer, 16)).isEqualTo(Map.of("cam-0", 5, "cam-1", 1, "cam-2", 5, "cam-3", 5));
            consumer.say(Say.settle(
                    Say.ackOf("cam-0", Say.token(1, 1), 5),
                    Say.ackOf("cam-2", Say.token(1, 1), 5),
                    Say.ackOf("cam-3", Say.token(1, 1), 5)));
            EdgeBroker.await(
                    "all acked",
                    () -> List.of("cam-0", "cam-2", "cam-3").stream()
                            .allMatch(stream -> brokers.owner(stream).ledger(stream).groups().stream()
                                    .allMatch(group -> group.acked() == 5)));
            consumer.halfClose();
            consumer.endsWell();
        }
    }

    @Test
    void aStreamDeletedAtItsOwnerFallsOutAndComesAgainElsewhere() {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1")) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            publish(brokers.get(1), "cam-1", 1, 1);
            assertThat(change(consumer).getAddedList()).containsExactly("cam-1");
            take(consumer, 1);

            Deleted.stream(brokers.owner("cam-1"), "cam-1", true);
            assertThat(change(consumer).getRemovedList()).containsExactly("cam-1");
            brokers.own(0, "cam-1");
            publish(brokers.get(1), "cam-1", 7, 7);

            assertThat(change(consumer).getAddedList()).containsExactly("cam-1");
            assertThat(take(consumer, 1)).isEqualTo(Map.of("cam-1", 1));
        }
    }

    @Test
    void aConsumerThatComesBackKeepsWhatItHoldsOfMatchingStreams() {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1")) {
            publish(brokers.get(0), "cam-0", 1, 1);
            publish(brokers.get(1), "cam-1", 1, 1);
            ConsumeOpen.Builder open = detector("cam-*")
                    .setConsumerId("worker")
                    .setSettings(GroupSettings.newBuilder()
                            .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST)));
            var first = brokers.get(0).consume(Say.consume(open));
            take(first, 2);
            first.cancel();
            EdgeBroker.await("it is gone", () -> brokers.get(0).server().openCalls() == 0);

            for (String stream : List.of("cam-0", "cam-1", "cam-2")) {
                open.addHeld(HeldDeliveries.newBuilder().setStream(stream).setToken(Say.token(1, 1)));
            }
            var again = brokers.get(1).consume(Say.consume(open));

            Map<String, SettleOutcome> results = new TreeMap<>();
            while (results.size() < 3) {
                again.next(ConsumeFramesResponse::hasSettled)
                        .getSettled()
                        .getResultsList()
                        .forEach(result -> results.put(result.getStream(), result.getOutcome()));
            }
            assertThat(results)
                    .containsEntry("cam-0", SettleOutcome.SETTLE_OUTCOME_OK)
                    .containsEntry("cam-1", SettleOutcome.SETTLE_OUTCOME_OK)
                    .containsEntry("cam-2", SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN);
        }
    }

    /** Opened again, it is spread. */
    @Test
    void aCallOpenedBeforeThereWasAnotherBrokerEndsWhenThatHasAMatchingStream() {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1").apart(true)) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            publish(brokers.get(0), "cam-0", 1, 1);
            take(consumer, 1);
            brokers.apart(false);

            publish(brokers.get(1), "cam-1", 1, 1);

            Refusal refusal = consumer.refusal();
            assertThat(refusal.reason()).isEqualTo("STREAMS_SPREAD");
            assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
            var again = brokers.get(0).consume();
            again.say(Say.consume(detector("cam-*")));
            assertThat(again.next().getOpened().getStreamsList()).containsExactlyInAnyOrder("cam-0", "cam-1");
        }
    }

    /** A stream of a broker that cannot be reached is no reason to end the call for the others. */
    @Test
    void aBrokerThatCannotBeReachedIsLeftOutUntilItCan() throws IOException {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1");
                ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            brokers.find(1, nobody.getLocalPort());
            publish(brokers.get(1), "cam-1", 1, 1);
            nobody.accept().close();
            publish(brokers.get(0), "cam-0", 1, 1);
            assertThat(take(consumer, 1)).isEqualTo(Map.of("cam-0", 1));

            brokers.find(1, brokers.get(1).server().port());

            assertThat(take(consumer, 1)).isEqualTo(Map.of("cam-1", 1));
        }
    }

    /** Used to leave the numbers of the brokers wrong, so that the call ended as soon as a frame came from there. */
    @Test
    void aBrokerWhoseAddressIsNoneIsLeftOutUntilItHasOne() {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1")) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            brokers.find(1, -1);
            publish(brokers.get(1), "cam-1", 1, 1);
            EdgeBroker.await("it was looked for there", () -> brokers.hasTold("127.0.0.1:-1"));

            brokers.find(1, brokers.get(1).server().port());

            assertThat(change(consumer).getAddedList()).containsExactly("cam-1");
            assertThat(take(consumer, 1)).isEqualTo(Map.of("cam-1", 1));
        }
    }

    /** Used to wait for ever: nobody looked whether the one that could not be reached had been the last. */
    @Test
    void aCallThatOnlyWaitsForABrokerThatCannotBeReachedEndsWell() throws IOException {
        Silent silent = new Silent();
        Server nobody = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(silent)
                .build()
                .start();
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1")) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            brokers.find(1, nobody.getPort());
            publish(brokers.get(1), "cam-1", 1, 1);
            // A connection is made before the call is one with that broker, too.
            EdgeBroker.await("it was called", silent.called::get);
            consumer.halfClose();
            EdgeBroker.await(
                    "its own broker is done", () -> brokers.get(0).server().openCalls() == 1);

            nobody.shutdownNow();

            consumer.endsWell();
        } finally {
            nobody.shutdownNow();
        }
    }

    /** Takes calls, and says nothing. */
    private static final class Silent extends FrameBrokerServiceGrpc.FrameBrokerServiceImplBase {
        private final AtomicBoolean called = new AtomicBoolean();

        @Override
        public StreamObserver<ConsumeFramesRequest> consumeFrames(StreamObserver<ConsumeFramesResponse> told) {
            called.set(true);
            return new StreamObserver<>() {
                @Override
                public void onNext(ConsumeFramesRequest request) {}

                @Override
                public void onError(Throwable why) {}

                @Override
                public void onCompleted() {}
            };
        }
    }

    @Test
    void pauseAndWindowHoldForABrokerThatComesLater() {
        try (Brokers brokers = brokers(2).own(0, "cam-0").own(1, "cam-1")) {
            var consumer = brokers.get(0).consume(Say.consume(detector("cam-*")));
            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setPause(Pause.getDefaultInstance())
                    .build());
            consumer.say(Say.window(4, 0));
            publish(brokers.get(1), "cam-1", 1, 9);
            assertThat(change(consumer).getAddedList()).containsExactly("cam-1");
            EdgeBroker.await(
                    "it is paused there too",
                    () -> brokers.owner("cam-1").groups("cam-1").stream().allMatch(group -> group.consumers() == 1));

            consumer.say(ConsumeFramesRequest.newBuilder()
                    .setResume(Resume.getDefaultInstance())
                    .build());

            // One frame is the other broker's share, which has no streams.
            assertThat(take(consumer, 3)).isEqualTo(Map.of("cam-1", 3));
        }
    }

    @Test
    void theNewestFramesOfSeveralBrokersHaveRoomForOneOfEachStream() {
        try (Brokers brokers = brokers(2).own(0, "a").own(1, "b", "c")) {
            var viewer = brokers.get(0)
                    .consume(Say.consume(
                            ConsumeOpen.newBuilder().addStreams("*").setMode(ConsumeMode.CONSUME_MODE_LATEST)));

            publish(brokers.get(0), "a", 1, 3);
            publish(brokers.get(0), "b", 1, 3);
            publish(brokers.get(0), "c", 1, 3);

            assertThat(take(viewer, 3)).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
        }
    }

    @Test
    void aRangeOfOneBrokerIsServedAndOneOfSeveralIsNot() {
        try (Brokers brokers = brokers(2).own(0, "a").own(1, "b")) {
            ConsumeOpen.Builder replay = ConsumeOpen.newBuilder()
                    .addStreams("*")
                    .setMode(ConsumeMode.CONSUME_MODE_REPLAY)
                    .setAutoAck(true);
            publish(brokers.get(0), "b", 1, 3);
            var ofOne = brokers.get(0).consume(Say.consume(replay));
            assertThat(take(ofOne, 3)).isEqualTo(Map.of("b", 3));
            ofOne.endsWell();

            publish(brokers.get(0), "a", 1, 3);
            var ofBoth = brokers.get(0).consume();
            ofBoth.say(Say.consume(replay));
            assertThat(ofBoth.refusal().reason()).isEqualTo("REPLAY_NOT_SERVED");
        }
    }

    @Test
    void aLimitOverSeveralBrokersIsNotServed() {
        try (Brokers brokers = brokers(2)) {
            var consumer = brokers.get(0).consume();
            consumer.say(Say.consume(detector("cam-*").setLimit(3)));

            assertThat(consumer.refusal().reason()).isEqualTo("LIMIT_NOT_SERVED");
        }
    }
}
