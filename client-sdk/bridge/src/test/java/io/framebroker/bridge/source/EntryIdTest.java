package io.framebroker.bridge.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntryIdTest {
    @ParameterizedTest
    @CsvSource({
        "0-1,1",
        "1-0,1048576",
        "1753608701224-0,1838791997494657024",
        "1753608701224-1048575,1838791997495705599",
        "8796093022207-1048575,9223372036854775807"
    })
    void theSequenceIsTheIdAndNothingElse(String id, long sequence) {
        assertThat(EntryId.parse(id).sequence()).isEqualTo(sequence);
        assertThat(EntryId.ofSequence(sequence)).hasToString(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1753608701224-1048576",
                "8796093022208-0",
                "0-18446744073709551615",
                "18446744073709551615-0",
                "18446744073709551615-18446744073709551615"
            })
    void whatDoesNotFitHasNoSequence(String id) {
        EntryId parsed = EntryId.parse(id);

        assertThat(parsed.hasSequence()).isFalse();
        assertThat(parsed).hasToString(id);
        assertThatThrownBy(parsed::sequence).hasMessageContaining(id).hasMessageContaining("8796093022207-1048575");
    }

    /** Pairs are drawn close to each other and close to the ends, where carries and signs would show. */
    @Test
    void sequencesGrowExactlyAsIdsDo() {
        Random random = new Random(20250727);
        for (int i = 0; i < 200_000; i++) {
            EntryId one = id(random);
            EntryId other = random.nextBoolean() ? id(random) : neighbour(one, random);

            assertThat(Integer.signum(Long.compare(one.sequence(), other.sequence())))
                    .as("%s and %s", one, other)
                    .isEqualTo(Integer.signum(one.compareTo(other)));
            assertThat(EntryId.ofSequence(one.sequence())).isEqualTo(one);
        }
    }

    @Test
    void idsAreOrderedAsRedisOrdersThemWithBothPartsUnsigned() {
        assertThat(EntryId.parse("9-0")).isLessThan(EntryId.parse("10-0"));
        assertThat(EntryId.parse("10-9")).isLessThan(EntryId.parse("10-10"));
        assertThat(EntryId.parse("1-18446744073709551615")).isLessThan(EntryId.parse("2-0"));
        assertThat(EntryId.parse("1-1")).isLessThan(EntryId.parse("18446744073709551615-0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "-1", "a-1", "1-", "1-99999999999999999999"})
    void whatIsNoIdIsRefused(String text) {
        assertThatThrownBy(() -> EntryId.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static EntryId id(Random random) {
        long millis = random.nextInt(3) == 0 ? random.nextInt(3) : random.nextLong(EntryId.MOST_MILLIS + 1);
        long number = random.nextBoolean() ? random.nextInt(3) : EntryId.MOST_NUMBER - random.nextInt(3);
        return new EntryId(millis, number);
    }

    private static EntryId neighbour(EntryId id, Random random) {
        long millis = Math.max(0, Math.min(EntryId.MOST_MILLIS, id.millis() + random.nextInt(3) - 1));
        return new EntryId(millis, random.nextInt(2) == 0 ? 0 : EntryId.MOST_NUMBER);
    }
}
