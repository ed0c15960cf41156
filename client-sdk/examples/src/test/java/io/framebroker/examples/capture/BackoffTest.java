package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration MOST = Duration.ofSeconds(10);

    @Test
    void everyWaitLiesBetweenFirstAndMost() {
        for (long seed = 0; seed < 100; seed++) {
            Backoff backoff = new Backoff(FIRST, MOST, new SplittableRandom(seed));
            for (int attempt = 0; attempt < 20; attempt++) {
                assertThat(backoff.nextMillis())
                        .as("seed %d attempt %d", seed, attempt)
                        .isBetween(500L, 10_000L);
            }
        }
    }

    @Test
    void waitsGrowUntilTheyReachTheirMost() {
        Backoff backoff = new Backoff(FIRST, MOST, new SplittableRandom(1));

        assertThat(backoff.nextMillis()).isLessThanOrEqualTo(1_000);
        for (int attempt = 0; attempt < 10; attempt++) {
            backoff.nextMillis();
        }
        assertThat(backoff.nextMillis()).isGreaterThanOrEqualTo(5_000);
    }

    @Test
    void startsAnewWhenTheSourceWorkedAgain() {
        Backoff backoff = new Backoff(FIRST, MOST, new SplittableRandom(1));
        for (int attempt = 0; attempt < 10; attempt++) {
            backoff.nextMillis();
        }

        backoff.reset();

        assertThat(backoff.nextMillis()).isLessThanOrEqualTo(1_000);
    }
}
