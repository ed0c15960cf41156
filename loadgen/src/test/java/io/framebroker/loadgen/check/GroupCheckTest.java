package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class GroupCheckTest {
    private static final long RUN = 7;
    private static final int CAMERA = 3;

    private final GroupCheck check = new GroupCheck(RUN, CAMERA, "g0/cam-3", 2);

    @Test
    void everyFrameOnceInOrderIsFlawless() {
        deliver(0, 1, 2, 3, 4);

        assertThat(check.complete(4, Map.of())).isTrue();
        assertThat(check.settle(4, Map.of())).isEqualTo(Defects.NONE);
    }

    @Test
    void membersShareTheFramesInAnyInterleaving() {
        deliver(1, 2, 4);
        deliver(0, 1, 3, 5);

        assertThat(check.settle(5, Map.of()).total()).isZero();
    }

    @Test
    void findsALostFrame() {
        deliver(0, 1, 2, 4);

        assertThat(check.missing()).isOne();
        assertThat(check.complete(4, Map.of())).isFalse();
        Defects defects = check.settle(4, Map.of());
        assertThat(defects.lost()).isOne();
        assertThat(defects.total()).isOne();
        assertThat(defects.examples()).containsExactly("lost g0/cam-3 3 (first of 1)");
    }

    @Test
    void findsALostTailWhichNoGapGivesAway() {
        deliver(0, 1, 2);

        assertThat(check.missing()).isZero();
        assertThat(check.settle(5, Map.of()).lost()).isEqualTo(3);
    }

    @Test
    void whatIsLeftOutIsNotLost() {
        deliver(0, 1, 2, 5);
        check.leftOut(2);

        assertThat(check.missing()).isZero();
        assertThat(check.complete(5, Map.of())).isTrue();
        assertThat(check.complete(6, Map.of())).isFalse();
        assertThat(check.settle(5, Map.of())).isEqualTo(Defects.NONE);
        Defects tail = check.settle(6, Map.of());
        assertThat(tail.lost()).isOne();
        assertThat(tail.examples()).containsExactly("lost g0/cam-3 3 (first of 1 and 2 left out)");
    }

    @Test
    void whatIsLeftOutDoesNotCome() {
        deliver(0, 1, 2, 3);
        check.leftOut(1);

        assertThat(check.complete(3, Map.of())).as("nothing is waited for").isTrue();
        assertThat(check.settle(3, Map.of()))
                .extracting(Defects::ghosts, Defects::total)
                .containsExactly(1L, 1L);
    }

    @Test
    void findsEverythingLost() {
        assertThat(check.settle(5, Map.of()).lost()).isEqualTo(5);
    }

    @Test
    void findsADuplicate() {
        deliver(0, 1, 2, 2, 3);

        assertThat(check.settle(3, Map.of()))
                .extracting(Defects::duplicates, Defects::total)
                .containsExactly(1L, 1L);
    }

    @Test
    void aDuplicateDoesNotMakeUpForALoss() {
        deliver(0, 1, 2, 2);

        Defects defects = check.settle(3, Map.of());
        assertThat(defects).extracting(Defects::lost, Defects::duplicates).containsExactly(1L, 1L);
        assertThat(check.complete(3, Map.of())).isFalse();
    }

    @Test
    void findsAReorder() {
        deliver(0, 1, 3, 2, 4);

        assertThat(check.settle(4, Map.of()))
                .extracting(Defects::reordered, Defects::total)
                .containsExactly(1L, 1L);
    }

    @Test
    void findsDamage() {
        deliver(0, 1);
        check.delivered(0, 1, RUN, CAMERA, 2, 2, false);

        assertThat(check.settle(1, Map.of()))
                .extracting(Defects::damaged, Defects::total)
                .containsExactly(1L, 1L);
    }

    @Test
    void aDamagedFrameIsNotDelivered() {
        check.delivered(0, 1, RUN, CAMERA, 1, 1, false);

        assertThat(check.settle(1, Map.of()))
                .extracting(Defects::damaged, Defects::lost)
                .containsExactly(1L, 1L);
    }

    @Test
    void findsAPayloadUnderAnotherFramesLabel() {
        check.delivered(0, 1, RUN, CAMERA, 1, 2, true);

        assertThat(check.settle(0, Map.of()).damaged()).isOne();
    }

    @Test
    void findsGhosts() {
        deliver(0, 1, 2, 3);
        check.delivered(0, 1, RUN + 1, CAMERA, 4, 4, true);
        check.delivered(0, 1, RUN, CAMERA + 1, 5, 5, true);
        check.delivered(0, 1, RUN, CAMERA, 0, 0, true);
        check.delivered(0, 1, RUN, CAMERA, Long.MAX_VALUE, 0, true);

        Defects defects = check.settle(2, Map.of());
        assertThat(defects).extracting(Defects::ghosts, Defects::total).containsExactly(5L, 5L);
        assertThat(defects.examples()).contains("ghost g0/cam-3 3 (the publisher ended at 2)");
    }

    @Test
    void aRetryIsNoDefectAndCountsAsDelivery() {
        deliver(0, 1, 3);
        check.delivered(1, 2, RUN, CAMERA, 2, 2, true);
        check.delivered(1, 2, RUN, CAMERA, 1, 1, true);

        assertThat(check.settle(3, Map.of())).isEqualTo(Defects.NONE);
        assertThat(check.redelivered()).isEqualTo(2);
    }

    @Test
    void aFrameTheTargetRefusedIsNotLost() {
        deliver(0, 1, 3);

        Map<Long, String> refused = Map.of(2L, "REJECTED CRC_MISMATCH");
        assertThat(check.complete(3, refused)).isTrue();
        assertThat(check.settle(3, refused)).isEqualTo(Defects.NONE);
    }

    @Test
    void aFrameTheTargetRefusedAndDeliveredIsAGhost() {
        deliver(0, 1, 2);

        assertThat(check.settle(2, Map.of(2L, "REJECTED CRC_MISMATCH")).ghosts())
                .isOne();
        assertThat(check.settle(2, Map.of(2L, "UNKNOWN CLOSED")).ghosts()).isZero();
    }

    @Test
    void keepsOnlyTheFirstExamples() {
        for (int i = 0; i < 1_000; i++) {
            deliver(0, 1);
        }

        assertThat(check.settle(1, Map.of()).examples()).hasSize(Defects.MAX_EXAMPLES);
    }

    private void deliver(int member, long... sequences) {
        for (long sequence : sequences) {
            check.delivered(member, 1, RUN, CAMERA, sequence, sequence, true);
        }
    }
}
