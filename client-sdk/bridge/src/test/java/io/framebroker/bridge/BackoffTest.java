package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void boundsDoubleUpToTheMostAndStartAgain() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), new SplittableRandom(1));

        for (long bound : new long[] {200, 400, 800, 1_000, 1_000}) {
            assertThat(backoff.nextMillis()).isBetween(100L, bound);
        }
        backoff.reset();
        assertThat(backoff.nextMillis()).isBetween(100L, 200L);
    }

    @Test
    void waitsDiffer() {
        Backoff one = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(60), new SplittableRandom(1));
        Backoff other = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(60), new SplittableRandom(2));
        for (int i = 0; i < 8; i++) {
            one.nextMillis();
            other.nextMillis();
        }

        assertThat(one.nextMillis()).isNotEqualTo(other.nextMillis());
    }
}
