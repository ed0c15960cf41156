package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.NackVerb;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.Settlement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers on threads of their own. */
@Timeout(300)
class WorkersTest {
    private final FakeTimers timers = new FakeTimers();
    private final FakeBroker broker = new FakeBroker();
    private final FrameBrokerClient client = broker.client(timers);
    private final BlockingQueue<ReceivedFrame> begun = new LinkedBlockingQueue<>();
    private final CountDownLatch mayGoOn = new CountDownLatch(1);

    @AfterEach
    void stop() {
        mayGoOn.countDown();
        broker.close();
    }

    @Test
    void oneWorkerKeepsTheOrder() throws Exception {
        consumer().onFrame(begun::add);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 50);
        call.deliver(51, 50);

        for (int ordinal = 1; ordinal <= 100; ordinal++) {
            assertThat(next().ordinal()).isEqualTo(ordinal);
        }
    }

    @Test
    void asManyHandlersRunAtOnceAsAsked() throws Exception {
        consumer().concurrency(3).onFrame(this::holdUp);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 5);

        assertThat(IntStream.range(0, 3).mapToObj(i -> next()).map(ReceivedFrame::ordinal))
                .containsExactlyInAnyOrder(1L, 2L, 3L);
        assertThat(begun).isEmpty();
        mayGoOn.countDown();
        awaitAcked(call, 5);
    }

    @Test
    void aBatchIsHandledAndSettledTogether() throws Exception {
        BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        consumer().onBatch(4, Duration.ofMinutes(1), frames -> sizes.add(frames.size()));
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 8);

        assertThat(sizes.poll(60, TimeUnit.SECONDS)).isEqualTo(4);
        assertThat(sizes.poll(60, TimeUnit.SECONDS)).isEqualTo(4);
        awaitAcked(call, 8);
    }

    @Test
    void aBatchThatFailsComesAgainButForWhatWasSettled() {
        consumer().onBatch(3, Duration.ofMinutes(1), frames -> {
            frames.get(0).ack();
            throw new IllegalStateException("out of GPU memory");
        });
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 3);

        Eventually.await("two settlements", () -> call.settlements().size() == 2, call::settlements);
        Settlement failed = call.settlements().get(1);
        assertThat(acked(call)).isEqualTo(1);
        assertThat(failed.getCount()).isEqualTo(2);
        assertThat(failed.getNack().getReason()).contains("out of GPU memory");
    }

    @Test
    void aBatchWaitsNoLongerThanAskedForMoreFrames() throws Exception {
        BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        consumer().onBatch(100, Duration.ZERO, frames -> sizes.add(frames.size()));

        broker.consumeCall().opened().deliver(1, 1);

        assertThat(sizes.poll(60, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void closingGivesBackWhatNoHandlerHasBegunWith() throws Exception {
        FrameConsumer consumer = consumer().onFrame(this::holdUp);
        ConsumeSide call = broker.consumeCall().opened();
        call.deliver(1, 3);
        next();

        CompletableFuture<Void> closed = consumer.closeAsync();
        assertThat(call.settlements()).singleElement().satisfies(settlement -> {
            assertThat(settlement.getToken().getOrdinal()).isEqualTo(2);
            assertThat(settlement.getCount()).isEqualTo(2);
            assertThat(settlement.getNack().getVerb()).isEqualTo(NackVerb.NACK_VERB_RELEASE);
        });
        assertThat(closed).isNotDone();
        mayGoOn.countDown();
        awaitAcked(call, 1);
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        call.end();

        assertThat(closed).succeedsWithin(Duration.ofSeconds(60));
        assertThat(consumer.done()).succeedsWithin(Duration.ofSeconds(60));
    }

    /** Frames that came just as it closed used to stay with it until its handlers were through, or its time was up. */
    @Test
    void closingGivesBackWhatIsOnItsWayToTheHandlersAsWell() {
        Closing closing = new Closing();
        FrameConsumer consumer = new FrameConsumer.Builder(
                        List.of("cam1"),
                        null,
                        (options, handling) ->
                                new ConsumeSession(options, broker.channel(), timers, new Backoff(1, 1, timers), it -> {
                                    closing.workers = handling.apply(it);
                                    return closing;
                                }),
                        started -> closing.consumer = started)
                .group("detector")
                .onFrame(this::holdUp);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliver(1, 3);

        // One may have been begun with, and no other.
        assertThat(call.settlements())
                .allSatisfy(
                        settlement -> assertThat(settlement.getNack().getVerb()).isEqualTo(NackVerb.NACK_VERB_RELEASE));
        assertThat(call.settlements().stream().mapToInt(Settlement::getCount).sum())
                .isBetween(2, 3);
        mayGoOn.countDown();
        Eventually.await("all are settled", () -> consumer.stats().held() == 0, consumer::stats);
        call.settleAll(SettleOutcome.SETTLE_OUTCOME_OK);
        call.end();
        assertThat(consumer.done()).succeedsWithin(Duration.ofSeconds(60));
    }

    /** The consumer closes when frames have come, and no handler has them yet. */
    private static final class Closing implements Handling {
        private Handling workers;
        private FrameConsumer consumer;

        @Override
        public void accept(HeldBatch batch) {
            consumer.closeAsync();
            workers.accept(batch);
        }

        @Override
        public List<ReceivedFrame> takeWaiting() {
            return workers.takeWaiting();
        }

        @Override
        public void stop() {
            workers.stop();
        }

        @Override
        public void interrupt() {
            workers.interrupt();
        }

        @Override
        public CompletableFuture<Void> stopped() {
            return workers.stopped();
        }

        @Override
        public boolean onHandlerThread() {
            return workers.onHandlerThread();
        }

        @Override
        public boolean settlesTogether() {
            return workers.settlesTogether();
        }
    }

    @Test
    void aHandlerThatDoesNotEndIsInterruptedWhenClosingTakesTooLong() throws Exception {
        FrameConsumer consumer = consumer().closeTimeout(Duration.ofSeconds(3)).onFrame(this::holdUp);
        broker.consumeCall().opened().deliver(1, 1);
        next();

        consumer.closeAsync();
        timers.advance(Duration.ofSeconds(3));

        assertThat(consumer.done()).succeedsWithin(Duration.ofSeconds(60));
    }

    @Test
    void whatCameBeforeTheEndOfALimitedCallIsStillHandled() throws Exception {
        FrameConsumer consumer = client.consumer("cam1").autoAck().limit(3).onFrame(this::holdUp);
        ConsumeSide call = broker.consumeCall().opened();

        call.deliverAutoAcked(1, 2, 3);
        call.end();
        assertThat(consumer.done()).isNotDone();
        mayGoOn.countDown();

        assertThat(consumer.done()).succeedsWithin(Duration.ofSeconds(60));
        assertThat(begun).hasSize(3);
    }

    @Test
    void noThreadIsLeftBehind() throws Exception {
        FrameConsumer consumer = client.consumer("cam-threads").concurrency(4).onFrame(begun::add);
        assertThat(threads("frame-broker-cam-threads")).isEqualTo(4);

        consumer.close();

        Eventually.await(
                "the end of every thread",
                () -> threads("frame-broker-cam-threads") == 0,
                () -> threads("frame-broker-cam-threads"));
    }

    private FrameConsumer.Builder consumer() {
        return client.consumer("cam1").group("detector");
    }

    private void holdUp(ReceivedFrame frame) throws InterruptedException {
        begun.add(frame);
        mayGoOn.await();
    }

    private ReceivedFrame next() {
        try {
            ReceivedFrame frame = begun.poll(60, TimeUnit.SECONDS);
            assertThat(frame).as("a handler has begun").isNotNull();
            return frame;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitAcked(ConsumeSide call, int frames) {
        Eventually.await(frames + " acks", () -> acked(call) == frames, call::settlements);
    }

    private static int acked(ConsumeSide call) {
        return call.settlements().stream()
                .filter(Settlement::hasAck)
                .mapToInt(Settlement::getCount)
                .sum();
    }

    private static long threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix))
                .count();
    }
}
