package io.framebroker.client;

import io.framebroker.v1.Codec;
import io.framebroker.v1.DeleteStreamRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * How many frames a group settles in a second when every 97th fails at each attempt, and when none does, in turn. Not run by the
 * build, for it asserts nothing and wants a broker of its own; the command is in the RATIONALE.md of the server.
 */
@EnabledIfSystemProperty(named = "broker", matches = ".+")
class PoisonMeasurement {
    private static final int ROUNDS = 7;
    private static final int POISON_EVERY = 97;
    private static final int FRAMES = 100_000;
    private static final int BYTES = 1_000;

    @Test
    void measure() throws Exception {
        String broker = System.getProperty("broker");
        // The first rounds of a process are its compiler's.
        rate(broker, "warm-1", true);
        rate(broker, "warm-2", false);
        List<Double> with = new ArrayList<>();
        List<Double> without = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            double poisoned = rate(broker, "poisoned-" + round, true);
            double sound = rate(broker, "sound-" + round, false);
            with.add(poisoned);
            without.add(sound);
            ratios.add(poisoned / sound);
        }
        System.out.printf(
                "innocents a second: with poison %s, without %s, ratio %s%n",
                shown(with, "%.0f"), shown(without, "%.0f"), shown(ratios, "%.2f"));
    }

    /** Innocents a second, from the first frame that is published to the last ack that is confirmed. */
    private static double rate(String broker, String stream, boolean poison) throws Exception {
        int innocents = FRAMES - FRAMES / POISON_EVERY;
        CountDownLatch settled = new CountDownLatch(poison ? innocents : FRAMES);
        try (FrameBrokerClient client = FrameBrokerClient.connect(broker);
                FrameConsumer consumer = client.consumer(stream)
                        .group("measured")
                        .maxAttempts(3)
                        .window(256, 0)
                        .manualSettle()
                        .onSettled(result -> {
                            // One publisher: ordinals are its sequences.
                            long first = result.getToken().getOrdinal();
                            for (long ordinal = first; ordinal < first + result.getCount(); ordinal++) {
                                if (!poison || ordinal % POISON_EVERY != 0) {
                                    settled.countDown();
                                }
                            }
                        })
                        .onFrame(frame -> {
                            if (poison && frame.sequence() % POISON_EVERY == 0) {
                                frame.retry(Duration.ZERO, "poison");
                            } else {
                                frame.ack();
                            }
                        });
                FramePublisher publisher =
                        client.publisher(stream).whenFull(WhenFull.BLOCK).open()) {
            Eventually.connected(consumer);
            byte[] payload = new byte[BYTES];
            long began = System.nanoTime();
            for (int i = 0; i < FRAMES; i++) {
                publisher.publish(OutgoingFrame.of(Codec.CODEC_JPEG, payload));
            }
            settled.await();
            double seconds = (System.nanoTime() - began) / 1e9;
            client.streams()
                    .deleteStream(DeleteStreamRequest.newBuilder()
                            .setName(stream)
                            .setForce(true)
                            .build());
            return innocents / seconds;
        }
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
