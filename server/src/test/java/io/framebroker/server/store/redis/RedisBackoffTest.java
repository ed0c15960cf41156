package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisBackoffTest {

    @ParameterizedTest
    @CsvSource({"1, 100", "2, 200", "3, 400", "4, 800", "5, 1000", "6, 1000", "1000000, 1000"})
    void theCeilingDoublesUpToTheHighest(int failures, long ceilingMillis) {
        assertThat(new RedisBackoff(100, 1_000, () -> 0.5).nanos(failures)).isEqualTo(ceilingMillis * 500_000);
    }

    @Test
    void theWholeRangeIsUsed() {
        assertThat(new RedisBackoff(100, 1_000, () -> 0).nanos(3)).isZero();
        assertThat(new RedisBackoff(100, 1_000, () -> Math.nextDown(1.0)).nanos(3))
                .isCloseTo(400_000_000, within(1L));
    }

    @Test
    void theHighestMayBeAnything() {
        assertThat(new RedisBackoff(1, Long.MAX_VALUE / 1_000_000, () -> 1).nanos(Integer.MAX_VALUE))
                .isEqualTo(1_000_000L << 30);
    }

    @Test
    void theFirstIsNotAboveTheHighest() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RedisBackoff(1_001, 1_000, () -> 0))
                .withMessage("first backoff in ms: 1001 is outside 1..1000");
    }
}
