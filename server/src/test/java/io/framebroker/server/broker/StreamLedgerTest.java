package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a ledger makes of what was counted before, and of what is found. */
class StreamLedgerTest {
    private static StreamNote.Counts counted(long offered, long through, long lost, long lostKept) {
        return new StreamNote.Counts(
                0,
                lost == 0 ? Map.of() : Map.of("STORE_LOST", lost),
                Map.of(),
                offered(offered, through, lost, lostKept));
    }

    private static StreamNote.Offered offered(long offered, long through, long lost, long lostKept) {
        return new StreamNote.Offered(offered, through, lost, lostKept);
    }

    private static Ledger.OfStream opened(long stored, long missing, StreamNote.Counts counts) {
        return new StreamLedger(stored, missing, counts).view("cam", stored, 0);
    }

    @Test
    void framesFoundBehindTheLastCountWereOffered() {
        Ledger.OfStream ledger = opened(12, 0, counted(10, 10, 0, 0));

        assertThat(ledger.offered()).isEqualTo(12);
        assertThat(ledger.imbalance()).isZero();
    }

    /** It used to be made up from what was found, so that nothing was ever missing. */
    @Test
    void aFrameThatWasOfferedAndIsNowhereIsMissing() {
        Ledger.OfStream ledger = opened(12, 0, counted(11, 10, 0, 0));

        assertThat(ledger.offered()).isEqualTo(13);
        assertThat(ledger.imbalance()).isEqualTo(1);
    }

    /** They used to have been offered and stored never. */
    @Test
    void framesThatWereStoredAndOfWhichThereIsNoTraceAreLostByName() {
        Ledger.OfStream ledger = opened(7, 0, counted(10, 10, 0, 0));

        assertThat(ledger.offered()).isEqualTo(10);
        assertThat(ledger.stored()).isEqualTo(7);
        assertThat(ledger.dropped()).isEqualTo(Map.of("STORE_LOST", 3L));
        assertThat(ledger.imbalance()).isZero();
    }

    @Test
    void ofWhatIsMissingOnlyWhatWasNotIsLostNow() {
        Ledger.OfStream ledger = opened(10, 3, counted(10, 10, 4, 2));

        assertThat(ledger.dropped()).isEqualTo(Map.of("STORE_LOST", 5L));
        assertThat(ledger.stored()).isEqualTo(5);
        assertThat(ledger.imbalance()).isZero();
    }

    @Test
    void whereTheStoreDoesNotKeepWhatWasOfferedItIsWhatWasFound() {
        Ledger.OfStream ledger = opened(10, 3, new StreamNote.Counts(0, Map.of("STORE_LOST", 2L), Map.of("LATE", 5L)));

        assertThat(ledger.offered()).isEqualTo(15);
        assertThat(ledger.stored()).isEqualTo(7);
        assertThat(ledger.dropped()).isEqualTo(Map.of("STORE_LOST", 3L));
        assertThat(ledger.imbalance()).isZero();
    }
}
