package io.framebroker.loadgen.scenario;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.client.PublishListener;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.load.Pacer;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.Codec;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GetStreamRequest;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * One camera with a group ten times slower than it and a quick group; beside it another camera with a group of its own.
 * The backlog of the first stream grows to its limit, and then its camera waits.
 */
public final class SlowConsumer {
    private static final String SLOW_STREAM = "scenario-slow";
    private static final String OTHER_STREAM = "scenario-other";
    private static final int SLOWER = 10;
    private static final long SETTLE_SECONDS = 120;
    /** Latency of the first seconds is the compiler's. */
    private static final long WARMUP_NANOS = 3_000_000_000L;

    private final String address;
    private final long brokerPid;
    private final int rate;
    private final int frameBytes;
    private final int backlog;
    private final Duration noise;
    private final long mostRssKib;

    private final ConcurrentHistogram quickBelow = histogram();
    private final ConcurrentHistogram otherBelow = histogram();
    private final ConcurrentHistogram otherAtLimit = histogram();
    private final AtomicBoolean atLimit = new AtomicBoolean();
    private final AtomicBoolean hurry = new AtomicBoolean();
    private final AtomicLong waitsTold = new AtomicLong();
    private final long startNanos = System.nanoTime();
    private final List<Long> keptKib = new ArrayList<>();
    private String waitReason = "";
    private int samplesWaiting;
    private final List<String> failures = new CopyOnWriteArrayList<>();

    /** The broker's process id is for reading its memory. */
    public SlowConsumer(
            String address, long brokerPid, int rate, int frameBytes, int backlog, Duration noise, long mostRssKib) {
        this.address = address;
        this.brokerPid = brokerPid;
        this.rate = rate;
        this.frameBytes = frameBytes;
        this.backlog = backlog;
        this.noise = noise;
        this.mostRssKib = mostRssKib;
    }

    private static ConcurrentHistogram histogram() {
        return new ConcurrentHistogram(3_600_000_000L, 3);
    }

    public SlowConsumerFindings run(Duration duration) throws InterruptedException {
        try (FrameBrokerClient client = FrameBrokerClient.connect(address)) {
            FrameConsumer slow = client.consumer(SLOW_STREAM)
                    .group("slow")
                    .window(8, 0)
                    .onFrame(frame -> {
                        if (!hurry.get()) {
                            TimeUnit.NANOSECONDS.sleep(SLOWER * 1_000_000_000L / rate);
                        }
                    });
            FrameConsumer quick = client.consumer(SLOW_STREAM)
                    .group("quick")
                    .window(256, 0)
                    .direct()
                    .onFrame(this::quickTook);
            FrameConsumer other = client.consumer(OTHER_STREAM)
                    .group("other")
                    .window(256, 0)
                    .direct()
                    .onFrame(this::otherTook);
            awaitConnected(List.of(slow, quick, other));
            AtomicBoolean stop = new AtomicBoolean();
            Thread slowCamera = camera(client, SLOW_STREAM, stop);
            Thread otherCamera = camera(client, OTHER_STREAM, stop);
            List<Long> rssKib = watch(client, duration);
            stop.set(true);
            hurry.set(true);
            slowCamera.join();
            otherCamera.join();
            GetLedgerResponse slowLedger = awaitSettled(client, SLOW_STREAM);
            GetLedgerResponse otherLedger = awaitSettled(client, OTHER_STREAM);
            return new SlowConsumerFindings(
                    noise,
                    mostRssKib,
                    quickBelow,
                    otherBelow,
                    otherAtLimit,
                    rssKib,
                    List.copyOf(keptKib),
                    waitsTold.get(),
                    samplesWaiting,
                    waitReason,
                    List.of(slowLedger, otherLedger),
                    List.copyOf(failures));
        }
    }

    private void quickTook(ReceivedFrame frame) {
        if (!atLimit.get() && isWarm()) {
            quickBelow.recordValue(ageMicros(frame));
        }
    }

    private void otherTook(ReceivedFrame frame) {
        if (isWarm()) {
            (atLimit.get() ? otherAtLimit : otherBelow).recordValue(ageMicros(frame));
        }
    }

