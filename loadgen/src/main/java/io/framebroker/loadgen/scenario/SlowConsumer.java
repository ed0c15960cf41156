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
import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.Codec;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GroupLedger;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * One camera with a group ten times slower than it and a quick group; beside it another camera with a group of its own.
 * The backlog of the first stream grows to its limit, and then its camera waits.
 */
public final class SlowConsumer {
    private static final String SLOW_STREAM = "scenario-slow";
    private static final String OTHER_STREAM = "scenario-other";
    private static final int SLOWER = 10;
    private static final long SETTLE_SECONDS = 120;
    private static final double MOST_RATIO = 2;
    /** Differences of latency below this are a scheduler's, not a broker's, on a machine with few cores. */
    private static final double NOISE_MILLIS = 10;

    private final String address;
    private final long brokerPid;
    private final int rate;
    private final int frameBytes;
    private final int backlog;

    private final ConcurrentHistogram quickBelow = histogram();
    private final ConcurrentHistogram otherBelow = histogram();
    private final ConcurrentHistogram otherAtLimit = histogram();
    private final AtomicBoolean atLimit = new AtomicBoolean();
    private final AtomicBoolean hurry = new AtomicBoolean();
    private final AtomicLong waitsTold = new AtomicLong();
    private final List<String> failures = new CopyOnWriteArrayList<>();

    /** The broker's process id is for reading its memory. */
    public SlowConsumer(String address, long brokerPid, int rate, int frameBytes, int backlog) {
        this.address = address;
        this.brokerPid = brokerPid;
        this.rate = rate;
        this.frameBytes = frameBytes;
        this.backlog = backlog;
    }

    private static ConcurrentHistogram histogram() {
        return new ConcurrentHistogram(3_600_000_000L, 3);
    }

