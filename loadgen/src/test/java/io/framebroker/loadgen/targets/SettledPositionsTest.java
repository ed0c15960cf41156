package io.framebroker.loadgen.targets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is trimmed is what {@code slowest} says; a frame too much and an unread frame is gone. */
class SettledPositionsTest {
    private final SettledPositions positions = new SettledPositions(2, 1);

    @Test
    void aGroupWithNothingPendingHasSettledWhatItWasGiven() {
        positions.groups(List.of(group("g0", 0, 100), group("g1", 0, 70)));

        assertThat(positions.slowest()).isEqualTo(70);
    }

    @Test
    void aGroupHasSettledWhatIsInFrontOfItsOldestPendingEntry() {
        positions.pending(0, pending(3, 91, 100));
        positions.pending(1, pending(2, 41, 42));
        positions.groups(List.of(group("g0", 3, 100), group("g1", 2, 42)));

        assertThat(positions.slowest()).isEqualTo(40);
    }

    /** (1) XPENDING: none is pending, (2) the group is given 100 more, (3) XINFO: 100 pending, last one 200. */
    @Test
    void entriesGivenBetweenTheTwoAnswersAreNotTakenForSettled() {
        positions.groups(List.of(group("g0", 0, 100), group("g1", 0, 100)));

        positions.pending(0, pending(0, 0, 0));
        positions.pending(1, pending(0, 0, 0));
        positions.groups(List.of(group("g0", 100, 200), group("g1", 0, 200)));

        assertThat(positions.slowest()).isEqualTo(100);
    }

    @Test
    void anEntryOfSeveralFramesIsNamedAfterItsLast() {
        SettledPositions packed = new SettledPositions(1, 64);
        packed.pending(0, pending(1, 128, 128));
        packed.groups(List.of(group("g0", 1, 128)));

        assertThat(packed.slowest()).isEqualTo(64);
    }

    @Test
    void groupsOfOthersDoNotCount() {
        positions.groups(List.of(group("audit", 0, 3), group("g0", 0, 100), group("g1", 0, 70)));

        assertThat(positions.slowest()).isEqualTo(70);
    }

    private static List<Object> pending(long count, long oldest, long newest) {
        return count == 0
                ? Arrays.asList(0L, null, null, null)
                : List.of(count, RedisEntries.id(oldest), RedisEntries.id(newest), List.of());
    }

    private static List<Object> group(String name, long pending, long last) {
        List<Object> fields = new ArrayList<>();
        fields.addAll(List.of(bytes("name"), bytes(name), bytes("consumers"), 1L));
        fields.addAll(List.of(bytes("pending"), pending, bytes("last-delivered-id"), RedisEntries.id(last)));
        return fields;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
