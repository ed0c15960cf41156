package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.source.EntryId;
import org.junit.jupiter.api.Test;

class InFlightTest {
    @Test
    void isBoundedInEntries() {
        InFlight inFlight = new InFlight(20, 1 << 20, 8);
        add(inFlight, 1, 100);
        assertThat(inFlight.room()).isEqualTo(8);

        for (int n = 2; n <= 15; n++) {
            add(inFlight, n, 100);
        }
        assertThat(inFlight.room()).isEqualTo(5);
        for (int n = 16; n <= 20; n++) {
            add(inFlight, n, 100);
        }
        assertThat(inFlight.room()).isZero();

        inFlight.remove(new EntryId(3, 0));
        assertThat(inFlight.room()).isEqualTo(1);
    }

    @Test
    void isBoundedInBytesByTheLargestEntryOfLate() {
        InFlight inFlight = new InFlight(1_000, 1_000, 100);
        add(inFlight, 1, 300);

        assertThat(inFlight.room()).isEqualTo(2);
        add(inFlight, 2, 10);
        assertThat(inFlight.room()).isEqualTo(2);
        add(inFlight, 3, 500);
        assertThat(inFlight.room()).isZero();
    }

    @Test
    void readsFewUntilItKnowsHowLargeEntriesAre() {
        assertThat(new InFlight(1_000, 1 << 20, 256).room()).isEqualTo(16);
    }

    @Test
    void oneEntryLargerThanTheBoundPassesWhenItIsAlone() {
        InFlight inFlight = new InFlight(1_000, 1_000, 100);
        add(inFlight, 1, 5_000);
        assertThat(inFlight.room()).isZero();

        inFlight.remove(new EntryId(1, 0));

        assertThat(inFlight.room()).isEqualTo(1);
    }

    @Test
    void whatIsRemovedTwiceCountsOnce() {
        InFlight inFlight = new InFlight(10, 1_000, 10);
        add(inFlight, 1, 100);
        add(inFlight, 2, 100);
        inFlight.remove(new EntryId(1, 0));
        inFlight.remove(new EntryId(1, 0));

        assertThat(inFlight.count()).isEqualTo(1);
        assertThat(inFlight.bytes()).isEqualTo(100);
    }

    private static void add(InFlight inFlight, int n, int bytes) {
        inFlight.add(new Carried(new EntryId(n, 0), bytes));
    }
}
