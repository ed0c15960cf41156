package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever happens to the connection: every frame ends with one outcome, what is told to be stored is stored, what is
 * stored is stored once, and what was dropped here is reported once.
 */
@Timeout(300)
class PublisherPropertyTest {
    private static final int STEPS = 300;

    static LongStream seeds() {
        long first = Long.getLong("seed", 1);
        return LongStream.range(first, first + Integer.getInteger("seeds", 300));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyFrameEndsWithOneTrueOutcome(long seed) {
        Random random = new Random(seed);
        FakeTimers timers = new FakeTimers(random);
        try (FakeBroker transport = new FakeBroker()) {
            ModelBroker broker = new ModelBroker(random);
            transport.onPublishCall(broker::called);
            HeardOutcomes heard = new HeardOutcomes();
            FramePublisher publisher = transport
                    .client(timers)
                    .publisher("cam1")
                    .ringFrames(1 + random.nextInt(random.nextBoolean() ? 100 : 1_000))
                    .ringBytes(500 + random.nextInt(50_000))
                    .whenFull(random.nextBoolean() ? WhenFull.DROP_OLDEST : WhenFull.DROP_NEWEST)
                    .listener(heard)
                    .open();
            boolean[] opened = {false};
            long[] reported = {0};

            for (int i = 0; i < STEPS; i++) {
                step(random, timers, broker, publisher, opened, reported);
            }
            CompletableFuture<Void> flush = publisher.flush();
            settle(timers, broker, opened, flush, publisher);

            check(publisher, broker, heard, reported[0]);
        }
    }

    private static void step(
            Random random,
            FakeTimers timers,
            ModelBroker broker,
            FramePublisher publisher,
            boolean[] opened,
            long[] reported) {
        int what = random.nextInt(20);
        if (what < 7) {
            publisher.publish(frame(random));
        } else if (what < 9) {
            publisher.publish(IntStream.range(0, random.nextInt(30))
                    .mapToObj(n -> frame(random))
                    .toList());
        } else if (what == 9) {
            int lost = 1 + random.nextInt(5);
            reported[0] += lost;
            publisher.report("SOURCE_DISCONNECTED", lost, true);
        } else if (!broker.running()) {
            opened[0] = false;
            timers.advance(Duration.ofMillis(random.nextInt(3_000)));
        } else if (!opened[0]) {
            if (random.nextInt(5) == 0) {
                broker.end(Status.RESOURCE_EXHAUSTED);
            } else {
                opened[0] = true;
                broker.open();
            }
        } else if (what < 14) {
            broker.take(1 + random.nextInt(3));
        } else if (what < 17) {
            broker.ack();
        } else if (what == 17) {
            broker.window();
        } else if (what == 18 && random.nextInt(3) == 0) {
            broker.drain();
        } else if (what == 19) {
            broker.end(broker.halfClosed() ? Status.OK : Status.UNAVAILABLE);
        }
    }

    private static void settle(
            FakeTimers timers,
            ModelBroker broker,
            boolean[] opened,
            CompletableFuture<Void> flush,
            FramePublisher publisher) {
        for (int i = 0; i < 10_000; i++) {
            if (!broker.running()) {
                opened[0] = false;
                timers.advance(Duration.ofMillis(500));
            } else if (!opened[0]) {
                opened[0] = true;
                broker.open();
            } else if (broker.halfClosed()) {
                broker.heal();
                broker.end(Status.OK);
            } else {
                broker.heal();
                broker.heal();
                if (flush.isDone()) {
                    return;
                }
            }
        }
        throw new AssertionError("not settled: " + broker + ", " + publisher.stats());
    }

    private static void check(FramePublisher publisher, ModelBroker broker, HeardOutcomes heard, long reported) {
        PublisherStats stats = publisher.stats();
        assertThat(stats.unacked()).isZero();
        assertThat(stats.published())
                .isEqualTo(stats.stored()
                        + stats.rejected()
                        + stats.droppedByBroker()
                        + stats.droppedHere()
                        + stats.unknown());
        assertThat(stats.unknown()).as("a resent frame always gets its outcome").isZero();
        assertThat(stats.stored()).isEqualTo(broker.stored.size());
        assertThat(stats.rejected() + stats.droppedByBroker()).isEqualTo(broker.refused.size());
        for (long sequence = 1; sequence <= stats.published(); sequence++) {
            boolean toldStored = !heard.failures.containsKey(sequence);
            assertThat(broker.stored.contains(sequence))
                    .as("frame %d", sequence)
                    .isEqualTo(toldStored);
            boolean refusedByBroker = broker.refused.containsKey(sequence);
            boolean here = heard.failures.get(sequence) == PublishFailure.DROPPED_HERE;
            assertThat(refusedByBroker).isEqualTo(!toldStored && !here);
        }
        assertThat(broker.reportedFrames).isEqualTo(stats.droppedHere() + reported);
    }

    private static OutgoingFrame frame(Random random) {
        return OutgoingFrame.jpeg(new byte[1 + random.nextInt(60)]);
    }
}
