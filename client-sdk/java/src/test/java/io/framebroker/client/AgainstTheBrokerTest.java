package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamLedger;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations with a real broker over a real connection. */
@Timeout(300)
class AgainstTheBrokerTest {
    /** A consumer that is cut off has longer to come back than a busy machine may stand still. */
    private static final BrokerSettings SETTINGS = new BrokerSettings(true, 10_000, 30_000, StreamSettings.DEFAULT);

    /** Who closes sooner gives up what a machine that pauses keeps from it. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private BrokerServer server;
    private FrameBrokerClient client;

    @BeforeEach
    void start() throws Exception {
        server = start(0);
        client = FrameBrokerClient.connect("localhost:" + server.port());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void whatIsPublishedIsConsumedOnceAndInOrder() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        FrameConsumer consumer = client.consumer("cam1")
                .group("detector")
                .fromEarliest()
                .closeTimeout(PATIENCE)
                .onFrame(frame -> seen.add(new String(frame.payloadBytes(), StandardCharsets.UTF_8)));
        FramePublisher publisher = client.publisher("cam1").open();

        // A stream that nobody wants yet keeps a hundred frames: the rest waits until the group is there.
        publisher.publish(frame("picture 0"));
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("picture 0");

        IntStream.range(1, 1000).forEach(i -> publisher.publish(frame("picture " + i)));
        publisher.flush().get(60, TimeUnit.SECONDS);
        for (int i = 1; i < 1000; i++) {
            assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("picture " + i);
        }
        consumer.close();

        assertThat(publisher.stats().stored()).isEqualTo(1000);
        assertThat(consumer.stats().settledOk()).isEqualTo(1000);
        StreamLedger stream = ledger("cam1");
        assertThat(stream.getStored()).isEqualTo(1000);
        assertThat(stream.getImbalance()).isZero();
        assertThat(groupLedger("cam1").getAcked()).isEqualTo(1000);
    }

    @Test
    void batchesOfManyStreamsReachADirectConsumerWhole() throws Exception {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        CountDownLatch first = new CountDownLatch(2);
        FrameConsumer consumer = client.consumer("a", "b")
                .group("g")
                .fromEarliest()
                .limit(2002)
                .direct()
                .onFrame(frame -> {
                    seen.add(frame.stream() + frame.sequence());
                    first.countDown();
                });
        FramePublisher a = client.publisher("a").open();
        FramePublisher b = client.publisher("b").open();

        // A stream that nobody wants yet keeps a hundred frames: the rest waits until the group is there.
        a.publish(frame("first"));
        b.publish(frame("first"));
        assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();

        for (int i = 0; i < 10; i++) {
            List<OutgoingFrame> batch =
                    IntStream.range(0, 100).mapToObj(n -> frame("x" + n)).toList();
            a.publish(batch);
            b.publish(batch);
        }
        a.flush().get(60, TimeUnit.SECONDS);
        b.flush().get(60, TimeUnit.SECONDS);
        consumer.done().get(60, TimeUnit.SECONDS);

        assertThat(seen).hasSize(2002);
        assertThat(consumer.stats().settledOk()).isEqualTo(2002);
    }

    @Test
    void aSlowHandlerGetsTheNewestFrameAndHearsOfTheOthers() throws Exception {
        BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
        BlockingQueue<Long> passedOver = new LinkedBlockingQueue<>();
        CountDownLatch allPublished = new CountDownLatch(1);
        CountDownLatch inHand = new CountDownLatch(1);
        Eventually.connected(client.consumer("cam1")
                .mode(ConsumeMode.CONSUME_MODE_LATEST)
                .onGap(gap -> passedOver.add(gap.getCount()))
                .onFrame(frame -> {
                    inHand.countDown();
                    allPublished.await();
                    seen.add(frame.sequence());
                }));
        FramePublisher publisher = client.publisher("cam1").open();
        long first = publisher.publish(frame("first"));
        assertThat(inHand.await(60, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 100; i++) {
            publisher.publish(frame("picture " + i));
        }
        publisher.flush().get(60, TimeUnit.SECONDS);
        allPublished.countDown();

        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(first);
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(first + 100);
        assertThat(passedOver.poll(60, TimeUnit.SECONDS)).isEqualTo(99);
    }

    @Test
    void aReplayIsDoneAtItsEnd() throws Exception {
        FramePublisher publisher = client.publisher("cam1").open();
        IntStream.range(0, 50).forEach(i -> publisher.publish(frame("picture " + i)));
        publisher.flush().get(60, TimeUnit.SECONDS);
        List<Long> seen = new CopyOnWriteArrayList<>();

        client.consumer("cam1")
                .mode(ConsumeMode.CONSUME_MODE_REPLAY)
                .until(StartPosition.newBuilder()
                        .setId(FrameId.newBuilder().setOrdinal(41))
                        .build())
                .metadataOnly()
                .window(8, 0)
                .onFrame(frame -> seen.add(frame.sequence()))
                .done()
                .get(60, TimeUnit.SECONDS);

        assertThat(seen)
                .containsExactlyElementsOf(LongStream.rangeClosed(1, 40).boxed().toList());
    }

    @Test
    void aFrameWhoseHandlerThrowsComesAgain() throws Exception {
        BlockingQueue<Integer> attempts = new LinkedBlockingQueue<>();
        client.consumer("cam1").group("g").fromEarliest().concurrency(2).onFrame(frame -> {
            attempts.add(frame.attempt());
            if (frame.attempt() == 1) {
                throw new IllegalStateException("no model loaded");
            }
        });

        client.publisher("cam1").open().publish(frame("x"));

        assertThat(attempts.poll(60, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(attempts.poll(60, TimeUnit.SECONDS)).isEqualTo(2);
    }

    @Test
    void lossesReportedHereAreInTheLedger() throws Exception {
        FramePublisher publisher =
                client.publisher("cam1").closeTimeout(PATIENCE).open();

        publisher.publish(frame("x"));
        publisher.report("SOURCE_DISCONNECTED", 25, true);
        publisher.close();

        StreamLedger stream = ledger("cam1");
        assertThat(stream.getReportedMap()).containsEntry("SOURCE_DISCONNECTED", 25L);
        assertThat(stream.getStored()).isEqualTo(1);
        assertThat(stream.getImbalance()).isZero();
    }

    /** It used to be given what it had given back, over and over, until its time was up. */
    @Test
    void aConsumerThatClosesIsNotGivenWhatItGivesBack() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        FrameConsumer consumer = Eventually.connected(client.consumer("cam1")
                .group("g")
                .window(32, 0)
                .closeTimeout(PATIENCE)
                .onFrame(frame -> {
                    handling.countDown();
                    goesOn.await();
                }));
        FramePublisher publisher = client.publisher("cam1").open();
        IntStream.range(0, 200).forEach(i -> publisher.publish(frame("x")));
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(handling.await(60, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Void> closed = CompletableFuture.runAsync(consumer::close);
        Eventually.await("what goes back", () -> consumer.stats().settledOk() > 0, consumer::stats);
        goesOn.countDown();
        closed.get(60, TimeUnit.SECONDS);

        assertThat(consumer.stats().delivered()).isLessThanOrEqualTo(200);
        assertThat(consumer.stats().acked()).isEqualTo(1);
        assertThat(groupLedger("cam1").getImbalance()).isZero();
    }

    @Test
    void aClosedConsumerLeavesNothingBehind() throws Exception {
        FramePublisher publisher = client.publisher("cam1").open();
        BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
        FrameConsumer first = client.consumer("cam1")
                .group("g")
                .fromEarliest()
                .window(10, 0)
                .manualSettle()
                .closeTimeout(Duration.ofMillis(200))
                .onFrame(frame -> seen.add(frame.sequence()));
        IntStream.range(0, 50).forEach(i -> publisher.publish(frame("x")));
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(1);
        first.close();

        Set<Long> all = ConcurrentHashMap.newKeySet();
        FrameConsumer second = client.consumer("cam1").group("g").limit(50).onFrame(frame -> all.add(frame.sequence()));
        second.done().get(60, TimeUnit.SECONDS);

        assertThat(all).hasSize(50);
        assertThat(groupLedger("cam1").getImbalance()).isZero();
    }

    @Test
    void bothSidesFindTheirWayBackToARestartedBroker() throws Exception {
        int port = server.port();
        BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
        FrameConsumer consumer =
                client.consumer("cam1").group("g").fromEarliest().onFrame(frame -> seen.add(frame.sequence()));
        FramePublisher publisher = client.publisher("cam1").open();
        publisher.publish(frame("before"));
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(1);
        publisher.flush().get(60, TimeUnit.SECONDS);

        server.close();
        publisher.publish(frame("meanwhile"));
        server = start(port);
        publisher.publish(frame("after"));

        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(publisher.stats().stored()).isEqualTo(3);
        assertThat(publisher.stats().reconnects()).isPositive();
        assertThat(consumer.stats().reconnects()).isPositive();
    }

    /** The restarted broker knows nothing of the group, which began with new frames. */
    @Test
    void aConsumerMissesNothingThatWasPublishedBeforeItIsBackAtARestartedBroker() throws Exception {
        int port = server.port();
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        FrameConsumer consumer = client.consumer("cam1")
                .group("g")
                .onFrame(frame -> seen.add(new String(frame.payloadBytes(), StandardCharsets.UTF_8)));
        FramePublisher publisher = client.publisher("cam1").open();
        do {
            publisher.publish(frame("before"));
        } while (seen.poll(100, TimeUnit.MILLISECONDS) == null);
        publisher.flush().get(60, TimeUnit.SECONDS);
        publisher.close();

        server.close();
        server = start(port);
        try (FrameBrokerClient other = FrameBrokerClient.connect("localhost:" + port)) {
            FramePublisher meanwhile = other.publisher("cam1").open();
            meanwhile.publish(frame("meanwhile"));
            meanwhile.flush().get(60, TimeUnit.SECONDS);
        }

        String next = "before";
        while ("before".equals(next)) {
            next = seen.poll(60, TimeUnit.SECONDS);
        }
        assertThat(next).isEqualTo("meanwhile");
        assertThat(consumer.stats().reconnects()).isPositive();
    }

    /** The answer used to be taken for that to `open.held`, which never came, and closing took the whole time it may. */
    @Test
    void whatIsSettledAfterALostConnectionIsConfirmed() throws Exception {
        BlockingQueue<ReceivedFrame> seen = new LinkedBlockingQueue<>();
        BlockingQueue<SettleOutcome> told = new LinkedBlockingQueue<>();
        CutCalls calls = new CutCalls();
        ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", server.port())
                .usePlaintext()
                .intercept(calls)
                .build();
        try (FrameBrokerClient cut =
                FrameBrokerClient.builder("cut").channel(channel).build()) {
            FrameConsumer consumer = cut.consumer("cam1")
                    .group("g")
                    .fromEarliest()
                    .manualSettle()
                    .closeTimeout(PATIENCE)
                    .onSettled(result -> told.add(result.getOutcome()))
                    .onFrame(seen::add);
            client.publisher("cam1").open().publish(frame("x"));
            ReceivedFrame held = seen.poll(60, TimeUnit.SECONDS);

            calls.cut();
            calls.awaitNext();
            held.ack();

            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            assertThat(consumer.closeAsync()).succeedsWithin(Duration.ofSeconds(60));
            assertThat(consumer.stats().settledOk()).isEqualTo(1);
            assertThat(groupLedger("cam1").getAcked()).isEqualTo(1);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void streamsByGlobComeWithTheirFirstFramesAndWhatIsHeldOutlivesALostConnection() throws Exception {
        BlockingQueue<ReceivedFrame> seen = new LinkedBlockingQueue<>();
        BlockingQueue<SettleOutcome> told = new LinkedBlockingQueue<>();
        BlockingQueue<String> came = new LinkedBlockingQueue<>();
        CutCalls calls = new CutCalls();
        ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", server.port())
                .usePlaintext()
                .intercept(calls)
                .build();
        FramePublisher first = client.publisher("cam1").open();
        first.publish(frame("x"));
        first.flush().get(60, TimeUnit.SECONDS); // so that cam1 is there when the call is opened
        try (FrameBrokerClient cut =
                FrameBrokerClient.builder("cut").channel(channel).build()) {
            FrameConsumer consumer = cut.consumer("cam*")
                    .group("g")
                    .fromEarliest()
                    .manualSettle()
                    .onSettled(result -> told.add(result.getOutcome()))
                    .onStreamsChanged(change -> came.addAll(change.getAddedList()))
                    .onFrame(seen::add);
            ReceivedFrame known = seen.poll(60, TimeUnit.SECONDS);
            client.publisher("cam2").open().publish(frame("y"));
            assertThat(came.poll(60, TimeUnit.SECONDS)).isEqualTo("cam2");
            ReceivedFrame held = seen.poll(60, TimeUnit.SECONDS);
            assertThat(List.of(known.stream(), held.stream())).containsExactly("cam1", "cam2");

            calls.cut();
            calls.awaitNext();
            known.ack();
            held.ack();

            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            client.publisher("cam3").open().publish(frame("z"));
            ReceivedFrame next = seen.poll(60, TimeUnit.SECONDS);
            assertThat(next.stream()).isEqualTo("cam3");
            next.ack();
            assertThat(consumer.closeAsync()).succeedsWithin(Duration.ofSeconds(60));
            assertThat(groupLedger("cam2").getAcked()).isEqualTo(1);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void aNewerPublisherOfTheSameIdFencesTheOlder() throws Exception {
        FramePublisher older =
                client.publisher("cam1").publisherId("north").epoch(1).open();
        older.publish(frame("x"));
        older.flush().get(60, TimeUnit.SECONDS);

        FramePublisher newer =
                client.publisher("cam1").publisherId("north").epoch(2).open();
        newer.publish(frame("y"));
        newer.flush().get(60, TimeUnit.SECONDS);

        older.over().get(60, TimeUnit.SECONDS);
        assertThatThrownBy(() -> older.publish(frame("z")))
                .isInstanceOfSatisfying(
                        FrameBrokerException.class, e -> assertThat(e.reason()).isEqualTo("PUBLISHER_FENCED"));
        assertThat(ledger("cam1").getStored()).isEqualTo(2);
    }

    @Test
    void aSourceThatIsReadAgainByASuccessorIsStoredOnce() throws Exception {
        FramePublisher first = client.publisher("cam1")
                .publisherId("bridge")
                .epoch(1)
                .resuming()
                .open();
        for (long sequence = 10; sequence <= 50; sequence += 10) {
            first.publish(frame("x").sequence(sequence));
        }
        first.report("SOURCE_TRIMMED", 2, false).get(60, TimeUnit.SECONDS);
        first.flush().get(60, TimeUnit.SECONDS);

        FramePublisher second = client.publisher("cam1")
                .publisherId("bridge")
                .epoch(1)
                .resuming()
                .open();
        for (long sequence = 30; sequence <= 80; sequence += 10) {
            second.publish(frame("x").sequence(sequence));
        }
        second.report("SOURCE_TRIMMED", 3, false).get(60, TimeUnit.SECONDS);
        second.flush().get(60, TimeUnit.SECONDS);

        assertThat(second.stats().stored()).isEqualTo(6);
        assertThat(second.stats().duplicates()).isEqualTo(3);
        StreamLedger stream = ledger("cam1");
        assertThat(stream.getStored()).isEqualTo(8);
        assertThat(stream.getReportedMap()).containsEntry("SOURCE_TRIMMED", 5L);
        assertThat(stream.getImbalance()).isZero();
    }

    @Test
    void whatTheGroupWasSetUpWithCannotBeChangedByJoiningIt() {
        FrameConsumer first =
                client.consumer("cam1").group("g").lease(Duration.ofSeconds(5)).onFrame(frame -> {});
        FrameConsumer second =
                client.consumer("cam1").group("g").lease(Duration.ofSeconds(9)).onFrame(frame -> {});

        assertThat(CompletableFuture.anyOf(first.done(), second.done()))
                .failsWithin(Duration.ofSeconds(60))
                .withThrowableThat()
                .withMessageContaining("lease");
    }

    @Test
    void theNewestFrameIsThereForTheAsking() throws Exception {
        assertThat(client.latestFrame("cam1")).isEmpty();

        FramePublisher publisher = client.publisher("cam1").open();
        publisher.publish(frame("old"));
        publisher.publish(frame("new"));
        publisher.flush().get(60, TimeUnit.SECONDS);

        assertThat(client.latestFrame("cam1"))
                .hasValueSatisfying(
                        latest -> assertThat(latest.payload().toStringUtf8()).isEqualTo("new"));
    }

    private static BrokerServer start(int port) throws IOException {
        return BrokerServer.start(NettyServerBuilder.forPort(port), SETTINGS, new FrameMemory(256L << 20, 256L << 20));
    }

    private static OutgoingFrame frame(String payload) {
        return OutgoingFrame.jpeg(payload.getBytes(StandardCharsets.UTF_8));
    }

    private StreamLedger ledger(String stream) {
        return client.diagnostics()
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build())
                .getStream();
    }

    private GroupLedger groupLedger(String stream) {
        return client.diagnostics()
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build())
                .getGroups(0);
    }
}
