package io.framebroker.loadgen.targets;

import io.framebroker.client.ConsumerStats;
import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.Gap;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Frame Broker through its client SDK, as its users have it: nothing is lost for speed's sake, every frame is
 * acknowledged by the broker and settled by the consumer.
 */
final class BrokerLink implements Link {
    /** Frames are settled before a run ends, so nothing is left to wait for but a broker that is gone. */
    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private static final long OPEN_SECONDS = 60;
    private static final long POLL_MILLIS = 2;

    /** What the broker says of frames that newer ones took the place of. */
    private static final String LEFT_OUT = "CONFLATED";

    /** What an acknowledgement has to promise, or another thing would be measured than is said. */
    private final AckLevel least;

    private final Target target;
    private final Workload workload;
    private final FrameBrokerClient client;
    private final Map<String, Integer> cameras = new HashMap<>();

    /** Added to while consumers open, read by whoever asks for {@link #failure}: one and the same thread. */
    private final List<FrameConsumer> consumers = new ArrayList<>();

    /** Group of each consumer. */
    private final List<Integer> groups = new ArrayList<>();

    BrokerLink(Target target, String address, Workload workload) {
        this.least = least(target);
        this.target = target;
        this.workload = workload;
        this.client = FrameBrokerClient.connect(address);
        for (int camera = 0; camera < workload.cameras(); camera++) {
            cameras.put(workload.stream(camera), camera);
        }
    }

    private static AckLevel least(Target target) {
        return switch (target) {
            case BROKER_DISK -> AckLevel.ACK_LEVEL_STORED;
            case BROKER_DISK_FSYNC -> AckLevel.ACK_LEVEL_FSYNC;
            default -> AckLevel.ACK_LEVEL_UNSPECIFIED;
        };
    }

    @Override
    public FrameSink publisher(FramePool pool) throws InterruptedException {
        BrokerSink sink = new BrokerSink(client, workload, pool, least);
        sink.awaitOpen(OPEN_SECONDS);
        return sink;
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) throws InterruptedException {
        Inbox inbox = inboxes.get();
        FrameConsumer.Builder options = client.consumer(cameras.keySet().toArray(String[]::new))
                .consumerId("g" + group + "-c" + member)
                .verifyChecksum(workload.verify())
                .closeTimeout(CLOSE_TIMEOUT)
                .direct();
        if (target.leavesOut()) {
            // With the window it has by itself, of one frame a stream: in a larger one the newest would wait behind
            // older ones.
            options.mode(ConsumeMode.CONSUME_MODE_LATEST).onGap(gap -> leftOut(gap, inbox));
        } else {
            options.group("g" + group)
                    .window(workload.window(), workload.windowBytes())
                    .early(target == Target.BROKER_REDIS_EARLY);
        }
        FrameConsumer consumer = options.onFrame(frame -> accept(frame, inbox));
        consumers.add(consumer);
        groups.add(group);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPEN_SECONDS);
        while (!consumer.stats().connected()) {
            if (failure() != null) {
                throw new TargetException(failure());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new TargetException(consumer + ": the broker did not answer open within " + OPEN_SECONDS + " s");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private void accept(ReceivedFrame frame, Inbox inbox) {
        ByteBuffer payload = frame.payload().order(ByteOrder.LITTLE_ENDIAN);
        // The client has compared the checksum; what it found corrupt never comes here, but is counted.
        int camera = cameras.get(frame.stream());
        inbox.accept(camera, payload, 0, payload.remaining(), frame.attempt(), frame.sequence(), true);
    }

    /** Whatever else a gap may be is a loss. */
    private void leftOut(Gap gap, Inbox inbox) {
        if (gap.getReason().equals(LEFT_OUT)) {
            inbox.leftOut(cameras.get(gap.getStream()), gap.getCount());
        }
    }

    @Override
    public long settled(int group) {
        long settled = 0;
        for (int i = 0; i < consumers.size(); i++) {
            if (groups.get(i) == group) {
                settled += consumers.get(i).stats().settledOk();
            }
        }
        return settled;
    }

    @Override
    public String state(int group) {
        return IntStream.range(0, consumers.size())
                .filter(i -> groups.get(i) == group)
                .mapToObj(i -> consumers.get(i).stats().toString())
                .collect(Collectors.joining("; "));
    }

    @Override
    public String failure() {
        for (FrameConsumer consumer : consumers) {
            ConsumerStats stats = consumer.stats();
            if (stats.corrupt() > 0) {
                return consumer + ": " + stats.corrupt() + " frames do not match their checksum";
            }
            if (consumer.done().isDone()) {
                return consumer + " ended: " + reason(consumer);
            }
        }
        return null;
    }

    private static String reason(FrameConsumer consumer) {
        try {
            consumer.done().join();
            return "by itself";
        } catch (CompletionException e) {
            return e.getCause().getMessage();
        }
    }

    /** Ends what this process has open. The consumers' side is closed last, and takes the run's streams with it. */
    @Override
    public void close() {
        consumers.forEach(FrameConsumer::close);
        if (!consumers.isEmpty()) {
            deleteStreams();
        }
        client.close();
    }

    private void deleteStreams() {
        String at = "";
        try {
            for (String stream : cameras.keySet()) {
                at = stream;
                delete(stream);
            }
        } catch (StatusRuntimeException e) {
            System.err.println("stream " + at + " stays, and maybe others of this run: " + e.getStatus());
        }
    }

    private void delete(String stream) {
        client.streams()
                .deleteStream(DeleteStreamRequest.newBuilder()
                        .setName(stream)
                        .setForce(true)
                        .build());
    }
}
