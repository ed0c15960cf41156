package io.framebroker.examples;

import java.awt.image.BufferedImage;

/**
 * Reads the frame number that the synthetic camera and the RTSP test server draw: 32 bars along the lower edge, 16 pixels
 * high, white for one, the highest bit on the left.
 */
public final class NumberStrip {

    private static final int BITS = 32;
    private static final int HEIGHT = 16;

    private NumberStrip() {}

    /** @throws AssertionError if a bar is neither clearly white nor clearly black */
    public static long read(BufferedImage image) {
        long number = 0;
        for (int bit = 0; bit < BITS; bit++) {
            int left = bit * image.getWidth() / BITS;
            int right = (bit + 1) * image.getWidth() / BITS;
            int gray = image.getRGB((left + right) / 2, image.getHeight() - HEIGHT / 2) >> 8 & 0xFF;
            if (gray > 80 && gray < 175) {
                throw new AssertionError("bar " + bit + " of the number strip is " + gray + ", neither 0 nor 255");
            }
            number = number << 1 | (gray > 127 ? 1 : 0);
        }
        return number;
    }
}
