package io.framebroker.loadgen.targets;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import io.framebroker.v1.Codec;
import io.framebroker.v1.FrameHeader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderWriterTest {
    private final HeaderWriter writer = new HeaderWriter(Codec.CODEC_JPEG);

    @ParameterizedTest
    @CsvSource({"1, 0, 0", "127, 999999, 1", "128, 1000000, -1", "9223372036854775807, 1795242351353291, 305419896"})
    void writesWhatTheGeneratedClassWould(long sequence, long micros, int crc) throws InvalidProtocolBufferException {
        FrameHeader expected = FrameHeader.newBuilder()
                .setSequence(sequence)
                .setCaptureTime(
                        Timestamp.newBuilder().setSeconds(micros / 1_000_000).setNanos((int)
                                (micros % 1_000_000 * 1_000)))
                .setCodec(Codec.CODEC_JPEG)
                .build();

        assertThat(writer.header(sequence, micros)).isEqualTo(expected.toByteArray());
        assertThat(writer.header(sequence, micros, crc))
                .isEqualTo(expected.toBuilder().setCrc32C(crc).build().toByteArray());
    }
}
