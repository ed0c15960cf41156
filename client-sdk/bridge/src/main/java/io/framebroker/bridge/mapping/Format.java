package io.framebroker.bridge.mapping;

import io.framebroker.v1.Codec;
import io.framebroker.v1.PixelFormat;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a payload is, under the names that capture services give it. */
public enum Format {
    JPEG(Codec.CODEC_JPEG, PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 0, "jpeg", "jpg", "mjpeg"),
    PNG(Codec.CODEC_PNG, PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 0, "png"),
    H264(Codec.CODEC_H264, PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 0, "h264", "avc"),
    H265(Codec.CODEC_H265, PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 0, "h265", "hevc"),
    BGR(Codec.CODEC_RAW, PixelFormat.PIXEL_FORMAT_BGR24, 24, "bgr", "bgr24", "bgr8"),
    RGB(Codec.CODEC_RAW, PixelFormat.PIXEL_FORMAT_RGB24, 24, "rgb", "rgb24", "rgb8"),
    GRAY(Codec.CODEC_RAW, PixelFormat.PIXEL_FORMAT_GRAY8, 8, "gray", "gray8", "grey", "mono8", "l"),
    I420(Codec.CODEC_RAW, PixelFormat.PIXEL_FORMAT_I420, 12, "i420", "yuv420p"),
    NV12(Codec.CODEC_RAW, PixelFormat.PIXEL_FORMAT_NV12, 12, "nv12"),
    /** Whatever it is. */
    OPAQUE(Codec.CODEC_UNSPECIFIED, PixelFormat.PIXEL_FORMAT_UNSPECIFIED, 0, "opaque");

    private final Codec codec;
    private final PixelFormat pixels;
    private final int bitsPerPixel;
    private final String[] names;

    Format(Codec codec, PixelFormat pixels, int bitsPerPixel, String... names) {
        this.codec = codec;
        this.pixels = pixels;
        this.bitsPerPixel = bitsPerPixel;
        this.names = names;
    }

    /** Case does not matter, nor do dots, dashes and underscores: {@code H.264} is {@code h264}. */
    public static Optional<Format> named(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[._-]", "");
        return Arrays.stream(values())
                .filter(format -> Arrays.asList(format.names).contains(plain))
                .findFirst();
    }

    /** JPEG or PNG by its first bytes. */
    static Optional<Format> of(byte[] payload) {
        if (startsWith(payload, 0xff, 0xd8, 0xff)) {
            return Optional.of(JPEG);
        }
        return startsWith(payload, 0x89, 'P', 'N', 'G') ? Optional.of(PNG) : Optional.empty();
    }

    Codec codec() {
        return codec;
    }

    PixelFormat pixels() {
        return pixels;
    }

    boolean isRaw() {
        return bitsPerPixel > 0;
    }

    /** Bytes of a packed picture; only for raw ones. */
    long bytes(int width, int height) {
        return bitsPerPixel == 12
                ? (long) width * height + 2L * ((width + 1) / 2) * ((height + 1) / 2)
                : (long) width * height * (bitsPerPixel / 8);
    }

    private static boolean startsWith(byte[] payload, int... head) {
        for (int i = 0; i < head.length; i++) {
            if (payload.length <= i || (payload[i] & 0xff) != head[i]) {
                return false;
            }
        }
        return true;
    }
}
