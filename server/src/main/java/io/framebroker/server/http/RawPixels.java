package io.framebroker.server.http;

import com.google.protobuf.ByteString;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import java.awt.image.BufferedImage;

/** Makes small pictures of uncompressed pixels, in whichever of the contract's layouts they are. */
final class RawPixels {
    /** More than this in either direction is no camera. */
    private static final int MOST_PIXELS = 16_384;

    private final ByteString bytes;
    private final PixelFormat format;
    private final int width;
    private final int height;
    private final int stride;
    /** First byte and bytes a row of what has the colours, where they are apart. */
    private final int chroma;

    private final int chromaStride;

    private RawPixels(FrameHeader header, ByteString bytes, int stride) {
        this.bytes = bytes;
        this.format = header.getPixelFormat();
        this.width = header.getWidth();
        this.height = header.getHeight();
        this.stride = stride;
        this.chroma = stride * height;
        this.chromaStride = format == PixelFormat.PIXEL_FORMAT_I420 ? (stride + 1) / 2 : stride + stride % 2;
    }

    /**
     * Reads only as many pixels as the picture will have.
     *
     * @param most of the picture, in either direction
     * @throws UnshownException the header does not fit the bytes; says how
     */
    static BufferedImage scaled(FrameHeader header, ByteString bytes, int most) throws UnshownException {
        int bytesPerPixel = switch (header.getPixelFormat()) {
            case PIXEL_FORMAT_BGR24, PIXEL_FORMAT_RGB24 -> 3;
            case PIXEL_FORMAT_GRAY8, PIXEL_FORMAT_I420, PIXEL_FORMAT_NV12 -> 1;
            default -> throw new UnshownException("raw pixels, and the header does not say in which layout");
        };
        int width = header.getWidth();
        int height = header.getHeight();
        if (width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS) {
            throw new UnshownException("raw pixels of " + Integer.toUnsignedString(width) + " x "
                    + Integer.toUnsignedString(height) + "; shown are 1 to " + MOST_PIXELS + " in each direction");
        }
        int row = width * bytesPerPixel;
        int stride = header.getStrideBytes() == 0 ? row : header.getStrideBytes();
        if (stride < row || stride > MOST_PIXELS * 4) {
            throw new UnshownException("raw pixels with rows of " + Integer.toUnsignedString(stride)
                    + " bytes, and a row of " + width + " pixels has " + row);
        }
        RawPixels pixels = new RawPixels(header, bytes, stride);
        long needed = pixels.neededBytes(row);
        if (bytes.size() < needed) {
            throw new UnshownException("raw pixels of " + width + " x " + height + " have " + needed
                    + " bytes in their layout, and there are " + bytes.size());
        }
        return pixels.scaled(most);
    }

    /** The last row need not be filled up. */
    private long neededBytes(int row) {
        long chromaRows = (height + 1) / 2;
        long chromaRow = (width + 1) / 2;
        return switch (format) {
            case PIXEL_FORMAT_I420 -> (long) stride * height + chromaStride * (2 * chromaRows - 1) + chromaRow;
            case PIXEL_FORMAT_NV12 -> (long) stride * height + chromaStride * (chromaRows - 1) + 2 * chromaRow;
            default -> (long) stride * (height - 1) + row;
        };
    }

    private BufferedImage scaled(int most) {
        double scale = Math.min(1, (double) most / Math.max(width, height));
        int toWidth = (int) Math.max(1, Math.round(width * scale));
        int toHeight = (int) Math.max(1, Math.round(height * scale));
        BufferedImage image = new BufferedImage(toWidth, toHeight, BufferedImage.TYPE_INT_RGB);
        int[] line = new int[toWidth];
        for (int y = 0; y < toHeight; y++) {
            int upper = (int) ((4L * y + 1) * height / (4L * toHeight));
            int lower = (int) ((4L * y + 3) * height / (4L * toHeight));
            for (int x = 0; x < toWidth; x++) {
                int left = (int) ((4L * x + 1) * width / (4L * toWidth));
                int right = (int) ((4L * x + 3) * width / (4L * toWidth));
                line[x] = mean(rgb(left, upper), rgb(right, lower));
            }
            image.setRGB(0, y, toWidth, 1, line, 0, toWidth);
        }
        return image;
    }

    private static int mean(int one, int other) {
        return (one & 0xFEFEFE) / 2 + (other & 0xFEFEFE) / 2 + (one & other & 0x010101);
    }

    private int rgb(int x, int y) {
        switch (format) {
            case PIXEL_FORMAT_BGR24: {
                int at = y * stride + 3 * x;
                return rgb24(at(at + 2), at(at + 1), at(at));
            }
            case PIXEL_FORMAT_RGB24: {
                int at = y * stride + 3 * x;
                return rgb24(at(at), at(at + 1), at(at + 2));
            }
            case PIXEL_FORMAT_GRAY8: {
                int gray = at(y * stride + x);
                return rgb24(gray, gray, gray);
            }
            case PIXEL_FORMAT_I420: {
                int u = chroma + y / 2 * chromaStride + x / 2;
                return rgbOf(at(y * stride + x), at(u), at(u + chromaStride * ((height + 1) / 2)));
            }
            default: {
                int uv = chroma + y / 2 * chromaStride + x / 2 * 2;
                return rgbOf(at(y * stride + x), at(uv), at(uv + 1));
            }
        }
    }

    private int at(int index) {
        return bytes.byteAt(index) & 0xFF;
    }

    private static int rgb24(int red, int green, int blue) {
        return red << 16 | green << 8 | blue;
    }

    /** By BT.601 with 16..235, which is what cameras and OpenCV mean by YUV. */
    private static int rgbOf(int y, int u, int v) {
        int light = 298 * (y - 16) + 128;
        int red = light + 409 * (v - 128) >> 8;
        int green = light - 100 * (u - 128) - 208 * (v - 128) >> 8;
        int blue = light + 516 * (u - 128) >> 8;
        return rgb24(clamped(red), clamped(green), clamped(blue));
    }

    private static int clamped(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
