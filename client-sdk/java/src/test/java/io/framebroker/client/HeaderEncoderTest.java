package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HeaderEncoderTest {
    private final HeaderEncoder headers = new HeaderEncoder();

    @Test
    void aFullHeaderIsWhatTheGeneratedClassWouldWrite() throws Exception {
        OutgoingFrame frame = OutgoingFrame.raw(new byte[12], PixelFormat.PIXEL_FORMAT_BGR24, 1920, 1080)
                .strideBytes(5760)
                .keyframe(true)
                .capturedAt(Instant.ofEpochSecond(1_700_000_000, 123_456_789))
                .frameId("Bild-ä-€")
                .traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .pts(-5)
                .attribute("site", "Nordtor")
                .attribute("", "");

        FrameHeader header = FrameHeader.parseFrom(headers.encode(frame, 4_000_000_000L, true, 0xDEADBEEF, true));

        assertThat(header)
                .isEqualTo(FrameHeader.newBuilder()
                        .setSequence(4_000_000_000L)
                        .setCaptureTime(
                                Timestamp.newBuilder().setSeconds(1_700_000_000).setNanos(123_456_789))
                        .setCodec(Codec.CODEC_RAW)
                        .setPixelFormat(PixelFormat.PIXEL_FORMAT_BGR24)
                        .setWidth(1920)
                        .setHeight(1080)
                        .setStrideBytes(5760)
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(12)
                        .setKeyframe(true)
                        .setCrc32C(0xDEADBEEF)
                        .setFrameId("Bild-ä-€")
                        .setTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                        .setPts(-5)
                        .putAttributes("site", "Nordtor")
                        .putAttributes("", "")
                        .build());
    }

    @Test
    void whatIsNotKnownIsNotThere() throws Exception {
        FrameHeader header = FrameHeader.parseFrom(headers.encode(OutgoingFrame.jpeg(new byte[1]), 1, false, 0, false));

        assertThat(header)
                .isEqualTo(FrameHeader.newBuilder()
                        .setSequence(1)
                        .setCodec(Codec.CODEC_JPEG)
                        .build());
        assertThat(header.hasCrc32C()).isFalse();
        assertThat(header.hasPts()).isFalse();
    }

    @Test
    void aTimeBeforeTheEpochSurvives() throws Exception {
        Instant before = Instant.ofEpochSecond(-2, 5);

        FrameHeader header = FrameHeader.parseFrom(
                headers.encode(OutgoingFrame.jpeg(new byte[1]).capturedAt(before), 1, false, 0, false));

        assertThat(header.getCaptureTime().getSeconds()).isEqualTo(-2);
        assertThat(header.getCaptureTime().getNanos()).isEqualTo(5);
    }
}
