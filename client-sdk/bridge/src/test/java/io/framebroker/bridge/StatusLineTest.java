package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.source.Account;
import io.framebroker.bridge.source.EntryId;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StatusLineTest {
    private final StatusLine status = new StatusLine("source", Duration.ofSeconds(10), 0);

    @Test
    void oneLineSaysItAll() {
        Counts counts = new Counts();
        counts.read = 1_200;
        counts.stored = 1_000;
        counts.setAside = 3;
        counts.lost = 2;
        InFlight inFlight = new InFlight(1_024, 64 << 20, 256);
        inFlight.add(new Carried(new EntryId(1, 0), 4_096));
        Account account = new Account(17, 0, 1, new EntryId(1_000, 0), new EntryId(2_500, 0));

        String line = StatusLine.line("source", counts, 120, account, inFlight, new Targets(1, null));

        assertThat(line)
                .isEqualTo(
                        "source: read 1200 (120/s), stored 1000 (0 of them before), waiting 17, behind 1.5 s, in flight"
                                + " 1/1024 entries, 4/65536 KiB, set aside 3, lost 2, dropped by the broker 0; 0 streams");
    }

    @Test
    void whatIsNotKnownIsNotMadeUp() {
        Account account = new Account(-1, 0, 0, EntryId.ZERO, new EntryId(9, 0));

        assertThat(StatusLine.line("s", new Counts(), 0, account, new InFlight(1, 1, 1), new Targets(1, null)))
                .contains("waiting unknown, behind 0.0 s");
    }

    @Test
    void aLagThatGrowsLineByLineIsWarnedOf() {
        assertThat(lines(3_000, 4_000, 5_000, 6_000)).containsExactly(false, false, true, true);
    }

    @Test
    void aLagThatStaysOrShrinksOrIsSmallIsNot() {
        assertThat(lines(9_000, 9_000, 9_000, 9_000)).doesNotContain(true);
        assertThat(lines(3_000, 4_000, 3_000, 4_000, 5_000)).doesNotContain(true);
        assertThat(lines(100, 200, 300, 400, 500)).doesNotContain(true);
    }

    @Test
    void withNothingWaitingNobodyIsBehind() {
        assertThat(new Account(0, 0, 0, new EntryId(1, 0), new EntryId(9_000, 0)).behindMillis())
                .isZero();
    }

    private Boolean[] lines(long... behind) {
        status.fallsBehind(0);
        return LongStream.of(behind).mapToObj(status::fallsBehind).toArray(Boolean[]::new);
    }
}
