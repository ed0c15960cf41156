package io.framebroker.loadgen.targets;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.client.PublishFailure;
import io.framebroker.client.PublishListener;
import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.PublishOpened;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A camera's publisher. It waits rather than drops when the ring is full, and the ring is smaller than the pool of
 * payloads, so that a payload stays as it is until its frame has an outcome.
 */
final class BrokerSink implements FrameSink {
    private static final int HEADER_BYTES = 1024;

    private final FramePool pool;
    private final AckLevel least;
    private final FramePublisher publisher;
    private final CountDownLatch opened = new CountDownLatch(1);
    private final AtomicLong outcomes = new AtomicLong();

    /** Frames that are not stored, by sequence. */
    private final Map<Long, String> notStored = new ConcurrentSkipListMap<>();

    /** A level below what is asked for; null while there was none. */
    private volatile AckLevel tooWeak;

    /** Fails where the broker promises less than {@code least}. */
    BrokerSink(FrameBrokerClient client, Workload workload, FramePool pool, AckLevel least) {
        this.least = least;
        this.pool = pool;
        this.publisher = client.publisher(workload.stream(pool.camera()))
                .maxFrameBytes(workload.frameBytes() + HEADER_BYTES)
                .ringFrames(workload.inFlight())
                .ringBytes((long) workload.inFlight() * (workload.frameBytes() + HEADER_BYTES))
                .whenFull(WhenFull.BLOCK)
                .checksum(workload.verify())
                .closeTimeout(BrokerLink.CLOSE_TIMEOUT)
                .listener(new Listener())
                .open();
    }

    void awaitOpen(long seconds) throws InterruptedException {
        if (!opened.await(seconds, TimeUnit.SECONDS)) {
            throw new TargetException(publisher + ": the broker did not answer open within " + seconds + " s");
        }
    }

    @Override
    public void send(long[] dueMicros) {
        if (tooWeak != null) {
            throw new TargetException(
                    publisher + " got an acknowledgement of level " + tooWeak + "; it asks for " + least);
        }
        List<OutgoingFrame> frames = new ArrayList<>(dueMicros.length);
        for (long due : dueMicros) {
            frames.add(OutgoingFrame.jpeg(pool.take(due)).capturedAt(instant(due)));
        }
        long last = dueMicros.length == 1 ? publisher.publish(frames.get(0)) : publisher.publish(frames);
        if (last != pool.lastSequence()) {
            throw new TargetException(publisher + " numbered frame " + pool.lastSequence() + " as " + last
                    + "; nothing could be checked");
        }
    }

    @Override
    public Map<Long, String> flush(Duration timeout) throws InterruptedException {
        try {
            publisher.flush().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new TargetException(
                    publisher + ": no outcome within " + timeout.toSeconds() + " s for frames behind " + outcomes.get()
                            + " of " + pool.lastSequence() + "; " + publisher.stats(),
                    e);
        } catch (ExecutionException e) {
            throw new TargetException(publisher + ": " + e.getCause().getMessage(), e.getCause());
        }
        return new LinkedHashMap<>(notStored);
    }

    @Override
    public long confirmed() {
        return outcomes.get() - notStored.size();
    }

    @Override
    public void close() {
        publisher.close();
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(micros / 1_000_000, micros % 1_000_000 * 1_000);
    }

    private final class Listener implements PublishListener {
        @Override
        public void connected(PublishOpened answer) {
            opened.countDown();
        }

        @Override
        public void stored(long throughSequence, AckLevel level) {
            if (level.getNumber() < least.getNumber()) {
                tooWeak = level;
            }
            outcomes.accumulateAndGet(throughSequence, Math::max);
        }

        @Override
        public void failed(long sequence, PublishFailure kind, String reason, String message) {
            notStored.put(sequence, kind + " " + reason + " " + message);
        }
    }
}
