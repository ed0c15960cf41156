package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One broker, many threads: cameras, and workers that take their streams in opposite orders. */
class BrokerConcurrencyTest {
    private static final int FRAMES = 100_000;
    private static final List<String> STREAMS = List.of("cam", "dock");

    private final FrameMemory memory = new FrameMemory(1L << 30, 1L << 30);
    private final Broker broker = new Broker(
            new BrokerSettings(true, 10, 5_000, Conversation.backlog(500, 1 << 20)),
            new MemoryFrameStore(),
            memory,
            new SystemTime());
    private final ExecutorService threads = Executors.newFixedThreadPool(5);
    private final AtomicIntegerArray camSeen = new AtomicIntegerArray(FRAMES + 1);
    private final AtomicIntegerArray dockSeen = new AtomicIntegerArray(FRAMES + 1);
    private final AtomicBoolean done = new AtomicBoolean();

    private record SystemTime() implements BrokerClock {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long wallMicros() {
            return System.currentTimeMillis() * 1_000;
        }
    }

    /** Gathers under the streams' locks, and hands over outside of them, one thread at a time. */
    private static final class Mail {
        private final ArrayDeque<Object> gathered = new ArrayDeque<>();
        private final LinkedBlockingQueue<Object> inbox = new LinkedBlockingQueue<>();
        private final AtomicInteger asked = new AtomicInteger();

        synchronized void gather(Object item) {
            gathered.add(item);
        }

        private synchronized Object next() {
            return gathered.poll();
        }

        void flush() {
            if (asked.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            while (seen != 0) {
                for (Object item = next(); item != null; item = next()) {
                    inbox.add(item);
                }
                seen = asked.addAndGet(-seen);
            }
        }

        Object await() throws InterruptedException {
            return inbox.poll(5, TimeUnit.MILLISECONDS);
        }

        Object now() {
            return inbox.poll();
        }
    }

    private record Delivered(String stream, List<Frame> frames, int attempt) {}

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    @Timeout(300)
    void nothingIsLostBetweenThreads() throws Exception {
        List<Future<?>> working = new ArrayList<>();
        List<Future<?>> publishing = new ArrayList<>();
        // The group is there before the first frame is.
        joinsAndLeaves();
        for (String stream : STREAMS) {
            publishing.add(threads.submit(() -> publishes(stream)));
        }
        for (int i = 0; i < 2; i++) {
            int seed = i;
            working.add(threads.submit(() -> works(seed)));
        }
        Future<?> ticking = threads.submit(this::ticks);

        for (Future<?> each : publishing) {
            each.get();
        }
        while (STREAMS.stream().anyMatch(stream -> settled(stream) < FRAMES)) {
            Thread.onSpinWait();
        }
        done.set(true);
        for (Future<?> each : working) {
            each.get();
        }
        ticking.get();

        long kept = 0;
        for (String stream : STREAMS) {
            Ledger ledger = broker.ledger(stream);
            assertThat(ledger.balances()).as(ledger.toString()).isTrue();
            assertThat(ledger.stream().stored()).isEqualTo(FRAMES);
            StreamState state = broker.stream(stream);
            kept += state.bytes() + state.frames() * Backlog.FRAME_OVERHEAD_BYTES;
            assertThat(state.backlogFrames()).isZero();
        }
        assertThat(memory.keptBytes()).isEqualTo(kept);
        for (int sequence = 1; sequence <= FRAMES; sequence++) {
            assertThat(camSeen.get(sequence))
                    .as("deliveries of cam " + sequence)
                    .isPositive();
            assertThat(dockSeen.get(sequence))
                    .as("deliveries of dock " + sequence)
                    .isPositive();
        }
    }

    private long settled(String stream) {
        return broker.ledger(stream).groups().stream()
                .filter(group -> group.group().equals("loaders"))
                .mapToLong(group -> group.acked()
                        + group.skipped().values().stream()
                                .mapToLong(Long::longValue)
                                .sum())
                .sum();
    }

