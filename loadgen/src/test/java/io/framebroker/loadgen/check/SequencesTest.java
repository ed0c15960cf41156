package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequencesTest {
    /** The spread decides how long holes stay open; the largest one makes the set drop its filled part on the way. */
    @ParameterizedTest(name = "spread {0}")
    @ValueSource(ints = {1, 3, 100, 5_000})
    void isASet(int spread) {
        long seed = 20_261_121L + spread;
        Random random = new Random(seed);
        Sequences sequences = new Sequences();
        TreeSet<Long> model = new TreeSet<>();

        for (int i = 0; i < 150_000; i++) {
            long sequence = 1 + Math.max(0, i - random.nextInt(spread));
            assertThat(sequences.add(sequence)).as("seed %d, step %d", seed, i).isEqualTo(model.add(sequence));
        }

        assertThat(sequences.size()).isEqualTo(model.size());
        assertThat(sequences.highest()).isEqualTo(model.last());
        assertThat(sequences.holes()).isEqualTo(model.last() - model.size());
        for (long sequence = 0; sequence <= model.last() + 2; sequence++) {
            if (sequences.contains(sequence) != model.contains(sequence)) {
                throw new AssertionError("seed " + seed + ": sequence " + sequence);
            }
        }
    }
}
