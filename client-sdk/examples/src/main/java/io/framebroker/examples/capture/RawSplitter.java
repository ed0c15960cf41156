package io.framebroker.examples.capture;

import java.time.Instant;

/** Cuts packed BGR pixels into pictures of one fixed size. */
final class RawSplitter implements PictureSplitter {

    private static final int BYTES_PER_PIXEL = 3;

    private final int width;
    private final int height;
    private final int pictureBytes;

    private byte[] pixels;
    private int filled;
    private Instant startedAt;

    /** @throws IllegalArgumentException if a picture of that size is larger than {@code maxBytes} */
    RawSplitter(int width, int height, int maxBytes) {
        long bytes = (long) width * height * BYTES_PER_PIXEL;
        if (width <= 0 || height <= 0 || bytes > maxBytes) {
            throw new IllegalArgumentException("raw pictures of " + width + "x" + height + " take " + bytes
                    + " bytes, allowed are 1.." + maxBytes + ": use --size or --max-frame-bytes");
        }
        this.width = width;
        this.height = height;
        this.pictureBytes = (int) bytes;
    }

    @Override
    public void feed(byte[] chunk, int length, Instant readAt, PictureSink sink) throws InterruptedException {
        int at = 0;
        while (at < length) {
            if (filled == 0) {
                pixels = new byte[pictureBytes];
                startedAt = readAt;
            }
            int step = Math.min(length - at, pictureBytes - filled);
            System.arraycopy(chunk, at, pixels, filled, step);
            at += step;
            filled += step;
            if (filled == pictureBytes) {
                filled = 0;
                sink.picture(new Picture(pixels, PictureFormat.RAW, width, height, startedAt));
            }
        }
    }

    @Override
    public void end(PictureSink sink) {
        if (filled > 0) {
            sink.unusable(
                    PictureSink.BROKEN, 1, "raw picture ended after " + filled + " of " + pictureBytes + " bytes");
            filled = 0;
        }
    }
}
