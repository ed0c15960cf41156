package io.framebroker.loadgen.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.wire.WireFrame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FramePoolTest {
    private final FramePool pool = new FramePool(new Workload(9, 8, 1, 1, 200, 1, 64, 16, 0, true), 5);

    @Test
    void stampsWhoWhichAndWhen() {
        pool.take(1_000);
        ByteBuffer payload = ByteBuffer.wrap(pool.take(2_000)).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(Stamp.runId(payload, 0)).isEqualTo(9);
        assertThat(Stamp.camera(payload, 0)).isEqualTo(5);
        assertThat(Stamp.sequence(payload, 0)).isEqualTo(2).isEqualTo(pool.lastSequence());
        assertThat(Stamp.intendedMicros(payload, 0)).isEqualTo(2_000);
        assertThat(Stamp.intact(payload, 0)).isTrue();
    }

    @Test
    void leavesAFrameAloneWhileItMayBeInFlight() {
        byte[] first = pool.take(0);
        byte[] before = first.clone();
        for (int i = 1; i < pool.size(); i++) {
            pool.take(i);
        }

        assertThat(first).isEqualTo(before);
        assertThat(pool.size()).isGreaterThan(16);
        assertThat(pool.take(0)).isSameAs(first);
    }

    @Test
    void payloadsDiffer() {
        byte[] first = pool.take(0);
        byte[] second = pool.take(0);

        assertThat(Arrays.mismatch(first, Stamp.BYTES, 200, second, Stamp.BYTES, 200))
                .isNotNegative();
    }

    @Test
    void theChecksumIsThatOfTheWire() {
        byte[] payload = pool.take(0);

        assertThat(pool.crc32c(payload)).isEqualTo(WireFrame.crc32c(payload, 0, payload.length));
    }
}
