package io.framebroker.server.http;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * What a browser can show of a frame: JPEG and PNG as they came, raw pixels made smaller. Those are encoded when somebody
 * first asks. Thread-safe.
 */
final class Picture {
    static final String JPEG = "image/jpeg";
    static final String PNG = "image/png";
    /** Of pictures that are made here, in either direction. */
    static final int MADE_PIXELS = 480;

    /** Larger ones are not given to a browser, which would need four bytes a pixel. */
    private static final long MOST_PIXELS = 64L << 20;

    private static final float QUALITY = 0.8f;
    private static final int PNG_HEADER_BYTES = 24;

    private final String type;
    private final int heldBytes;
    /** One of them is there, and the second becomes the first. Guarded by this. */
    private ByteString bytes;

    private BufferedImage pixels;

    private Picture(String type, ByteString bytes, BufferedImage pixels) {
        this.type = type;
        this.bytes = bytes;
        this.pixels = pixels;
        this.heldBytes = bytes != null ? bytes.size() : 4 * pixels.getWidth() * pixels.getHeight();
    }

    /**
     * @param payload unpacked
     * @param mostBytes largest picture that is shown as it is
     * @throws UnshownException it cannot be shown
     */
    static Picture of(FrameHeader header, ByteString payload, int mostBytes) throws UnshownException {
        if (header.getCompression() != Compression.COMPRESSION_UNSPECIFIED
                && header.getCompression() != Compression.COMPRESSION_NONE) {
            throw new UnshownException("packed in a way that cannot be undone here");
        }
        switch (header.getCodec()) {
            case CODEC_H264, CODEC_H265:
                throw new UnshownException("video that needs a decoder; this page shows JPEG, PNG and raw pixels");
            case CODEC_RAW:
                return new Picture(JPEG, null, RawPixels.scaled(header, payload, MADE_PIXELS));
            default:
                return encoded(header.getCodec(), payload, mostBytes);
        }
    }

    private static Picture encoded(Codec codec, ByteString payload, int mostBytes) throws UnshownException {
        if (payload.size() > mostBytes) {
            throw new UnshownException(
                    "a picture of " + payload.size() + " bytes; shown are those of up to " + mostBytes);
        }
        if (startsWith(payload, 0xFF, 0xD8, 0xFF)) {
            return new Picture(JPEG, payload, null);
        }
        if (startsWith(payload, 0x89, 'P', 'N', 'G') && payload.size() > PNG_HEADER_BYTES) {
            long pixels = number(payload, 16) * number(payload, 20);
            if (pixels > MOST_PIXELS) {
                throw new UnshownException("a PNG of " + pixels + " pixels; shown are those of up to " + MOST_PIXELS);
            }
            return new Picture(PNG, payload, null);
        }
        throw new UnshownException(
                codec == Codec.CODEC_JPEG || codec == Codec.CODEC_PNG
                        ? "said to be " + codec.name().substring("CODEC_".length()) + ", and its bytes are not"
                        : "not said to be a picture");
    }

    private static boolean startsWith(ByteString payload, int... start) {
        for (int i = 0; i < start.length; i++) {
            if (payload.size() <= i || (payload.byteAt(i) & 0xFF) != start[i]) {
                return false;
            }
        }
        return true;
    }

    private static long number(ByteString payload, int at) {
        long number = 0;
        for (int i = at; i < at + 4; i++) {
            number = number << 8 | payload.byteAt(i) & 0xFF;
        }
        return number;
    }

    /** Of what {@link #bytes()} gives. */
    String type() {
        return type;
    }

    /** Memory it takes, in bytes. */
    int heldBytes() {
        return heldBytes;
    }

    /** Whether {@link #bytes()} has work to do. */
    synchronized boolean isToBeEncoded() {
        return bytes == null;
    }

    /** The encoded picture. */
    synchronized ByteString bytes() {
        if (bytes == null) {
            bytes = jpeg(pixels);
            pixels = null;
        }
        return bytes;
    }

    private static ByteString jpeg(BufferedImage image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream to = new MemoryCacheImageOutputStream(out)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
            writer.setOutput(to);
            writer.write(null, new IIOImage(image, null, null), how);
        } catch (IOException e) {
            throw new UncheckedIOException("in memory", e);
        } finally {
            writer.dispose();
        }
        return ByteString.copyFrom(out.toByteArray());
    }
}
