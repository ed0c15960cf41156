package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.load.Stamp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InboxTest {
    private static final int FRAME_BYTES = 100;

    private final GroupCheck check = new GroupCheck(7, 0, "g0/cam-0", 1);
    private final Inbox inbox = new Inbox(0, FRAME_BYTES, new GroupCheck[] {check});

    @Test
    void readsTheStampWhereThePayloadLies() {
        accept(payload(1), true);
        accept(payload(2), true);

        assertThat(check.settle(2, Map.of())).isEqualTo(Defects.NONE);
        assertThat(inbox.frames()).isEqualTo(2);
    }

    @Test
    void timesAFrameFromWhenItWasDue() {
        byte[] payload = new byte[FRAME_BYTES];
        Stamp.write(payload, 0, 7, 0, 1, Stamp.nowMicros() - 5_000_000);
        accept(payload, true);

        assertThat(inbox.takeLatencies().getMaxValue()).isGreaterThanOrEqualTo(5_000_000);
        assertThat(inbox.takeLatencies().getTotalCount()).isZero();
    }

    @Test
    void findsAWrongChecksumAWrongLengthAndATornStamp() {
        accept(payload(1), false);
        accept(new byte[FRAME_BYTES + 1], true);
        accept(new byte[3], true);
        byte[] torn = payload(2);
        torn[8] ^= 1;
        accept(torn, true);

        assertThat(check.settle(0, Map.of()))
                .extracting(Defects::damaged, Defects::total)
                .containsExactly(4L, 4L);
    }

    private void accept(byte[] payload, boolean crcMatches) {
        ByteBuffer buffer = ByteBuffer.allocate(payload.length + 10).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put(10, payload);
        inbox.accept(0, buffer, 10, payload.length, 1, 0, crcMatches);
    }

    private static byte[] payload(long sequence) {
        byte[] payload = new byte[FRAME_BYTES];
        Stamp.write(payload, 0, 7, 0, sequence, Stamp.nowMicros());
        return payload;
    }
}
