package io.framebroker.examples.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PictureDecoderTest {

    private static final FrameHeader JPEG = header(Codec.CODEC_JPEG).build();

    private final PictureDecoder decoder = new PictureDecoder();

    @ParameterizedTest
    @CsvSource({"jpeg, CODEC_JPEG", "png, CODEC_PNG"})
    void filesAreDecoded(String format, Codec codec) throws Exception {
        DecodedPicture picture = decoder.decode(header(codec).build(), file(format, 64, 48));

        assertThat(picture.width()).isEqualTo(64);
        assertThat(picture.height()).isEqualTo(48);
        assertThat(picture.pixels().rgb(60, 5) >> 16 & 0xFF).isGreaterThan(200);
        assertThat(picture.pixels().rgb(5, 5) >> 16 & 0xFF).isLessThan(50);
    }

    @Test
    void aJpegThatWasCutOffIsCorruptAlthoughAReaderWouldFillItUp() throws Exception {
        byte[] whole = file("jpeg", 640, 480);

        assertThatThrownBy(() -> decoder.decode(JPEG, Arrays.copyOf(whole, whole.length * 2 / 3)))
                .isInstanceOf(CorruptPictureException.class);
    }

    @ParameterizedTest
    @CsvSource({"jpeg, CODEC_JPEG", "png, CODEC_PNG"})
    void damagedBytesAreCorruptOrDecodedButNeverAnythingElse(String format, Codec codec) throws Exception {
        byte[] whole = file(format, 320, 240);
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] damaged = whole.clone();
            for (int i = 0; i < 5; i++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                decoder.decode(header(codec).build(), damaged);
            } catch (CorruptPictureException expected) {
                assertThat(expected).as("seed %d", seed).hasMessageStartingWith(format);
            }
        }
    }

    @Test
    void aSmallFileThatClaimsGigabytesIsRefusedBeforeItIsDecoded() throws Exception {
        byte[] jpeg = file("jpeg", 64, 48);
        for (int i = 0; i < jpeg.length - 8; i++) {
            if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) 0xC0) {
                Arrays.fill(jpeg, i + 5, i + 9, (byte) 0x7F);
            }
        }

        assertThatThrownBy(() -> decoder.decode(JPEG, jpeg))
                .isInstanceOf(CorruptPictureException.class)
                .hasMessageContaining("32639x32639");
    }

    @ParameterizedTest
    @EnumSource(
            value = PixelFormat.class,
            names = {"PIXEL_FORMAT_BGR24", "PIXEL_FORMAT_RGB24"})
    void rawPixelsKeepTheirColoursWithAnyStride(PixelFormat format) throws Exception {
        int stride = 20;
        byte[] pixels = new byte[stride * 3 + 12];
        int red = format == PixelFormat.PIXEL_FORMAT_RGB24 ? 0 : 2;
        pixels[2 * stride + 3 * 3 + red] = (byte) 200;

        DecodedPicture picture =
                decoder.decode(raw(format, 4, 4).setStrideBytes(stride).build(), pixels);

        assertThat(picture.pixels().rgb(3, 2)).isEqualTo(200 << 16);
        assertThat(picture.toImage().getRGB(3, 2) & 0xFFFFFF).isEqualTo(200 << 16);
    }

    @Test
    void rawPixelsThatDoNotFillThePictureAreCorrupt() {
        assertThatThrownBy(() -> decoder.decode(
                        raw(PixelFormat.PIXEL_FORMAT_GRAY8, 100, 100).build(), new byte[9_999]))
                .isInstanceOf(CorruptPictureException.class)
                .hasMessageContaining("10000")
                .hasMessageContaining("9999");
    }

    @Test
    void whatIsNotReadHereIsSaidToBeUnsupported() {
        FrameHeader packed = header(Codec.CODEC_RAW)
                .setCompression(Compression.COMPRESSION_LZ4)
                .build();

        assertThatThrownBy(() -> decoder.decode(packed, new byte[1])).isInstanceOf(UnsupportedPictureException.class);
        assertThatThrownBy(() -> decoder.decode(header(Codec.CODEC_H264).build(), new byte[1]))
                .isInstanceOf(UnsupportedPictureException.class);
    }

    private static FrameHeader.Builder header(Codec codec) {
        return FrameHeader.newBuilder().setCodec(codec);
    }

    private static FrameHeader.Builder raw(PixelFormat format, int width, int height) {
        return header(Codec.CODEC_RAW).setPixelFormat(format).setWidth(width).setHeight(height);
    }

    /** Black on the left, white on the right, with some texture. */
    private static byte[] file(String format, int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int gray = (x < width / 2 ? 10 : 230) + (x * y) % 20;
                image.setRGB(x, y, gray * 0x010101);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }
}
