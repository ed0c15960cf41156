package io.framebroker.client;

import io.framebroker.v1.PixelFormat;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Pictures as cameras and test generators make them. The same every time. */
final class Pictures {
    /** What is in a picture: red, green and blue by place. */
    @FunctionalInterface
    interface Content {
        int rgb(int x, int y);
    }

    private static final int[] BARS = {0xFFFFFF, 0xFFFF00, 0x00FFFF, 0x00FF00, 0xFF00FF, 0xFF0000, 0x0000FF, 0x000000};

    private Pictures() {}

    /** Eight vertical bars, as test generators paint them. */
    static Content bars(int width) {
        return (x, y) -> BARS[Math.min(7, x * 8 / width)];
    }

    /** Red grows to the right, green downwards, blue along the diagonal. */
    static Content gradient(int width, int height) {
        return (x, y) -> rgb(x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height));
    }

    /** A smooth scene with edges in it, and noise of a sensor: its standard deviation, in steps of brightness. */
    static Content scene(double noise, long seed) {
        Random random = new Random(seed);
        return (x, y) -> {
            double light = 100 + 60 * Math.sin(x / 170.0) * Math.cos(y / 110.0) + (x / 240 + y / 180) % 2 * 30;
            return rgb(noisy(light, noise, random), noisy(light + 12, noise, random), noisy(light + 24, noise, random));
        };
    }

    /** The Mandelbrot set: fine detail beside flat parts. */
    static Content fractal(int width, int height) {
        return (x, y) -> {
            double real = (x - width * 0.68) / (width * 0.36);
            double imaginary = (y - height * 0.5) / (width * 0.36);
            double r = 0;
            double i = 0;
            int steps = 0;
            for (; steps < 255 && r * r + i * i < 4; steps++) {
                double next = r * r - i * i + real;
                i = 2 * r * i + imaginary;
                r = next;
            }
            return rgb(steps * 11 & 0xFF, steps * 3 & 0xFF, steps * 7 & 0xFF);
        };
    }

    static Content noise(long seed) {
        Random random = new Random(seed);
        return (x, y) -> random.nextInt() & 0xFFFFFF;
    }

    /** What is left of a picture that went through JPEG, with sharp-edged objects drawn into it. */
    static Content decoded(byte[] jpeg) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(jpeg));
            return (x, y) -> image.getRGB(x, y) & 0xFFFFFF;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A JPEG file of a noisy scene. */
    static byte[] jpeg(int width, int height, float quality) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Content scene = scene(2, 5);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, scene.rgb(x, y));
            }
        }
        Graphics2D brush = image.createGraphics();
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            brush.setColor(new Color(random.nextInt(0x1000000)));
            brush.fillOval(
                    random.nextInt(width),
                    random.nextInt(height),
                    1 + random.nextInt(width / 8 + 1),
                    1 + random.nextInt(width / 8 + 1));
        }
        brush.dispose();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        param.setCompressionQuality(quality);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    /** The picture's bytes, rows packed; chroma planes of odd sizes are rounded up. */
    static byte[] pixels(PixelFormat format, int width, int height, Content content) {
        int chromaWidth = (width + 1) / 2;
        int chroma = chromaWidth * ((height + 1) / 2);
        byte[] bytes = new byte
                [switch (format) {
                    case PIXEL_FORMAT_BGR24, PIXEL_FORMAT_RGB24 -> width * height * 3;
                    case PIXEL_FORMAT_GRAY8 -> width * height;
                    case PIXEL_FORMAT_I420, PIXEL_FORMAT_NV12 -> width * height + 2 * chroma;
                    default -> throw new IllegalArgumentException("no layout for " + format);
                }];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = content.rgb(x, y);
                int at = y * width + x;
                int inChroma = y / 2 * chromaWidth + x / 2;
                switch (format) {
                    case PIXEL_FORMAT_BGR24 -> put(bytes, 3 * at, rgb, rgb >> 8, rgb >> 16);
                    case PIXEL_FORMAT_RGB24 -> put(bytes, 3 * at, rgb >> 16, rgb >> 8, rgb);
                    case PIXEL_FORMAT_I420 -> {
                        put(bytes, at, rgb >> 8);
                        put(bytes, width * height + inChroma, rgb);
                        put(bytes, width * height + chroma + inChroma, rgb >> 16);
                    }
                    case PIXEL_FORMAT_NV12 -> {
                        put(bytes, at, rgb >> 8);
                        put(bytes, width * height + 2 * inChroma, rgb, rgb >> 16);
                    }
                    default -> put(bytes, at, rgb >> 8);
                }
            }
        }
        return bytes;
    }

    static byte[] bgr24(int width, int height, Content content) {
        return pixels(PixelFormat.PIXEL_FORMAT_BGR24, width, height, content);
    }

    private static void put(byte[] bytes, int at, int... values) {
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
    }

    private static int noisy(double light, double noise, Random random) {
        return (int) Math.max(0, Math.min(255, Math.round(light + noise * random.nextGaussian())));
    }

    private static int rgb(int red, int green, int blue) {
        return red << 16 | green << 8 | blue;
    }
}
