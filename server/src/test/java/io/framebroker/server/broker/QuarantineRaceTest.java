package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call takes from two streams, each under its own lock, while consumers die: a suspect is alone in it all the same. */
class QuarantineRaceTest {
    private static final int FRAMES = 20_000;
    private static final int DEATHS = 200;
    private static final int HELD_IN_DEATH = 12;
    private static final List<String> STREAMS = List.of("cam", "dock");

    private final Broker broker = new Broker(
            new BrokerSettings(true, 10, 0, Conversation.backlog(FRAMES + 1, 1 << 30)),
            new MemoryFrameStore(),
            new FrameMemory(1L << 30, 1L << 30),
            new FakeClock());
    private final ExecutorService threads = Executors.newFixedThreadPool(5);
    private final AtomicInteger settled = new AtomicInteger();
    private final AtomicInteger suspects = new AtomicInteger();
    private final Queue<String> company = new ConcurrentLinkedQueue<>();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    @Timeout(60)
    void aSuspectIsAloneInItsCall() throws Exception {
        join("first", new Call()).close();
        List<Future<?>> working = new ArrayList<>();
        for (String stream : STREAMS) {
            working.add(threads.submit(() -> publishes(stream)));
        }
        working.add(threads.submit(this::dies));
        working.add(threads.submit(() -> works("w1")));
        working.add(threads.submit(() -> works("w2")));

        for (Future<?> each : working) {
            each.get();
        }

        assertThat(acked()).isEqualTo(2 * FRAMES);
        assertThat(company).isEmpty();
        assertThat(suspects).hasPositiveValue();
        assertThat(LostFailures.taken()).isNull();
        System.out.println("quarantine: " + suspects + " suspects went alone");
    }

    private Void publishes(String stream) {
        PublisherPort deaf = (PublisherPort) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {PublisherPort.class}, (proxy, method, arguments) -> null);
        Publisher publisher = broker.openPublisher(stream, "camera-of-" + stream, 1, deaf);
        for (int sequence = 1; sequence <= FRAMES; sequence++) {
            publisher.publish(List.of(Frames.of(sequence, 50)));
        }
        return null;
    }

    private Void dies() {
        for (int death = 0; death < DEATHS; death++) {
            Call call = new Call();
            Consumer consumer = join("victim", call);
            consumer.pump();
            while (call.outstanding.get() < HELD_IN_DEATH
                    && !call.alone
                    && settled.get() < 2 * FRAMES - HELD_IN_DEATH) {
                Thread.onSpinWait();
            }
            consumer.lost();
        }
        return null;
    }

    private Void works(String id) throws InterruptedException {
        Call call = new Call();
        Consumer consumer = join(id, call);
        consumer.pump();
        while (settled.get() < 2 * FRAMES) {
            Delivered delivered = call.delivered.poll(5, TimeUnit.MILLISECONDS);
            if (delivered != null) {
                call.settles(consumer, delivered);
            }
        }
        consumer.close();
        return null;
    }

    private long acked() {
        return STREAMS.stream()
                .mapToLong(stream -> broker.ledger(stream).groups().get(0).acked())
                .sum();
    }

    private Consumer join(String id, Call call) {
        return broker.openConsumer(
                new Consumer.Options(
                        STREAMS,
                        "loaders",
                        id,
                        new Window(HELD_IN_DEATH, 0),
                        new AskedSettings(null, null, 0, null),
                        new StartPosition.Earliest(),
                        false,
                        0,
                        List.of(),
                        Mode.QUEUE),
                call);
    }

    private record Delivered(String stream, Frame first, int count, int attempt) {}

    /** Nobody nacks: what comes again comes because its consumer has died. */
    private final class Call implements ConsumerPort {
        private final LinkedBlockingQueue<Delivered> delivered = new LinkedBlockingQueue<>();
        private final AtomicInteger outstanding = new AtomicInteger();
        private volatile boolean alone;

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
            int before = outstanding.getAndAdd(frames.size());
            if (alone || attempt > 1 && (before > 0 || frames.size() > 1)) {
                company.add(stream + " " + frames.get(0).id() + "/" + attempt + " beside " + before);
            }
            if (attempt > 1) {
                alone = true;
                suspects.incrementAndGet();
            }
            delivered.add(new Delivered(stream, frames.get(0), frames.size(), attempt));
        }

        /** Forgets it before the broker does: what comes then may come. */
        void settles(Consumer consumer, Delivered done) {
            alone = false;
            outstanding.addAndGet(-done.count);
            settled.addAndGet(done.count);
            Token token = new Token(done.first.generation(), done.first.ordinal(), done.attempt);
            consumer.settle(done.stream, token, done.count, Verdict.ACK);
            consumer.pump();
        }

        @Override
        public void settled(SettleResult result) {}

        @Override
        public void gap(
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {}

        @Override
        public void finished() {}

        @Override
        public void ended(BrokerException why) {}

        @Override
        public void flush() {}
    }
}
