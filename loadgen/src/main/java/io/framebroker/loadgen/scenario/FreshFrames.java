package io.framebroker.loadgen.scenario;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.loadgen.load.Pacer;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.Codec;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GetLedgerRequest;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * One camera with two consumers that are too slow for it and stall now and then: one that wants the newest frame (LATEST), and a
 * group whose frames are of no use beyond an age ({@code max_age}).
 */
public final class FreshFrames {
    private static final String STREAM = "scenario-fresh";
    private static final long SETTLE_SECONDS = 60;
    private static final Duration STALL = Duration.ofSeconds(2);

    /** One of the two, and all that it was given or told of. Written by its handler's thread and that of its call. */
    static final class Taker {
        private final Histogram ageMicros = new Histogram(3_600_000_000L, 3);
        private final Map<String, Long> gaps = new TreeMap<>();
        private final long workMillis;
        private final boolean sinceReceived;
        private final Random random;
        private long nextStallNanos;
        private long stalls;
        private long sequence;
        private long doubled;

        /**
         * @param workMillis for each frame
         * @param sinceReceived whether age counts from when the broker received a frame, or from when it was due
         */
        Taker(long workMillis, boolean sinceReceived, long seed) {
            this.workMillis = workMillis;
            this.sinceReceived = sinceReceived;
            this.random = new Random(seed);
            plan();
        }

        private synchronized void plan() {
            nextStallNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3_000 + random.nextInt(6_000));
        }

        void took(ReceivedFrame frame) throws InterruptedException {
            var payload = frame.payload().order(ByteOrder.LITTLE_ENDIAN);
            long since = sinceReceived
                    ? ChronoUnit.MICROS.between(Instant.EPOCH, frame.receivedTime())
                    : Stamp.intendedMicros(payload, 0);
            boolean stalls = note(Stamp.nowMicros() - since, Stamp.sequence(payload, 0));
            TimeUnit.MILLISECONDS.sleep(workMillis);
            if (stalls) {
                TimeUnit.MILLISECONDS.sleep(STALL.toMillis());
                plan();
            }
        }

        private synchronized boolean note(long age, long of) {
            ageMicros.recordValue(Math.max(0, age));
            doubled += of <= sequence ? 1 : 0;
            sequence = Math.max(sequence, of);
            boolean stallsNow = System.nanoTime() - nextStallNanos > 0;
            stalls += stallsNow ? 1 : 0;
            return stallsNow;
        }

        synchronized void gap(Gap gap) {
            gaps.merge(gap.getReason(), gap.getCount(), Long::sum);
        }

        /** Frames that it was given or told not to get. */
        synchronized long accounted() {
            return ageMicros.getTotalCount()
                    + gaps.values().stream().mapToLong(Long::longValue).sum();
        }

        synchronized FreshFramesFindings.Consumer findings() {
            return new FreshFramesFindings.Consumer(ageMicros.copy(), new TreeMap<>(gaps), stalls, doubled);
        }
    }

    private final String address;
    private final int rate;
    private final int frameBytes;
    private final Duration maxAge;
    private final Duration noise;

    public FreshFrames(String address, int rate, int frameBytes, Duration maxAge, Duration noise) {
        this.address = address;
        this.rate = rate;
        this.frameBytes = frameBytes;
        this.maxAge = maxAge;
        this.noise = noise;
    }

    public FreshFramesFindings run(Duration duration) throws InterruptedException {
        Taker newest = new Taker(100, false, 1);
        Taker young = new Taker(5, true, 2);
        try (FrameBrokerClient client = FrameBrokerClient.connect(address)) {
            FrameConsumer latest = client.consumer(STREAM)
                    .mode(ConsumeMode.CONSUME_MODE_LATEST)
                    .window(1, 0)
                    .onGap(newest::gap)
                    .onFrame(newest::took);
            FrameConsumer queue = client.consumer(STREAM)
                    .group("young")
                    .window(1, 0)
                    .maxAge(maxAge)
                    .onGap(young::gap)
                    .onFrame(young::took);
            await(
                    "both consumers",
                    () -> latest.stats().connected() && queue.stats().connected());
            long published = film(client, duration);
            await("the end", () -> newest.accounted() >= published && young.accounted() >= published);
            GetLedgerRequest asked =
                    GetLedgerRequest.newBuilder().setStream(STREAM).build();
            await(
                    "all acks",
                    () -> client.diagnostics().getLedger(asked).getGroupsList().stream()
                            .allMatch(group -> group.getPending() + group.getWaiting() == 0));
            return new FreshFramesFindings(
                    published,
                    maxAge,
                    noise,
                    newest.findings(),
                    young.findings(),
                    client.diagnostics().getLedger(asked));
        }
    }

    /** Returns how many frames were published. */
    private long film(FrameBrokerClient client, Duration duration) {
        Pacer pacer = new Pacer(rate, Pacer.Clock.SYSTEM);
        long sequence = 0;
        try (FramePublisher publisher = client.publisher(STREAM).open()) {
            Random random = new Random(3);
            long[] due = new long[1];
            for (long frames = Math.max(1, duration.toMillis() * rate / 1_000); sequence < frames; ) {
                byte[] payload = new byte[frameBytes];
                random.nextBytes(payload);
                pacer.next(due);
                Stamp.write(payload, 0, 1, 0, ++sequence, due[0]);
                publisher.publish(OutgoingFrame.of(Codec.CODEC_JPEG, payload));
            }
        }
        return sequence;
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(String what, Condition condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                throw new RunFailure(what + " did not come within " + SETTLE_SECONDS + " s");
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
