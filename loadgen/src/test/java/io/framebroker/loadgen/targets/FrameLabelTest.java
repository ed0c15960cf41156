package io.framebroker.loadgen.targets;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameLabelTest {
    private final Workload workload = new Workload(7, 1, 1, 1, 184, 1, 64, 4, 0, true);
    private final FramePool pool = new FramePool(workload, 0);
    private final FrameLabel label = new FrameLabel(workload);
    private final GroupCheck check = new GroupCheck(7, 0, "g0/cam-0", 1);
    private final Inbox inbox = new Inbox(0, 184, new GroupCheck[] {check});

    @Test
    void aFrameComesOutAsItWentIn() {
        byte[] payload = pool.take(0);

        label.take(label.of(pool, payload), payload, 0, 1, inbox);

        assertThat(check.settle(1, Map.of())).isEqualTo(Defects.NONE);
    }

    @Test
    void aBitThatFlipsIsFound() {
        byte[] payload = pool.take(0);
        String sent = label.of(pool, payload);

        payload[100] ^= 1;
        label.take(sent, payload, 0, 1, inbox);

        assertThat(check.settle(1, Map.of()).damaged()).isOne();
    }

    @Test
    void anotherFramesLabelIsFound() {
        byte[] payload = pool.take(0);
        String sent = label.of(pool, payload);

        label.take(sent.replaceFirst("1-", "2-"), payload, 0, 1, inbox);

        assertThat(check.settle(1, Map.of()).damaged()).isOne();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "1", "-1", "1-", "1-xyz", "one-1"})
    void aLabelThatSaysNothingIsFound(String broken) {
        label.take(broken, pool.take(0), 0, 1, inbox);

        assertThat(check.settle(1, Map.of()).damaged()).isOne();
    }
}
