package io.framebroker.loadgen.scale;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.PublishListener;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/**
 * Streams that have a publisher and a group with a consumer, all of them connected, and no frames. As in life they come
 * over several connections, from programs that look after some hundred cameras each. Used by one thread.
 */
final class IdleStreams implements AutoCloseable {
    /** Of one program. */
    private static final int STREAMS_OF_A_CLIENT = 200;

    private static final long OPEN_SECONDS = 60;
    private static final long POLL_MILLIS = 5;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final List<FrameBrokerClient> clients = new ArrayList<>();
    private final List<FrameConsumer> consumers = new ArrayList<>();
    private final CountDownLatch opened;

    /** Why one of them is not connected any more; null while all are. Written by the clients' threads. */
    private final AtomicReference<String> broken = new AtomicReference<>();

    private IdleStreams(int count) {
        this.opened = new CountDownLatch(count);
    }

    /** How many consumers so many streams have. */
    static int consumers(int streams) {
        return (streams + STREAMS_OF_A_CLIENT - 1) / STREAMS_OF_A_CLIENT;
    }

    /** Opens them; returns when the broker has answered every publisher and every consumer. */
    static IdleStreams open(String address, String prefix, int count, int frameBytes) throws InterruptedException {
        IdleStreams idle = new IdleStreams(count);
        try {
            for (int from = 0; from < count; from += STREAMS_OF_A_CLIENT) {
                List<String> names = IntStream.range(from, Math.min(count, from + STREAMS_OF_A_CLIENT))
                        .mapToObj(number -> prefix + "/idle-" + number)
                        .toList();
                idle.openClient(address, names, frameBytes);
            }
            idle.awaitOpen();
            return idle;
        } catch (RuntimeException | InterruptedException e) {
            idle.close();
            throw e;
        }
    }

    private void openClient(String address, List<String> names, int frameBytes) {
        FrameBrokerClient client = FrameBrokerClient.connect(address);
        clients.add(client);
        for (String name : names) {
            client.publisher(name)
                    .maxFrameBytes(frameBytes)
                    .ringFrames(16)
                    .closeTimeout(CLOSE_TIMEOUT)
                    .listener(new Watch(name))
                    .open();
        }
        consumers.add(client.consumer(names.toArray(String[]::new))
                .group("g0")
                .closeTimeout(CLOSE_TIMEOUT)
                .direct()
                .onFrame(frame -> broken.compareAndSet(null, frame.stream() + " has a frame and should have none")));
    }

    private void awaitOpen() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPEN_SECONDS);
        while (opened.getCount() > 0
                || consumers.stream().anyMatch(c -> !c.stats().connected())) {
            check();
            if (System.nanoTime() - deadline > 0) {
                throw new RunFailure(opened.getCount() + " idle publishers, or a consumer of theirs, had no answer from"
                        + " the broker within " + OPEN_SECONDS + " s");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** Fails when one of them has lost its call. */
    void check() {
        if (broken.get() != null) {
            throw new RunFailure("idle streams: " + broken.get());
        }
        for (FrameConsumer consumer : consumers) {
            if (consumer.done().isDone()) {
                throw new RunFailure("idle streams: " + consumer + " has ended");
            }
        }
    }

    @Override
    public void close() {
        clients.forEach(FrameBrokerClient::close);
    }

    private final class Watch implements PublishListener {
        private final String stream;

        Watch(String stream) {
            this.stream = stream;
        }

        @Override
        public void connected(PublishOpened answer) {
            opened.countDown();
        }

        @Override
        public void disconnected(Status status) {
            broken.compareAndSet(null, "the publisher of " + stream + " lost its call: " + status);
        }
    }
}
