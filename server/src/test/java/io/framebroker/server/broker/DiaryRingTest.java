package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The newest entries of a diary. */
class DiaryRingTest {
    private final DiaryRing ring = new DiaryRing(20, 5, 1_000);

    private void enters(What what, long first, long last, long micros) {
        ring.add(new DiaryEntry(what, first, last, "detectors", "w1", 1, 0, micros, ""));
    }

    private List<What> about(long ordinal) {
        List<What> about = new ArrayList<>();
        ring.eachAbout(ordinal, entry -> about.add(entry.what()));
        return about;
    }

    @Test
    void aRunCostsOneEntry() {
        enters(What.ACKED, 6, 1_000, 2_000);

        assertThat(ring.size()).isEqualTo(1);
        assertThat(about(6)).containsExactly(What.ACKED);
        assertThat(about(1_000)).containsExactly(What.ACKED);
        assertThat(about(1_001)).isEmpty();
        assertThat(about(5)).isEmpty();
    }

    @Test
    void whatHappensToOneFrameAfterAnotherAtOnceIsOneEntry() {
        for (long ordinal = 6; ordinal < 100; ordinal++) {
            enters(What.NACKED, ordinal, ordinal, 2_000);
            enters(What.LEASE_ENDED, ordinal, ordinal, 2_999);
        }
        enters(What.NACKED, 100, 100, 3_000);
        enters(What.NACKED, 102, 102, 3_000);

        assertThat(ring.size()).isEqualTo(4);
        assertThat(about(99)).containsExactly(What.NACKED, What.LEASE_ENDED);
        assertThat(about(101)).isEmpty();
    }

    @Test
    void theOldestIsForgottenAndThatIsKnown() {
        for (int i = 0; i < 21; i++) {
            enters(What.NACKED, 10 * (i + 1), 10 * (i + 1) + 3, 2_000 + i);
        }

        assertThat(ring.size()).isEqualTo(20);
        assertThat(about(10)).isEmpty();
        assertThat(about(20)).containsExactly(What.NACKED);
        assertThat(about(213)).containsExactly(What.NACKED);
        assertThat(ring.mayHaveForgotten(13)).isTrue();
        assertThat(ring.mayHaveForgotten(14)).isFalse();
        assertThat(ring.forgottenMicros()).isEqualTo(2_000);
    }

    @Test
    void itNeverKnewWhatWasBefore() {
        enters(What.NACKED, 6, 6, 2_000);

        assertThat(ring.mayHaveForgotten(5)).isTrue();
        assertThat(ring.mayHaveForgotten(6)).isFalse();
        assertThat(ring.forgottenMicros()).isEqualTo(1_000);
    }
}
