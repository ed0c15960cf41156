package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredIdsTest {
    private final StoredIds ids = new StoredIds();

    @Test
    void aMillionNeighboursAreOneRun() {
        for (int sequence = 1; sequence <= 1_000_000; sequence++) {
            assertThat(ids.note(sequence, 1, sequence + 17)).isTrue();
        }

        assertThat(ids.runs()).isOne();
        assertThat(ids.note(500_000, 1, 500_017)).isTrue();
        assertThat(ids.note(500_000, 1, 500_018)).isFalse();
        assertThat(ids.note(500_000, 2, 500_017)).isFalse();
    }

    /** Against a map, in any order and with a few distances, as resends and new generations make them. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void knowsWhatAMapKnows(long seed) {
        Random random = new Random(seed);
        Map<Integer, Long> model = new HashMap<>();
        List<Integer> order =
                new java.util.ArrayList<>(IntStream.rangeClosed(1, 300).boxed().toList());
        if (seed % 2 == 0) {
            Collections.shuffle(order, random);
        }
        for (int round = 0; round < 3; round++) {
            for (int sequence : order) {
                long distance = random.nextInt(20) == 0 ? random.nextInt(3) : sequence / 100;
                boolean same = model.computeIfAbsent(sequence, fresh -> distance) == distance;

                assertThat(ids.note(sequence, 1, sequence + distance))
                        .as("seed %d, round %d, sequence %d", seed, round, sequence)
                        .isEqualTo(same);
                assertThat(ids.has(sequence)).isTrue();
            }
        }
    }
}