    private Void publishes(String stream) throws InterruptedException {
        Mail mail = new Mail();
        Random random = new Random(stream.hashCode());
        Publisher publisher = broker.openPublisher(stream, "camera-of-" + stream, 1, new CameraPort(mail));
        long sequence = 0;
        boolean asked = false;
        while (sequence < FRAMES) {
            Object heard = asked ? mail.now() : mail.await();
            asked |= "more".equals(heard);
            if (asked) {
                List<FrameContent> message = new ArrayList<>();
                for (int i = random.nextInt(16); i >= 0 && sequence < FRAMES; i--) {
                    message.add(Frames.of(++sequence, 16 + random.nextInt(200)));
                }
                asked = publisher.publish(message);
            }
        }
        publisher.finish();
        Object last = mail.await();
        while (!"finished".equals(last)) {
            last = mail.await();
        }
        return noFailureSwallowed();
    }

    private void joinsAndLeaves() {
        join(0, new Mail()).close();
    }

    private Consumer join(int seed, Mail mail) {
        List<String> streams = seed % 2 == 0 ? STREAMS : List.of("dock", "cam");
        return broker.openConsumer(
                new Consumer.Options(
                        streams,
                        "loaders",
                        "worker-" + seed,
                        new Window(100, 0),
                        // What is nacked and lost on purpose is to be acked in the end all the same.
                        new AskedSettings(null, null, 0, null),
                        new StartPosition.Earliest(),
                        false,
                        0,
                        List.of(),
                        Mode.QUEUE),
                new WorkerPort(mail));
    }

    private Void works(int seed) throws InterruptedException {
        Random random = new Random(seed);
        Mail mail = new Mail();
        Consumer consumer = join(seed, mail);
        consumer.pump();
        while (!done.get()) {
            if (mail.await() instanceof Delivered delivered) {
                judges(consumer, delivered, random);
            }
            if (random.nextInt(500) == 0) {
                if (random.nextBoolean()) {
                    consumer.close();
                } else {
                    consumer.lost();
                }
                mail = new Mail();
                consumer = join(seed, mail);
                consumer.pump();
            }
        }
        consumer.close();
        return noFailureSwallowed();
    }

    private void judges(Consumer consumer, Delivered delivered, Random random) {
        AtomicIntegerArray seen = delivered.stream.equals("cam") ? camSeen : dockSeen;
        delivered.frames.forEach(frame -> seen.incrementAndGet((int) frame.sequence()));
        Frame first = delivered.frames.get(0);
        Verdict verdict = switch (random.nextInt(20)) {
            case 0 -> new Verdict.Release();
            case 1 -> new Verdict.Retry(random.nextInt(3));
            case 2 -> new Verdict.Skip("BLURRED");
            default -> Verdict.ACK;
        };
        consumer.settle(
                delivered.stream,
                new Token(first.generation(), first.ordinal(), delivered.attempt),
                delivered.frames.size(),
                verdict);
        consumer.pump();
    }

    private Void ticks() {
        while (!done.get()) {
            broker.tick();
            broker.streams();
            Thread.onSpinWait();
        }
        return noFailureSwallowed();
    }

    private static Void noFailureSwallowed() {
        assertThat(LostFailures.taken()).isNull();
        return null;
    }

    private record CameraPort(Mail mail) implements PublisherPort {
        @Override
        public void opened(long lastSequence, List<FrameException> exceptions, long lastReportId) {
            mail.gather("opened");
        }

        @Override
        public void stored(long throughSequence) {
            mail.gather("stored");
        }

        @Override
        public void exception(FrameException exception) {
            mail.gather("exception");
        }

        @Override
        public void reported(long throughReportId) {
            mail.gather("reported");
        }

        @Override
        public void demand(Demand demand) {
            mail.gather("demand");
        }

        @Override
        public void waiting(String reason) {
            mail.gather("waiting");
        }

        @Override
        public void resumed() {
            mail.gather("resumed");
        }

        @Override
        public void more() {
            mail.gather("more");
        }

        @Override
        public void finished() {
            mail.gather("finished");
        }

        @Override
        public void ended(BrokerException why) {
            mail.gather(why);
        }

        @Override
        public void flush() {
            mail.flush();
        }
    }

    private record WorkerPort(Mail mail) implements ConsumerPort {
        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
            mail.gather(new Delivered(stream, List.copyOf(frames), attempt));
        }

        @Override
        public void settled(SettleResult result) {
            mail.gather(result);
        }

        @Override
        public void gap(
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {
            mail.gather("gap");
        }

        @Override
        public void finished() {
            mail.gather("finished");
        }

        @Override
        public void ended(BrokerException why) {
            mail.gather(why);
        }

        @Override
        public void flush() {
            mail.flush();
        }
    }
}
