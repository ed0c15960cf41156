package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holes are known as long as they are there. */
class FrameIndexTest {
    private final FrameIndex index = new FrameIndex(1);

    /** One hole used to have all frames of the stream looked at with each count, for ever. */
    @Test
    void holesThatAreDroppedAreForgotten() {
        index.addHole();
        index.add(10, 1, 0);
        index.add(10, 2, 0);
        index.makeHole(2);

        index.dropThrough(1);
        assertThat(index.hasHoles()).isTrue();
        index.dropThrough(2);

        assertThat(index.hasHoles()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void holesAreCountedAnywhere(long seed) {
        Random random = new Random(seed);
        TreeSet<Long> holes = new TreeSet<>();
        for (int step = 0; step < 2_000; step++) {
            long first = index.first();
            long next = index.next();
            int what = random.nextInt(10);
            if (what < 5) {
                index.add(10, next, 0);
            } else if (what < 6) {
                holes.add(next);
                index.addHole();
            } else if (what < 7 && first < next) {
                long lost = random.nextLong(first, next);
                holes.add(lost);
                index.makeHole(lost);
            } else if (what < 8 && first < next) {
                long through = Math.min(next - 1, first + random.nextInt(6));
                holes.headSet(through, true).clear();
                index.dropThrough(through);
            } else if (first < next) {
                long from = random.nextLong(first, next);
                long through = random.nextLong(from - 1, next);
                assertThat(index.holes(from, through))
                        .isEqualTo(holes.subSet(from, through + 1).size());
            }
            assertThat(index.hasHoles()).isEqualTo(!holes.isEmpty());
        }
    }
}