    private boolean isWarm() {
        return System.nanoTime() - startNanos > WARMUP_NANOS;
    }

    private static long ageMicros(ReceivedFrame frame) {
        long intended = Stamp.intendedMicros(frame.payload().order(ByteOrder.LITTLE_ENDIAN), 0);
        return Math.max(0, Stamp.nowMicros() - intended);
    }

    private Thread camera(FrameBrokerClient client, String stream, AtomicBoolean stop) {
        Thread thread = new Thread(() -> publish(client, stream, stop), "camera-" + stream);
        thread.start();
        return thread;
    }

    private void publish(FrameBrokerClient client, String stream, AtomicBoolean stop) {
        PublishListener listener = new PublishListener() {
            @Override
            public void waiting(String reason) {
                waitsTold.incrementAndGet();
            }
        };
        Random random = new Random(stream.hashCode());
        Pacer pacer = new Pacer(rate, Pacer.Clock.SYSTEM);
        try (FramePublisher publisher = client.publisher(stream)
                .whenFull(WhenFull.BLOCK)
                .ringFrames(16)
                .closeTimeout(Duration.ofSeconds(SETTLE_SECONDS))
                .listener(listener)
                .open()) {
            long sequence = 0;
            long[] due = new long[1];
            while (!stop.get()) {
                byte[] payload = new byte[frameBytes];
                random.nextBytes(payload);
                pacer.next(due);
                Stamp.write(payload, 0, 1, 0, ++sequence, due[0]);
                publisher.publish(OutgoingFrame.of(Codec.CODEC_JPEG, payload));
            }
        } catch (RuntimeException e) {
            failures.add(stream + ": " + e.getMessage());
        }
    }

    /** The broker's memory each second. Notes when the limit is reached. */
    private List<Long> watch(FrameBrokerClient client, Duration duration) throws InterruptedException {
        List<Long> rssKib = new ArrayList<>();
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() - end < 0) {
            TimeUnit.SECONDS.sleep(1);
            var stream = client.streams()
                    .getStream(
                            GetStreamRequest.newBuilder().setName(SLOW_STREAM).build())
                    .getStream();
            // A camera slowed down is behind for good by its own schedule: latency below the limit ends just before.
            if (stream.getBacklogFrames() >= backlog * 9L / 10) {
                atLimit.set(true);
            }
            if (atLimit.get()) {
                rssKib.add(residentKib());
                keptKib.add(keptBytes(client) / 1024);
                samplesWaiting += stream.getWaitReason().isEmpty() ? 0 : 1;
            }
            if (!stream.getWaitReason().isEmpty()) {
                waitReason = stream.getWaitReason();
            }
            System.err.printf(
                    "backlog %d of %d frames, broker %d MiB%s%n",
                    stream.getBacklogFrames(),
                    backlog,
                    residentKib() / 1024,
                    stream.getWaitReason().isEmpty() ? "" : ", camera waits for " + stream.getWaitReason());
        }
        return rssKib;
    }

    private static long keptBytes(FrameBrokerClient client) {
        return client.diagnostics()
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                .getMemoryUsedBytes();
    }

    private long residentKib() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(brokerPid), "status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return 0;
        } catch (IOException e) {
            throw new RunFailure("the broker's memory cannot be read: " + e.getMessage(), e);
        }
    }

    private static void awaitConnected(List<FrameConsumer> consumers) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
        for (FrameConsumer consumer : consumers) {
            while (!consumer.stats().connected()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new RunFailure(consumer + " is not connected");
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    private static GetLedgerResponse awaitSettled(FrameBrokerClient client, String stream) throws InterruptedException {
        GetLedgerRequest request =
                GetLedgerRequest.newBuilder().setStream(stream).build();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
        while (true) {
            GetLedgerResponse ledger = client.diagnostics().getLedger(request);
            boolean settled =
                    ledger.getGroupsList().stream().allMatch(group -> group.getWaiting() + group.getPending() == 0);
            if (settled || System.nanoTime() - deadline > 0) {
                return ledger;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
