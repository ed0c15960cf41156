package io.framebroker.loadgen.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class StreamLimitsTest {
    private final StreamLimits limits = new StreamLimits(1_000, 10_000_000, 100, 2_000_000);

    @Test
    void framesOrBytesWhicheverIsLess() {
        assertThat(limits.backlogFramesOf(of(184, 1))).isEqualTo(1_000);
        assertThat(limits.backlogFramesOf(of(100_000, 1))).isEqualTo(100);
        assertThat(limits.retentionFramesOf(of(184, 1))).isEqualTo(100);
        assertThat(limits.retentionFramesOf(of(100_000, 1))).isEqualTo(20);
    }

    @Test
    void aMessageAlwaysHasRoom() {
        assertThat(limits.backlogFramesOf(of(20_000_000, 1))).isOne();
        assertThat(new StreamLimits(10, 1, 0, 0).backlogFramesOf(of(184, 64))).isEqualTo(64);
    }

    @Test
    void travelToARole() {
        assertThat(StreamLimits.of(limits.fields())).isEqualTo(limits);
    }

    @Test
    void refusesWhatTheBrokerWould() {
        assertThatThrownBy(() -> new StreamLimits(0, 1, 1, 1)).hasMessageContaining("--backlog-frames is 0");
        assertThatThrownBy(() -> new StreamLimits(1, 1, -1, 1)).hasMessageContaining("--retention-frames is -1");
    }

    private static Workload of(int frameBytes, int batch) {
        return new Workload(1, 1, 1, 1, frameBytes, batch, 64, 100, 0, true);
    }
}
