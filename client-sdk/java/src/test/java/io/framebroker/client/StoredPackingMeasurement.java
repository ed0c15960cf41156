package io.framebroker.client;

import io.framebroker.v1.AckLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * How many pictures of 1920x1080 BGR24 a broker stores and a group settles in a second, packed and as they are, in turn.
 * Not run by the build, for it asserts nothing and wants a broker of its own; the command is in RATIONALE.md.
 */
@EnabledIfSystemProperty(named = "broker", matches = ".+")
class StoredPackingMeasurement {
    private static final int ROUNDS = 5;
    private static final long WARM_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(2_500);
    private static final List<String> CONTENTS = List.of(
            "colour bars",
            "gradient",
            "fractal",
            "scene, sensor noise 0.0",
            "out of a JPEG, quality 0.5",
            "scene, sensor noise 1.0");

    @Test
    void measure() throws Exception {
        String broker = System.getProperty("broker");
        System.out.println("| 1080p BGR24 | as it is, fps | AUTO, fps | AUTO / as it is | AUTO packs |");
        System.out.println("|---|---|---|---|---|");
        Map<String, OutgoingFrame> frames = PackingMeasurement.frames();
        // The first rounds of a process are its compiler's.
        rate(broker, frames.get(CONTENTS.get(0)), Compress.AUTO);
        rate(broker, frames.get(CONTENTS.get(0)), Compress.NEVER);
        for (String name : CONTENTS) {
            OutgoingFrame frame = frames.get(name);
            List<Double> plain = new ArrayList<>();
            List<Double> packed = new ArrayList<>();
            List<Double> ratios = new ArrayList<>();
            double share = 0;
            for (int round = 0; round < ROUNDS; round++) {
                Rate as = rate(broker, frame, Compress.NEVER);
                Rate auto = rate(broker, frame, Compress.AUTO);
                plain.add(as.fps);
                packed.add(auto.fps);
                ratios.add(auto.fps / as.fps);
                share += auto.packed / ROUNDS;
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %.0f %% |%n",
                    name,
                    shown(plain, "%.0f"),
                    shown(packed, "%.0f"),
                    shown(ratios, "%.2f"),
                    100 * share);
        }
    }

    private record Rate(double fps, double packed) {}

    /** At most as many frames are on their way as keep all busy. */
    private static Rate rate(String broker, OutgoingFrame frame, Compress compress) throws Exception {
        Semaphore room = new Semaphore(16);
        AtomicLong settled = new AtomicLong();
        try (FrameBrokerClient client = FrameBrokerClient.connect(broker);
                FrameConsumer consumer = client.consumer("packing")
                        .group("measured")
                        .onFrame(received -> {
                            settled.incrementAndGet();
                            room.release();
                        });
                FramePublisher publisher = client.publisher("packing")
                        .ackLevel(AckLevel.ACK_LEVEL_STORED)
                        .whenFull(WhenFull.BLOCK)
                        .maxFrameBytes(8 << 20)
                        .compress(compress)
                        .open()) {
            consumer.window(32, 256 << 20);
            run(publisher, frame, room, WARM_NANOS);
            long before = settled.get();
            long sentBefore = publisher.stats().packed();
            long began = System.nanoTime();
            long sent = run(publisher, frame, room, ROUND_NANOS);
            double seconds = (System.nanoTime() - began) / 1e9;
            double fps = (settled.get() - before) / seconds;
            double packed = (double) (publisher.stats().packed() - sentBefore) / sent;
            room.acquire(16);
            return new Rate(fps, packed);
        }
    }

    private static long run(FramePublisher publisher, OutgoingFrame frame, Semaphore room, long nanos)
            throws InterruptedException {
        long sent = 0;
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            room.acquire();
            publisher.publish(frame);
            sent++;
        }
        return sent;
    }

    private static String shown(List<Double> values, String format) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return Arrays.stream(new double[] {sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]})
                .mapToObj(value -> String.format(Locale.ROOT, format, value))
                .reduce((first, next) -> first.contains("[") ? first + " - " + next + "]" : first + " [" + next)
                .orElseThrow();
    }
}
