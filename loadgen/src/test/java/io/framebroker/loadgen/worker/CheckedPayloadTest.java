package io.framebroker.loadgen.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.log.FrameSource;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CheckedPayloadTest {
    private static final FrameSource SOURCE = new FrameSource("r", "cam", "p0", 1);
    private static final FrameSource RESTARTED = new FrameSource("r", "cam", "p0", 2);

    @Test
    void isTheSameForTheSameFrame() {
        assertThat(CheckedPayload.of(42, SOURCE, 7, 1_000)).isEqualTo(CheckedPayload.of(42, SOURCE, 7, 1_000));
    }

    @Test
    void isAnotherForAnyOther() {
        Set<ByteBuffer> payloads = new HashSet<>();
        for (int sequence = 1; sequence <= 100; sequence++) {
            for (FrameSource source : new FrameSource[] {SOURCE, RESTARTED}) {
                for (long seed = 1; seed <= 3; seed++) {
                    payloads.add(ByteBuffer.wrap(CheckedPayload.of(seed, source, sequence, 16)));
                }
            }
        }

        assertThat(payloads).hasSize(600);
    }

    @Test
    void hasAnySizeFromHalfOfTheLargestOn() {
        Set<Integer> sizes = new HashSet<>();
        for (int sequence = 1; sequence <= 1_000; sequence++) {
            sizes.add(CheckedPayload.of(42, SOURCE, sequence, 20).length);
        }

        assertThat(sizes).containsExactlyInAnyOrder(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
    }

    @Test
    void aChangedBitAMissingByteAndAnotherFrameDoNotMatch() {
        byte[] payload = CheckedPayload.of(42, SOURCE, 7, 1_000);
        assertThat(matches(payload, 7)).isTrue();
        assertThat(matches(payload, 8)).isFalse();

        payload[payload.length - 1] ^= 1;
        assertThat(matches(payload, 7)).isFalse();
        assertThat(matches(java.util.Arrays.copyOf(CheckedPayload.of(42, SOURCE, 7, 1_000), payload.length - 1), 7))
                .isFalse();
    }

    private static boolean matches(byte[] payload, long sequence) {
        return CheckedPayload.matches(ByteBuffer.wrap(payload), 42, SOURCE, sequence, 1_000);
    }
}
