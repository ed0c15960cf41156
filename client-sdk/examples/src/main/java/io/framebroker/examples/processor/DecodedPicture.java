package io.framebroker.examples.processor;

import java.awt.image.BufferedImage;

/**
 * A picture whose pixels can be read.
 *
 * @param width pixels; 1 or more
 * @param height pixels; 1 or more
 */
record DecodedPicture(int width, int height, PixelReader pixels) {

    /** Reads one pixel as 0xRRGGBB; bits above are undefined. */
    @FunctionalInterface
    interface PixelReader {
        int rgb(int x, int y);
    }

    LumaGrid luma() {
        return LumaGrid.sample(width, height, (x, y) -> {
            int rgb = pixels.rgb(x, y);
            return LumaGrid.luma(rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF);
        });
    }

    BufferedImage toImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, pixels.rgb(x, y));
            }
        }
        return image;
    }
}
