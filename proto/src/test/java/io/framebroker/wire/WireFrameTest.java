package io.framebroker.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WireFrameTest {

    @Test
    void aFrameWithoutPayloadHasTheSameHeaderAndSaysItsSize() throws Exception {
        for (long seed = 1; seed <= 2000; seed++) {
            byte[] bytes = new RandomWire(seed).frame();
            WireFrame frame = WireFrame.read(bytes, 0, bytes.length);

            byte[] written = written(frame.headerOnly());

            Frame whole = Frame.parseFrom(bytes);
            Frame.Builder expected = Frame.newBuilder();
            if (whole.hasHeader()) {
                expected.setHeader(whole.getHeader());
            }
            assertThat(Frame.parseFrom(written)).as("seed %d", seed).isEqualTo(expected.build());
        }
    }

    private static byte[] written(FrameBody body) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        WireWriter.write(out, body::writeTo);
        assertThat(out.size()).isEqualTo(body.serializedBytes());
        return out.toByteArray();
    }

    @Test
    void aFrameIsReadWhereItLies() {
        byte[] bytes = Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setSequence(-1L).setKeyframe(true))
                .setPayload(ByteString.copyFromUtf8("pixels"))
                .build()
                .toByteArray();
        byte[] array = new byte[bytes.length + 20];
        System.arraycopy(bytes, 0, array, 13, bytes.length);

        WireFrame frame = WireFrame.read(array, 13, bytes.length);

        assertThat(frame).hasToString("frame 18446744073709551615 (" + bytes.length + " bytes)");
        assertThat(frame.keyframe()).isTrue();
        assertThat(new String(frame.payloadCopy(), StandardCharsets.US_ASCII)).isEqualTo("pixels");
        assertThatThrownBy(() -> frame.payload().put((byte) 0)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> WireFrame.read(array, 13, bytes.length - 1))
                .isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void theChecksumIsCastagnolisAndNoneMeansNoComplaint() {
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        assertThat(WireFrame.crc32c(digits, 0, digits.length)).isEqualTo(0xE3069283);

        Frame.Builder frame = Frame.newBuilder().setPayload(ByteString.copyFrom(digits));
        assertThat(read(frame).crcMatches()).isTrue();
        frame.setHeader(FrameHeader.newBuilder().setCrc32C(0xE3069283));
        assertThat(read(frame).crcMatches()).isTrue();
        frame.setHeader(FrameHeader.newBuilder().setCrc32C(0));
        assertThat(read(frame).crcMatches()).isFalse();
    }

    private static WireFrame read(Frame.Builder frame) {
        byte[] bytes = frame.build().toByteArray();
        return WireFrame.read(bytes, 0, bytes.length);
    }

    /** Used to be taken in and delivered: every consumer with generated classes then lost its call, again and again. */
    @Test
    void aHeaderThatProtobufWouldRefuseIsRefused() {
        byte[] badText = {0x0A, 3, 0x4A, 1, (byte) 0xFF};
        byte[] badTime = {0x0A, 3, 0x12, 1, (byte) 0x80};
        byte[] badAttribute = {0x0A, 5, 0x7A, 3, 0x12, 1, (byte) 0xC0};

        for (byte[] bytes : List.of(badText, badTime, badAttribute)) {
            assertThatThrownBy(() -> Frame.parseFrom(bytes))
                    .isInstanceOf(com.google.protobuf.InvalidProtocolBufferException.class);
            assertThatThrownBy(() -> WireFrame.read(bytes, 0, bytes.length))
                    .isInstanceOf(MalformedMessageException.class);
        }
    }

    @Test
    void numbersTakeAsManyBytesAsProtobufCounts() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            long value = random.nextLong() >>> random.nextInt(64);
            assertThat(WireWriter.varintBytes(value))
                    .isEqualTo(com.google.protobuf.CodedOutputStream.computeUInt64SizeNoTag(value));
        }
        assertThat(WireWriter.varintBytes(0)).isEqualTo(1);
        assertThat(WireWriter.varintBytes(-1)).isEqualTo(10);
    }

    @Test
    void theTraceContextTellsWhetherItIsTraced() {
        String ids = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-";

        assertThat(traced(ids + "01")).containsExactly(true, true, ids + "01");
        assertThat(traced(ids + "03-more of a later version")).containsExactly(true, true, ids + "03");
        assertThat(traced(ids + "00")).containsExactly(false, false, ids + "00");
        assertThat(traced(ids + "0x")).containsExactly(false, false, ids + "0x");
        assertThat(traced(ids + "1")).containsExactly(false, false, "");
        assertThat(traced("")).containsExactly(false, false, "");
    }

    /** By the whole reading, by the look alone, and what it is. */
    private static List<Object> traced(String traceparent) {
        byte[] bytes = Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(300)
                        .setFrameId("gate")
                        .setTraceparent(traceparent)
                        .putAttributes("site", "north"))
                .setPayload(ByteString.copyFromUtf8("picture"))
                .build()
                .toByteArray();
        byte[] around = new byte[bytes.length + 7];
        System.arraycopy(bytes, 0, around, 3, bytes.length);
        WireFrame frame = WireFrame.read(around, 3, bytes.length);
        return List.of(frame.isTraced(), WireFrame.isTraced(around, 3, bytes.length), frame.traceparent());
    }

    @Test
    void bytesThatAreNoFrameAreNotTraced() {
        for (int length = 0; length < 40; length++) {
            byte[] bytes = new byte[length];
            java.util.Arrays.fill(bytes, (byte) 0x52);
            assertThat(WireFrame.isTraced(bytes, 0, length)).isFalse();
        }
    }
}
