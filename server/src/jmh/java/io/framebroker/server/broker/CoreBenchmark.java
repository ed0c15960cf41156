package io.framebroker.server.broker;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What a message of frames costs the core alone, without network and marshallers: published, stored in memory, delivered to
 * every group, settled by each.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CoreBenchmark {
    private static final String STREAM = "cam1";
    private static final byte[] BYTES = new byte[184];

    /** Frames of a message. */
    @Param({"1", "64"})
    public int batch;

    @Param({"1", "4"})
    public int groups;

    private final List<Taker> takers = new ArrayList<>();
    private Publisher publisher;
    private long sequence;

    @Setup
    public void setup() {
        Broker broker = new Broker(
                BrokerSettings.DEFAULT,
                new MemoryFrameStore(),
                new FrameMemory(1L << 30, 1L << 30),
                new BrokerClock() {
                    @Override
                    public long nanos() {
                        return System.nanoTime();
                    }

                    @Override
                    public long wallMicros() {
                        return System.currentTimeMillis() * 1_000;
                    }
                });
        broker.createStream(STREAM, StreamSettings.DEFAULT, new Broker.Created() {
            @Override
            public void created(StreamState state) {}

            @Override
            public void elsewhere(String address) {
                throw new IllegalStateException(address);
            }

            @Override
            public void failed(BrokerException why) {
                throw why;
            }
        });
        for (int group = 0; group < groups; group++) {
            Taker taker = new Taker();
            taker.consumer = broker.openConsumer(
                    new Consumer.Options(
                            List.of(STREAM),
                            "group" + group,
                            "",
                            new Window(1_000, 1 << 30),
                            AskedSettings.ANY,
                            new StartPosition.New(),
                            false,
                            0,
                            List.of(),
                            Mode.QUEUE),
                    taker);
            taker.consumer.pump();
            takers.add(taker);
        }
        publisher = broker.openPublisher(STREAM, "publisher", 1, new Silent());
    }

    @Benchmark
    public long publishDeliverSettle() {
        List<FrameContent> frames = new ArrayList<>(batch);
        for (int i = 0; i < batch; i++) {
            frames.add(new FrameContent(BYTES, 0, BYTES.length, ++sequence, true, null));
        }
        publisher.publish(frames);
        long settled = 0;
        for (Taker taker : takers) {
            settled += taker.settle();
        }
        if (settled != (long) batch * groups) {
            throw new IllegalStateException(settled + " frames came, not " + batch + " to each of " + groups);
        }
        return settled;
    }

    /** Settles what was delivered, as one run. */
    private static final class Taker implements ConsumerPort {
        private Consumer consumer;
        private Token first;
        private int count;

        int settle() {
            int settling = count;
            count = 0;
            consumer.settle(STREAM, first, settling, Verdict.ACK);
            consumer.pump();
            return settling;
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
            if (count == 0) {
                first = new Token(frames.get(0).generation(), frames.get(0).ordinal(), attempt);
            }
            count += frames.size();
        }

        @Override
        public void settled(SettleResult result) {
            if (result.outcome() != SettleOutcome.OK) {
                throw new IllegalStateException(result.toString());
            }
        }

        @Override
        public void gap(
                String stream, String reason, long frames, boolean estimated, FrameId from, FrameId to, String detail) {
            throw new IllegalStateException(reason);
        }

        @Override
        public void finished() {}

        @Override
        public void ended(BrokerException why) {
            throw why;
        }

        @Override
        public void flush() {}
    }

    private static final class Silent implements PublisherPort {
        @Override
        public void opened(long lastSequence, List<FrameException> exceptions, long lastReportId) {}

        @Override
        public void stored(long throughSequence) {}

        @Override
        public void exception(FrameException exception) {
            throw new IllegalStateException(exception.toString());
        }

        @Override
        public void reported(long throughReportId) {}

        @Override
        public void demand(Demand demand) {}

        @Override
        public void waiting(String reason) {}

        @Override
        public void resumed() {}

        @Override
        public void more() {}

        @Override
        public void finished() {}

        @Override
        public void ended(BrokerException why) {
            throw why;
        }

        @Override
        public void flush() {}
    }
}
