package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class SpanTest {
    @Test
    void anEmptySpanHasNoBytes() {
        Span span = new Span(42);

        assertThat(span.first()).isEqualTo(42);
        assertThat(span.next()).isEqualTo(42);
        assertThat(span.bytesFrom(42)).isZero();
        assertThat(span.bytesFrom(1)).isZero();
    }

    @Test
    void bytesAreCountedFromAnyFrame() {
        Span span = new Span(7);
        span.add(10);
        span.add(20);
        span.add(30);

        assertThat(span.bytesFrom(7)).isEqualTo(60);
        assertThat(span.bytesFrom(8)).isEqualTo(50);
        assertThat(span.bytesFrom(10)).isZero();
        span.dropThrough(8);
        assertThat(span.first()).isEqualTo(9);
        assertThat(span.bytesFrom(7)).isEqualTo(30);
        span.dropThrough(3);
        assertThat(span.first()).isEqualTo(9);
    }

    @RepeatedTest(20)
    void agreesWithAMapOfSizes(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        long start = random.nextInt(1_000);
        Span span = new Span(start);
        TreeMap<Long, Integer> sizes = new TreeMap<>();

        for (int step = 0; step < 2_000; step++) {
            if (random.nextInt(10) < 7) {
                int bytes = random.nextInt(5) == 0 ? Integer.MAX_VALUE : random.nextInt(1_000);
                sizes.put(span.next(), bytes);
                span.add(bytes);
            } else if (!sizes.isEmpty()) {
                long through = sizes.firstKey() + random.nextInt(Math.min(sizes.size(), 10));
                sizes.headMap(through, true).clear();
                span.dropThrough(through);
            }

            long from = span.first() + random.nextInt(sizes.size() + 1);
            long expected = sizes.tailMap(from).values().stream()
                    .mapToLong(Integer::longValue)
                    .sum();
            assertThat(span.bytesFrom(from)).isEqualTo(expected);
            assertThat(span.next() - span.first()).isEqualTo(sizes.size());
        }
    }
}