    public Findings run(Duration duration) throws InterruptedException {
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
            String waitReason = client.streams()
                    .getStream(
                            GetStreamRequest.newBuilder().setName(SLOW_STREAM).build())
                    .getStream()
                    .getWaitReason();
            stop.set(true);
            hurry.set(true);
            slowCamera.join();
            otherCamera.join();
            GetLedgerResponse slowLedger = awaitSettled(client, SLOW_STREAM);
            GetLedgerResponse otherLedger = awaitSettled(client, OTHER_STREAM);
            return new Findings(
                    quickBelow,
                    otherBelow,
                    otherAtLimit,
                    rssKib,
                    waitsTold.get(),
                    waitReason,
                    List.of(slowLedger, otherLedger),
                    List.copyOf(failures));
        }
    }

    private void quickTook(ReceivedFrame frame) {
        if (!atLimit.get()) {
            quickBelow.recordValue(ageMicros(frame));
        }
    }

    private void otherTook(ReceivedFrame frame) {
        (atLimit.get() ? otherAtLimit : otherBelow).recordValue(ageMicros(frame));
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

    /**
     * What was seen.
     *
     * @param rssKib the broker's resident memory each second at the limit
     * @param waitReason what the broker said the slow camera waits for, at the end
     */
    public record Findings(
            Histogram quickBelow,
            Histogram otherBelow,
            Histogram otherAtLimit,
            List<Long> rssKib,
            long waitsTold,
            String waitReason,
            List<GetLedgerResponse> ledgers,
            List<String> failures) {

        /** What does not hold; empty when all does. */
        public List<String> verdict() {
            List<String> wrong = new ArrayList<>(failures);
            if (rssKib.size() < 5) {
                wrong.add("the limit was not reached for long enough: run longer");
            }
            if (waitsTold == 0 || waitReason.isEmpty()) {
                wrong.add("the camera was not seen to wait");
            }
            for (GetLedgerResponse ledger : ledgers) {
                check(ledger, wrong);
            }
            keeps("quick group below the limit", quickBelow, otherBelow, wrong);
            keeps("other stream at the limit", otherAtLimit, otherBelow, wrong);
            if (rssSpread() > 0.15) {
                wrong.add("memory is not flat: it moved by " + Math.round(rssSpread() * 100) + " %");
            }
            return wrong;
        }

        private static void check(GetLedgerResponse ledger, List<String> wrong) {
            String stream = ledger.getStream().getStream();
            if (ledger.getStream().getImbalance() != 0 || ledger.getStream().getStored() == 0) {
                wrong.add(stream + ": ledger does not balance: " + ledger.getStream());
            }
            if (ledger.getStream().getStored() != ledger.getStream().getOffered()) {
                wrong.add(stream + ": " + ledger.getStream().getOffered() + " offered, "
                        + ledger.getStream().getStored() + " stored");
            }
            for (GroupLedger group : ledger.getGroupsList()) {
                if (group.getAcked() != group.getStored() || group.getImbalance() != 0) {
                    wrong.add(stream + ", group " + group.getGroup() + ": " + group.getAcked() + " acked of "
                            + group.getStored());
                }
            }
        }

        private static void keeps(String what, Histogram seen, Histogram reference, List<String> wrong) {
            double p99 = seen.getValueAtPercentile(99) / 1e3;
            double limit = Math.max(NOISE_MILLIS, MOST_RATIO * reference.getValueAtPercentile(99) / 1e3);
            if (seen.getTotalCount() == 0 || p99 > limit) {
                wrong.add(what + ": p99 " + Figures.millis(p99) + " ms of " + seen.getTotalCount() + " frames, limit "
                        + Figures.millis(limit) + " ms");
            }
        }

        private double rssSpread() {
            long least = rssKib.stream().mapToLong(Long::longValue).min().orElse(0);
            long most = rssKib.stream().mapToLong(Long::longValue).max().orElse(0);
            return least == 0 ? 1 : (double) (most - least) / least;
        }

        public Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("quick_below_limit_ms", percentiles(quickBelow));
            json.put("other_below_limit_ms", percentiles(otherBelow));
            json.put("other_at_limit_ms", percentiles(otherAtLimit));
            json.put("broker_rss_kib", rssKib);
            json.put("waits_told", waitsTold);
            json.put("wait_reason", waitReason);
            json.put("wrong", verdict());
            return json;
        }

        private static Map<String, Object> percentiles(Histogram histogram) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("frames", histogram.getTotalCount());
            json.put("p50", histogram.getValueAtPercentile(50) / 1e3);
            json.put("p99", histogram.getValueAtPercentile(99) / 1e3);
            return json;
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            text.append(line("quick group, same stream, below the limit", quickBelow));
            text.append(line("other stream, meanwhile", otherBelow));
            text.append(line("other stream, while the first is at its limit", otherAtLimit));
            long least = rssKib.stream().mapToLong(Long::longValue).min().orElse(0);
            long most = rssKib.stream().mapToLong(Long::longValue).max().orElse(0);
            text.append(String.format(
                    "broker memory at the limit: %d - %d MiB over %d s%n", least / 1024, most / 1024, rssKib.size()));
            text.append(String.format("camera waited for: %s (told %d times)%n", waitReason, waitsTold));
            for (GetLedgerResponse ledger : ledgers) {
                text.append(String.format(
                        "%s: offered %d, stored %d, imbalance %d",
                        ledger.getStream().getStream(),
                        ledger.getStream().getOffered(),
                        ledger.getStream().getStored(),
                        ledger.getStream().getImbalance()));
                ledger.getGroupsList()
                        .forEach(group ->
                                text.append(String.format("; %s acked %d", group.getGroup(), group.getAcked())));
                text.append(System.lineSeparator());
            }
            List<String> wrong = verdict();
            text.append(wrong.isEmpty() ? "holds" : "DOES NOT HOLD: " + String.join("; ", wrong));
            return text.append(System.lineSeparator()).toString();
        }

        private static String line(String what, Histogram histogram) {
            return String.format(
                    "%-46s p50 %s ms, p99 %s ms of %d frames%n",
                    what,
                    Figures.millis(histogram.getValueAtPercentile(50) / 1e3),
                    Figures.millis(histogram.getValueAtPercentile(99) / 1e3),
                    histogram.getTotalCount());
        }
    }
}
