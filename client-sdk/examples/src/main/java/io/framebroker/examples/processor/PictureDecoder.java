package io.framebroker.examples.processor;

import io.framebroker.examples.processor.DecodedPicture.PixelReader;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads the pixels of a frame: JPEG, PNG and raw pixels. Looks at the size a picture claims before it makes room for it:
 * a small file may claim gigabytes. Thread-safe.
 */
final class PictureDecoder {

    /** A little more than 8K video. */
    private static final long MOST_PIXELS = 36_000_000;

    DecodedPicture decode(FrameHeader header, byte[] payload)
            throws CorruptPictureException, UnsupportedPictureException {
        Compression compression = header.getCompression();
        if (compression != Compression.COMPRESSION_UNSPECIFIED && compression != Compression.COMPRESSION_NONE) {
            throw new UnsupportedPictureException("payload packed with " + compression);
        }
        return switch (header.getCodec()) {
            case CODEC_JPEG -> file("jpeg", payload);
            case CODEC_PNG -> file("png", payload);
            case CODEC_RAW -> raw(header, payload);
            default -> throw new UnsupportedPictureException("codec " + header.getCodec());
        };
    }

    private static DecodedPicture file(String format, byte[] payload) throws CorruptPictureException {
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        List<String> warnings = new ArrayList<>(1);
        // The JPEG reader fills up what is missing in gray and only warns; a warning is a damaged picture.
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(payload))) {
            reader.setInput(in, true, true);
            requireSize(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            if (!warnings.isEmpty()) {
                throw new CorruptPictureException(format + ": " + warnings.get(0));
            }
            return new DecodedPicture(image.getWidth(), image.getHeight(), reader(image));
        } catch (IOException | RuntimeException unreadable) {
            // The PNG reader answers some damage with NullPointerException and the like.
            throw new CorruptPictureException(format + ": " + unreadable.getMessage(), unreadable);
        } finally {
            reader.dispose();
        }
    }

    private static PixelReader reader(BufferedImage image) {
        if (image.getType() != BufferedImage.TYPE_3BYTE_BGR) {
            return image::getRGB;
        }
        byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        return packed(bgr, image.getWidth() * 3, 2, 1, 0);
    }

    private static DecodedPicture raw(FrameHeader header, byte[] payload)
            throws CorruptPictureException, UnsupportedPictureException {
        int width = header.getWidth();
        int height = header.getHeight();
        requireSize(width, height);
        int pixelBytes = switch (header.getPixelFormat()) {
            case PIXEL_FORMAT_BGR24, PIXEL_FORMAT_RGB24 -> 3;
            case PIXEL_FORMAT_GRAY8 -> 1;
            default -> throw new UnsupportedPictureException("pixel format " + header.getPixelFormat());
        };
        int packed = width * pixelBytes;
        int stride = header.getStrideBytes() == 0 ? packed : header.getStrideBytes();
        long needed = (long) stride * (height - 1) + packed;
        if (stride < packed || payload.length < needed) {
            throw new CorruptPictureException(width + "x" + height + " " + header.getPixelFormat() + " with " + stride
                    + " bytes a row takes " + needed + " bytes, there are " + payload.length);
        }
        PixelReader pixels = switch (header.getPixelFormat()) {
            case PIXEL_FORMAT_BGR24 -> packed(payload, stride, 2, 1, 0);
            case PIXEL_FORMAT_RGB24 -> packed(payload, stride, 0, 1, 2);
            default -> (x, y) -> (payload[y * stride + x] & 0xFF) * 0x010101;
        };
        return new DecodedPicture(width, height, pixels);
    }

    private static PixelReader packed(byte[] bytes, int stride, int red, int green, int blue) {
        return (x, y) -> {
            int at = y * stride + 3 * x;
            return (bytes[at + red] & 0xFF) << 16 | (bytes[at + green] & 0xFF) << 8 | bytes[at + blue] & 0xFF;
        };
    }

    private static void requireSize(int width, int height) throws CorruptPictureException {
        if (width <= 0 || height <= 0 || (long) width * height > MOST_PIXELS) {
            throw new CorruptPictureException(
                    "a picture of " + width + "x" + height + " pixels, allowed are 1.." + MOST_PIXELS);
        }
    }
}
