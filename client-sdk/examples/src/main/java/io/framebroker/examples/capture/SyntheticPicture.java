package io.framebroker.examples.capture;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Draws the pictures of a camera that does not exist: a still background, a square that runs across it, the camera's name,
 * the frame's number and the time in letters, and the number once more in a form a program can read back.
 *
 * <p>That form is a strip of {@value #STRIP_BITS} bars at the lower edge, {@value #STRIP_HEIGHT} pixels high and each a
 * 32nd of the width wide: white for one, black for zero, the highest bit on the left.
 *
 * <p>Draws straight into one reused raster and encodes with one reused writer. One thread.
 */
final class SyntheticPicture {

    static final int STRIP_BITS = 32;
    static final int STRIP_HEIGHT = 16;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneOffset.UTC);
    private static final int BYTES_PER_PIXEL = 3;
    private static final float JPEG_QUALITY = 0.8f;

    private final String name;
    private final int width;
    private final int height;
    private final BufferedImage image;
    private final byte[] pixels;
    private final byte[] background;
    private final int hue;
    private final ImageWriter writer;
    private final ImageWriteParam writing;
    private final ByteArrayOutputStream encoded = new ByteArrayOutputStream(64 * 1024);

    SyntheticPicture(String name, int width, int height) {
        this.name = name;
        this.width = width;
        this.height = height;
        this.hue = Math.floorMod(name.hashCode(), 128);
        this.image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        this.pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        this.background = background(width, height, hue);
        this.writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        this.writing = writer.getDefaultWriteParam();
        writing.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        writing.setCompressionQuality(JPEG_QUALITY);
    }

    /** Draws frame {@code number} and encodes it. */
    Picture draw(long number, Instant at, PictureFormat format) throws IOException {
        System.arraycopy(background, 0, pixels, 0, pixels.length);
        drawSquare(number);
        int scale = Math.max(1, width / 320);
        int line = (PixelFont.HEIGHT + 3) * scale;
        PixelFont.draw(pixels, width, name, 4 * scale, 4 * scale, scale, 255);
        PixelFont.draw(pixels, width, "#" + number, 4 * scale, 4 * scale + line, scale, 255);
        PixelFont.draw(pixels, width, TIME.format(at), 4 * scale, 4 * scale + 2 * line, scale, 255);
        drawStrip(number);
        byte[] bytes = format == PictureFormat.RAW ? pixels.clone() : jpeg();
        return new Picture(bytes, format, width, height, at);
    }

    private void drawSquare(long number) {
        int side = Math.max(16, height / 6);
        int room = width - side;
        // To the right and back again, a 60th of the width a frame.
        long way = number * Math.max(1, width / 60) % (2L * room);
        int left = (int) (way < room ? way : 2L * room - way);
        int top = height / 2;
        for (int y = top; y < Math.min(top + side, height - STRIP_HEIGHT); y++) {
            int from = (y * width + left) * BYTES_PER_PIXEL;
            Arrays.fill(pixels, from, from + side * BYTES_PER_PIXEL, (byte) 240);
        }
    }

    private void drawStrip(long number) {
        for (int bit = 0; bit < STRIP_BITS; bit++) {
            byte gray = (byte) ((number >>> (STRIP_BITS - 1 - bit) & 1) == 1 ? 255 : 0);
            int from = bit * width / STRIP_BITS * BYTES_PER_PIXEL;
            int to = (bit + 1) * width / STRIP_BITS * BYTES_PER_PIXEL;
            for (int y = height - STRIP_HEIGHT; y < height; y++) {
                int row = y * width * BYTES_PER_PIXEL;
                Arrays.fill(pixels, row + from, row + to, gray);
            }
        }
    }

    private byte[] jpeg() throws IOException {
        encoded.reset();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(encoded)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), writing);
        }
        return encoded.toByteArray();
    }

    private static byte[] background(int width, int height, int hue) {
        byte[] bgr = new byte[width * height * BYTES_PER_PIXEL];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * BYTES_PER_PIXEL;
                bgr[at] = (byte) (24 + 64 * y / height);
                bgr[at + 1] = (byte) (24 + 64 * x / width);
                bgr[at + 2] = (byte) (16 + hue / 2);
            }
        }
        return bgr;
    }
}
