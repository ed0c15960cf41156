package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    @ParameterizedTest
    @CsvSource({"0,500", "1,500", "2,1000", "3,2000", "6,16000", "7,30000", "100,30000", "2147483647,30000"})
    void doublesUpToHalfAMinuteLessAFifthAtMost(int attempt, long millis) {
        for (long ordinal = 1; ordinal < 1_000; ordinal++) {
            assertThat(Backoff.nanos(attempt, ordinal)).isBetween(millis * 800_000, millis * 1_000_000);
        }
    }

    @Test
    void framesThatFailedTogetherDoNotComeBackTogether() {
        long waits = LongStream.rangeClosed(1, 100)
                .map(ordinal -> Backoff.nanos(1, ordinal))
                .distinct()
                .count();

        assertThat(waits).isGreaterThan(50);
    }
}
