package io.framebroker.loadgen.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void medianOfOddAndEvenNumbersOfRounds() {
        assertThat(Spread.of(List.of(5.0, 1.0, 3.0))).isEqualTo(new Spread(3, 1, 5));
        assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(new Spread(2.5, 1, 4));
        assertThat(Spread.of(List.of(7.0))).isEqualTo(new Spread(7, 7, 7));
    }

    /** A round twice as slow for both sides says nothing about their ratio. */
    @Test
    void ratiosAreTakenWithinARound() {
        Spread ratio = Spread.ratios(List.of(50.0, 25.0, 52.0), List.of(100.0, 50.0, 100.0));

        assertThat(ratio).isEqualTo(new Spread(0.5, 0.5, 0.52));
        assertThat(ratio.coversOne()).isFalse();
    }

    @Test
    void aRangeAcrossOneDistinguishesNothing() {
        assertThat(new Spread(1.1, 0.9, 1.3).coversOne()).isTrue();
        assertThat(new Spread(1.1, 1.01, 1.3).coversOne()).isFalse();
        assertThat(new Spread(0.9, 0.8, 0.99).coversOne()).isFalse();
    }

    @Test
    void refusesRoundsThatDoNotPair() {
        assertThatThrownBy(() -> Spread.ratios(List.of(1.0), List.of(1.0, 2.0)))
                .hasMessage("1 rounds cannot be paired with 2");
        assertThatThrownBy(() -> Spread.of(List.of())).hasMessageContaining("no rounds");
    }
}
