package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Codec;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures whose left half has one colour and whose right half another. */
class RawPixelsTest {
    private static final int WIDTH = 8;
    private static final int HEIGHT = 4;
    private static final int ORANGE = 0xFF8000;
    private static final int NAVY = 0x102040;

    private static FrameHeader header(PixelFormat format, int width, int height, int stride) {
        return FrameHeader.newBuilder()
                .setCodec(Codec.CODEC_RAW)
                .setPixelFormat(format)
                .setWidth(width)
                .setHeight(height)
                .setStrideBytes(stride)
                .build();
    }

    /** Bytes of the picture in a layout; what lies between rows is noise. */
    static byte[] halves(PixelFormat format, int width, int height, int stride) {
        int chromaStride = format == PixelFormat.PIXEL_FORMAT_I420 ? (stride + 1) / 2 : stride + stride % 2;
        int chromaRows = (height + 1) / 2;
        byte[] bytes = switch (format) {
            case PIXEL_FORMAT_I420 -> new byte[stride * height + 2 * chromaStride * chromaRows];
            case PIXEL_FORMAT_NV12 -> new byte[stride * height + chromaStride * chromaRows];
            default -> new byte[stride * height];
        };
        Arrays.fill(bytes, (byte) 0x5A);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int colour = x < width / 2 ? ORANGE : NAVY;
                int red = colour >> 16;
                int green = colour >> 8 & 0xFF;
                int blue = colour & 0xFF;
                int at = y * stride;
                switch (format) {
                    case PIXEL_FORMAT_BGR24 -> put(bytes, at + 3 * x, blue, green, red);
                    case PIXEL_FORMAT_RGB24 -> put(bytes, at + 3 * x, red, green, blue);
                    case PIXEL_FORMAT_GRAY8 -> put(bytes, at + x, green);
                    default -> {
                        put(bytes, at + x, (int) Math.round(16 + 0.257 * red + 0.504 * green + 0.098 * blue));
                        int u = (int) Math.round(128 - 0.148 * red - 0.291 * green + 0.439 * blue);
                        int v = (int) Math.round(128 + 0.439 * red - 0.368 * green - 0.071 * blue);
                        int row = stride * height + y / 2 * chromaStride;
                        if (format == PixelFormat.PIXEL_FORMAT_NV12) {
                            put(bytes, row + x / 2 * 2, u, v);
                        } else {
                            put(bytes, row + x / 2, u);
                            put(bytes, row + chromaStride * chromaRows + x / 2, v);
                        }
                    }
                }
            }
        }
        return bytes;
    }

    private static void put(byte[] bytes, int at, int... values) {
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
    }

    private static void assertColour(int is, int wanted) {
        for (int shift = 0; shift <= 16; shift += 8) {
            assertThat(is >> shift & 0xFF)
                    .as("%06x instead of %06x", is & 0xFFFFFF, wanted)
                    .isCloseTo(wanted >> shift & 0xFF, org.assertj.core.data.Offset.offset(6));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PIXEL_FORMAT_BGR24, 8, 4, 24",
        "PIXEL_FORMAT_BGR24, 8, 4, 32",
        "PIXEL_FORMAT_RGB24, 8, 4, 24",
        "PIXEL_FORMAT_RGB24, 10, 3, 37",
        "PIXEL_FORMAT_GRAY8, 8, 4, 8",
        "PIXEL_FORMAT_GRAY8, 8, 4, 16",
        "PIXEL_FORMAT_I420, 8, 4, 8",
        "PIXEL_FORMAT_I420, 8, 4, 16",
        "PIXEL_FORMAT_I420, 12, 5, 13",
        "PIXEL_FORMAT_NV12, 8, 4, 8",
        "PIXEL_FORMAT_NV12, 8, 4, 16",
        "PIXEL_FORMAT_NV12, 12, 5, 13",
    })
    void colourOfEachLayoutIsThatOfTheCamera(PixelFormat format, int width, int height, int stride) throws Exception {
        byte[] bytes = halves(format, width, height, stride);

        BufferedImage image = RawPixels.scaled(header(format, width, height, stride), ByteString.copyFrom(bytes), 480);

        assertThat(image.getWidth()).isEqualTo(width);
        assertThat(image.getHeight()).isEqualTo(height);
        boolean isGray = format == PixelFormat.PIXEL_FORMAT_GRAY8;
        for (int y = 0; y < height; y++) {
            assertColour(image.getRGB(0, y), isGray ? 0x808080 : ORANGE);
            assertColour(image.getRGB(width - 1, y), isGray ? 0x202020 : NAVY);
        }
    }

    @Test
    void aLargePictureIsMadeSmallInItsShape() throws Exception {
        PixelFormat format = PixelFormat.PIXEL_FORMAT_BGR24;
        byte[] wide = halves(format, 1920, 1080, 5760);
        byte[] tall = halves(format, 3, 9_000, 9);

        BufferedImage small = RawPixels.scaled(header(format, 1920, 1080, 0), ByteString.copyFrom(wide), 480);
        BufferedImage thin = RawPixels.scaled(header(format, 3, 9_000, 0), ByteString.copyFrom(tall), 480);

        assertThat(small.getWidth()).isEqualTo(480);
        assertThat(small.getHeight()).isEqualTo(270);
        assertColour(small.getRGB(239, 100), ORANGE);
        assertColour(small.getRGB(241, 100), NAVY);
        assertThat(thin.getWidth()).isEqualTo(1);
        assertThat(thin.getHeight()).isEqualTo(480);
    }

    @Test
    void theLastRowNeedNotBeFilledUp() throws Exception {
        byte[] bytes = halves(PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT, 32);

        BufferedImage image = RawPixels.scaled(
                header(PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT, 32),
                ByteString.copyFrom(bytes, 0, 32 * 3 + 24),
                480);

        assertColour(image.getRGB(WIDTH - 1, HEIGHT - 1), NAVY);
    }

    @ParameterizedTest
    @CsvSource({
        "PIXEL_FORMAT_UNSPECIFIED, 8, 4, 0, layout",
        "PIXEL_FORMAT_BGR24, 8, 4, 0, 'have 96 bytes in their layout, and there are 95'",
        "PIXEL_FORMAT_I420, 2000000000, 4, 0, '1 to 16384'",
        "PIXEL_FORMAT_I420, -1, -1, 0, '4294967295 x 4294967295'",
        "PIXEL_FORMAT_RGB24, 0, 4, 0, '0 x 4'",
        "PIXEL_FORMAT_BGR24, 8, 4, 23, 'rows of 23 bytes, and a row of 8 pixels has 24'",
        "PIXEL_FORMAT_BGR24, 8, 4, -1, 'rows of 4294967295 bytes'",
        "PIXEL_FORMAT_NV12, 16384, 16384, 0, '402653184 bytes'",
    })
    void whatDoesNotFitIsSaidAndNotRead(PixelFormat format, int width, int height, int stride, String why) {
        assertThatThrownBy(() ->
                        RawPixels.scaled(header(format, width, height, stride), ByteString.copyFrom(new byte[95]), 480))
                .isInstanceOf(UnshownException.class)
                .hasMessageContaining(why);
    }
}
