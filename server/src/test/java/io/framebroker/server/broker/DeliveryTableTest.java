package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.DeliveryTable.State;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DeliveryTableTest {
    private static final Map<State, Set<State>> ALLOWED = new EnumMap<>(Map.of(
            State.LEASED, EnumSet.of(State.LEASED, State.RETRY, State.USED_UP, State.SETTLING),
            State.RETRY, EnumSet.of(State.LEASED, State.WRITING, State.USED_UP, State.SETTLING),
            State.WRITING, EnumSet.of(State.RETRY, State.SETTLING),
            State.USED_UP, EnumSet.of(State.SETTLING),
            State.SETTLING, EnumSet.of(State.SETTLED),
            State.SETTLED, EnumSet.noneOf(State.class)));

    private final Member member = new Member(null, null);
    private final DeliveryTable table = new DeliveryTable(10);

    @ParameterizedTest
    @EnumSource(State.class)
    void everyTransitionIsAllowedOrRefusedAsTheClassSays(State from) {
        for (State to : State.values()) {
            DeliveryTable fresh = new DeliveryTable(1);
            bring(fresh, from);
            if (ALLOWED.get(from).contains(to)) {
                move(fresh, to);
                assertThat(fresh.state(2)).as(from + " to " + to).isEqualTo(to);
            } else {
                assertThatThrownBy(() -> move(fresh, to))
                        .as(from + " to " + to)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("frame 2")
                        .hasMessageContaining(to.name());
            }
        }
    }

    /** Brings frame 2 into a state, behind a frame 1 that stays, so that nothing is forgotten. */
    private void bring(DeliveryTable fresh, State state) {
        fresh.addLeased(1, 100, member, 0);
        if (state == State.SETTLING || state == State.SETTLED) {
            fresh.addSettling();
        } else {
            fresh.addLeased(1, 100, member, 0);
        }
        if (state == State.RETRY || state == State.WRITING) {
            fresh.retry(2, 1, true, false);
        }
        if (state == State.WRITING || state == State.USED_UP || state == State.SETTLED) {
            move(fresh, state);
        }
    }

    private void move(DeliveryTable fresh, State to) {
        switch (to) {
            case LEASED -> fresh.lease(2, 2, member, 1);
            case RETRY -> fresh.retry(2, 1, true, false);
            case WRITING -> fresh.writing(2);
            case USED_UP -> fresh.usedUp(2);
            case SETTLING -> fresh.settling(2);
            case SETTLED -> fresh.settled(2, 2);
        }
    }

    @Test
    void framesOutsideTheTableCannotBeMoved() {
        table.addLeased(1, 100, member, 0);
        table.addLeased(1, 100, member, 0);
        table.settling(10);
        table.settled(10, 10);

        for (long ordinal : new long[] {9, 10, 12, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThat(table.contains(ordinal)).isFalse();
            assertThatThrownBy(() -> table.settling(ordinal)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> table.lease(ordinal, 1, member, 0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> table.retry(ordinal, 0, true, true)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aFirstDeliveryIsAttemptOne() {
        table.addLeased(3, 100, member, 77);

        assertThat(table.state(10)).isEqualTo(State.LEASED);
        assertThat(table.attempt(10)).isEqualTo(1);
        assertThat(table.generation(10)).isEqualTo(3);
        assertThat(table.bytes(10)).isEqualTo(100);
        assertThat(table.deadline(10)).isEqualTo(77);
        assertThat(table.holder(10)).isSameAs(member);
    }

    @Test
    void theNextAttemptCountsUnlessItWasReleased() {
        table.addLeased(1, 100, member, 0);

        table.retry(10, 5, false, true);
        assertThat(table.nextAttempt(10)).isEqualTo(1);
        assertThat(table.holder(10)).isNull();
        assertThat(table.leaseEnded(10)).isFalse();
        table.lease(10, 1, member, 0);
        table.retry(10, 5, true, true);
        assertThat(table.nextAttempt(10)).isEqualTo(2);
        assertThat(table.leaseEnded(10)).isFalse();
        table.lease(10, 2, member, 0);
        table.retry(10, 5, true, false);

        assertThat(table.nextAttempt(10)).isEqualTo(3);
        assertThat(table.leaseEnded(10)).isTrue();
        assertThat(table.holder(10)).isSameAs(member);
    }

    @Test
    void aNewAttemptMayGoOutOnceItIsWritten() {
        table.addLeased(1, 100, member, 0);

        table.retry(10, 5, false, true);
        assertThat(table.mayGoOut(10)).isTrue();
        table.lease(10, 1, member, 0);
        table.retry(10, 5, true, false);
        assertThat(table.mayGoOut(10)).isFalse();
        table.writing(10);
        table.written(10);
        assertThat(table.mayGoOut(10)).isTrue();
        assertThat(table.nextAttempt(10)).isEqualTo(2);
        assertThat(table.deadline(10)).isEqualTo(5);
        assertThat(table.leaseEnded(10)).isTrue();
        table.lease(10, 2, member, 0);
        table.retry(10, 9, true, false);

        assertThat(table.mayGoOut(10)).isFalse();
    }

    @Test
    void whatMayHaveBeenDeliveredWaitsForWhoeverHasItOrForItsSecondAttempt() {
        table.addMaybeDelivered(3, 100, 77);

        assertThat(table.state(10)).isEqualTo(State.RETRY);
        assertThat(table.isRecovered(10)).isTrue();
        assertThat(table.generation(10)).isEqualTo(3);
        assertThat(table.bytes(10)).isEqualTo(100);
        assertThat(table.deadline(10)).isEqualTo(77);
        assertThat(table.attempt(10)).isEqualTo(1);
        assertThat(table.nextAttempt(10)).isEqualTo(2);
        assertThat(table.mayGoOut(10)).isFalse();
        table.lease(10, 2, member, 0);

        assertThat(table.isRecovered(10)).isFalse();
    }

    @Test
    void lowMovesOverWhatIsSettledInOneGo() {
        for (int i = 0; i < 5; i++) {
            table.addLeased(1, 100, member, 0);
        }
        for (long ordinal : new long[] {14, 11, 12}) {
            table.settling(ordinal);
            table.settled(ordinal, ordinal);
        }
        assertThat(table.low()).isEqualTo(10);

        table.settling(10);
        table.settled(10, 10);

        assertThat(table.low()).isEqualTo(13);
        assertThat(table.next()).isEqualTo(15);
    }

    @Test
    void settlingForgetsWhoHadTheFrame() {
        table.addLeased(1, 100, member, 0);

        table.settling(10);

        assertThat(table.holder(10)).isNull();
    }

    @RepeatedTest(20)
    void agreesWithAMapOfStates(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        DeliveryTable tested = new DeliveryTable(random.nextInt(1_000));
        TreeMap<Long, State> expected = new TreeMap<>();
        TreeMap<Long, Integer> attempts = new TreeMap<>();
        for (int step = 0; step < 3_000; step++) {
            long ordinal = tested.low() + random.nextInt((int) (tested.next() - tested.low()) + 1);
            if (ordinal == tested.next()) {
                expected.put(ordinal, State.LEASED);
                attempts.put(ordinal, 1);
                tested.addLeased(ordinal, (int) ordinal, member, ordinal);
            } else if (expected.get(ordinal) == State.LEASED && random.nextBoolean()) {
                expected.put(ordinal, State.RETRY);
                tested.retry(ordinal, step, true, random.nextBoolean());
            } else if (expected.get(ordinal) == State.RETRY && random.nextInt(3) == 0) {
                expected.put(ordinal, State.WRITING);
                tested.writing(ordinal);
            } else if (expected.get(ordinal) == State.WRITING && random.nextBoolean()) {
                expected.put(ordinal, State.RETRY);
                tested.written(ordinal);
            } else if (expected.get(ordinal) == State.RETRY && random.nextBoolean()) {
                expected.put(ordinal, State.LEASED);
                attempts.merge(ordinal, 1, Integer::sum);
                tested.lease(ordinal, tested.nextAttempt(ordinal), member, step);
            } else if (expected.get(ordinal) == State.SETTLING) {
                expected.put(ordinal, State.SETTLED);
                tested.settled(ordinal, ordinal);
            } else if (expected.get(ordinal) != State.SETTLED) {
                expected.put(ordinal, State.SETTLING);
                tested.settling(ordinal);
            }
            while (!expected.isEmpty() && expected.firstEntry().getValue() == State.SETTLED) {
                expected.pollFirstEntry();
            }

            assertThat(tested.low()).isEqualTo(expected.isEmpty() ? tested.next() : expected.firstKey());
            expected.forEach((each, state) -> {
                if (tested.state(each) != state
                        || state != State.SETTLING && tested.attempt(each) != attempts.get(each)) {
                    throw new AssertionError("frame " + each + " is " + tested.state(each) + ", expected " + state);
                }
            });
        }
        assertThat(tested.next()).isGreaterThan(64);
    }

    @Test
    void bytesInHandAreThoseOfLeasedFrames() {
        table.addLeased(1, 100, member, 0);
        table.addLeased(1, 30, member, 0);
        table.addSettling();
        table.addMaybeDelivered(1, 7, 0);
        assertThat(table.leasedBytes()).isEqualTo(130);

        table.lease(10, 1, member, 5);
        assertThat(table.leasedBytes()).isEqualTo(130);
        table.retry(10, 0, true, false);
        assertThat(table.leasedBytes()).isEqualTo(30);
        table.lease(13, 2, member, 5);
        assertThat(table.leased()).isEqualTo(2);
        assertThat(table.leasedBytes()).isEqualTo(37);
        table.settling(11);
        table.usedUp(13);

        assertThat(table.leased()).isZero();
        assertThat(table.leasedBytes()).isZero();
    }

    @Test
    void whatWasPendingBeforeIsInHand() {
        table.recover(12, List.of(new StreamRecord.Pending(10, 1, 2)), ordinal -> 50);

        assertThat(table.leasedBytes()).isEqualTo(50);
        table.settling(10);
        assertThat(table.leasedBytes()).isZero();
    }

    /** The arrays grow on the way, and what was settled went into the old ones, or beside them. */
    @Test
    void isTakenUpWhereMuchWasSettledBehindAPendingFrame() {
        table.recover(
                3_000, List.of(new StreamRecord.Pending(20, 1, 2), new StreamRecord.Pending(1_500, 3, 1)), ordinal ->
                        (int) ordinal);

        assertThat(table.low()).isEqualTo(20);
        assertThat(table.next()).isEqualTo(3_001);
        for (long ordinal = 20; ordinal <= 3_000; ordinal++) {
            boolean pending = ordinal == 20 || ordinal == 1_500;
            assertThat(table.state(ordinal)).isEqualTo(pending ? State.LEASED : State.SETTLED);
            assertThat(table.attempt(ordinal))
                    .as("attempt of " + ordinal)
                    .isEqualTo(ordinal == 20 ? 2 : ordinal == 1_500 ? 1 : Integer.MAX_VALUE);
        }
    }
}
