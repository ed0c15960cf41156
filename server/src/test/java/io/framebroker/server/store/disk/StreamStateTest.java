package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreamStateTest {
    private static final GroupSettings CHOSEN = new GroupSettings(12_000, 2_500, 7, GroupSettings.Order.STRICT);

    private final StreamState state = new StreamState("cam");

    @Test
    void aGroupOfAnOlderJournalHasNoEndOfAttempts() {
        state.apply(
                StreamState.GROUP_CREATED,
                reread(new RecordBuffer().put(1).put("old").put(12_000).put(0)));

        assertThat(settings(state)).isEqualTo(new GroupSettings(12_000));
    }

    @Test
    void aStateOfAnOlderJournalIsRead() {
        state.add(new DiskGroup("old", 1, new GroupSettings(12_000), true, 5));
        RecordBuffer written = written();
        // Of the one group: age, attempts and order; how many groups are paused; of the one group, what its letters lie
        // under, how many there are, and how many of those are earlier ones; the overflow policy.
        int since = 3 + 1 + 3 + 1;

        StreamState older = new StreamState("cam");
        older.apply(StreamState.STATE, new RecordBuffer(Arrays.copyOf(written.bytes(), written.length() - since)));

        assertThat(settings(older)).isEqualTo(new GroupSettings(12_000));
    }

    @Test
    void aStateOfBeforeThereWereDeadLettersIsRead() {
        state.add(new DiskGroup("old", 1, CHOSEN, true, 5));
        state.note(new StreamNote(null, null, null, Set.of("old")));
        RecordBuffer written = written();
        // Of the one group, its dead letters; the overflow policy.
        int since = 3 + 1;

        StreamState older = new StreamState("cam");
        older.apply(StreamState.STATE, new RecordBuffer(Arrays.copyOf(written.bytes(), written.length() - since)));

        assertThat(settings(older)).isEqualTo(CHOSEN);
        assertThat(older.paused()).containsExactly("old");
        assertThat(older.groups().iterator().next().lettersNumber()).isEqualTo(1);
    }

    @Test
    void aStateTellsDeadLetters() {
        DiskGroup group = new DiskGroup("a", 1, CHOSEN, true, 5);
        group.letters().addAll(List.of(6L, 9L, 1_000_000L));
        state.add(group.anew(3, 7));
        state.add(new DiskGroup("b", 2, CHOSEN, true, 5));

        StreamState read = new StreamState("cam");
        read.apply(StreamState.STATE, reread(written()));

        assertThat(read.groups().stream().map(DiskGroup::letters))
                .containsExactly(new TreeSet<>(), new TreeSet<>(List.of(6L, 9L, 1_000_000L)));
        assertThat(read.groups().stream().map(DiskGroup::lettersNumber)).containsExactly(2L, 1L);
        assertThat(read.groups().stream().map(each -> each.view().deadLettered()))
                .containsExactly(0L, 0L);
    }

    /** The group of that name may be another one, whose deletion did not last. */
    @Test
    void aGroupTakesNoLettersButItsOwn() {
        DiskGroup other = new DiskGroup("a", 1, CHOSEN, true, 5);
        other.letters().add(6L);
        state.add(other);

        RecordBuffer created = new RecordBuffer().put(2).put("a").put(12_000).put(0);
        StreamState.writeRest(created, CHOSEN);
        state.apply(StreamState.GROUP_CREATED, reread(created.put(2)));

        assertThat(state.groups())
                .singleElement()
                .satisfies(group -> assertThat(group.letters()).isEmpty());
    }

    @Test
    void aStateTellsAllSettings() {
        state.add(new DiskGroup("a", 1, CHOSEN, true, 5));
        state.add(new DiskGroup("b", 2, new GroupSettings(9_000), true, 5));

        StreamState read = new StreamState("cam");
        read.apply(StreamState.STATE, reread(written()));

        assertThat(read.groups().stream().map(DiskGroup::settings)).containsExactly(CHOSEN, new GroupSettings(9_000));
    }

    @ParameterizedTest
    @EnumSource
    void theOverflowPolicyIsInAStateAndInADescription(OverflowPolicy policy) {
        StreamNote.Description description = described(policy);
        RecordBuffer alone = new RecordBuffer();
        StreamState.writeAlone(alone, description);
        state.note(new StreamNote(description, null, null));
        StreamState read = new StreamState("cam");

        read.apply(StreamState.STATE, reread(written()));
        assertThat(read.description()).isEqualTo(description);
        read.apply(StreamState.DESCRIPTION, reread(alone));
        assertThat(read.description()).isEqualTo(description);
    }

    @Test
    void thePolicyOfAnOlderJournalIsBlock() {
        state.note(new StreamNote(described(OverflowPolicy.THIN), null, null));
        RecordBuffer alone = new RecordBuffer();
        StreamState.writeAlone(alone, described(OverflowPolicy.THIN));
        RecordBuffer written = written();
        StreamState older = new StreamState("cam");

        older.apply(StreamState.STATE, new RecordBuffer(Arrays.copyOf(written.bytes(), written.length() - 1)));
        assertThat(older.description()).isEqualTo(described(OverflowPolicy.BLOCK));
        older.apply(StreamState.DESCRIPTION, new RecordBuffer(Arrays.copyOf(alone.bytes(), alone.length() - 1)));
        assertThat(older.description()).isEqualTo(described(OverflowPolicy.BLOCK));
    }

    private static StreamNote.Description described(OverflowPolicy policy) {
        return new StreamNote.Description(new StreamSettings(0, 1 << 20, policy, 5, 1_000, 60_000), 1_700_000_000L);
    }

    private RecordBuffer written() {
        RecordBuffer written = new RecordBuffer();
        state.write(written, UnaryOperator.identity());
        return written;
    }

    private static RecordBuffer reread(RecordBuffer written) {
        return new RecordBuffer(Arrays.copyOf(written.bytes(), written.length()));
    }

    private static GroupSettings settings(StreamState of) {
        return of.groups().iterator().next().settings();
    }
}
