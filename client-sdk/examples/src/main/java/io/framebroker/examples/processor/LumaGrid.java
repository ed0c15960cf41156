package io.framebroker.examples.processor;

/**
 * The brightness of a picture, at every {@code step}-th pixel of every {@code step}-th row.
 *
 * @param width of the picture, in pixels
 * @param height of the picture, in pixels
 * @param step pixels from one sample to the next, both ways
 * @param samples 0..255 each, row by row, {@link #columns} a row; not changed afterwards
 */
record LumaGrid(int width, int height, int step, byte[] samples) {

    /** About this many samples a row: enough to see a person move, cheap enough to keep for every camera. */
    private static final int WANTED_COLUMNS = 320;

    /** Reads the brightness of one pixel, 0..255. */
    @FunctionalInterface
    interface Pixels {
        int luma(int x, int y);
    }

    static LumaGrid sample(int width, int height, Pixels pixels) {
        int step = Math.max(1, width / WANTED_COLUMNS);
        int columns = columns(width, step);
        int rows = columns(height, step);
        byte[] samples = new byte[columns * rows];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                samples[row * columns + column] = (byte) pixels.luma(column * step, row * step);
            }
        }
        return new LumaGrid(width, height, step, samples);
    }

    int columns() {
        return columns(width, step);
    }

    int rows() {
        return columns(height, step);
    }

    /** Brightness from 8-bit red, green and blue (ITU-R BT.601). */
    static int luma(int red, int green, int blue) {
        return (77 * red + 150 * green + 29 * blue) >> 8;
    }

    private static int columns(int pixels, int step) {
        return (pixels + step - 1) / step;
    }
}
