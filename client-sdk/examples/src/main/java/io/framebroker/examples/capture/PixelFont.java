package io.framebroker.examples.capture;

import java.util.Locale;

/**
 * Capital letters, digits and a few signs, 5 pixels wide and 7 high. Drawn here because the fonts of java.awt need files
 * that slim Java images do not have.
 */
final class PixelFont {

    /** Width of a character with the space behind it, in font pixels. */
    static final int ADVANCE = 6;

    /** Height of a character, in font pixels. */
    static final int HEIGHT = 7;

    private static final int WIDTH = 5;
    private static final String CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:./_# ";

    /** One per character: 35 bits, the first of them the upper left pixel, row by row. */
    private static final long[] GLYPHS = {
        0x3A33AE62EL, 0x11842108EL, 0x3A213221FL, 0x3A213062EL, 0x08CA97C42L, 0x7E1E0862EL,
        0x1910F462EL, 0x7C2222108L, 0x3A317462EL, 0x3A317844CL, 0x3A31FC631L, 0x7A31F463EL,
        0x3A308422EL, 0x72518C65CL, 0x7E10F421FL, 0x7E10F4210L, 0x3A30BC62FL, 0x4631FC631L,
        0x38842108EL, 0x1C4210A4CL, 0x4654C5251L, 0x42108421FL, 0x4775AC631L, 0x47359C631L,
        0x3A318C62EL, 0x7A31F4210L, 0x3A318D64DL, 0x7A31F5251L, 0x3E107043EL, 0x7C8421084L,
        0x46318C62EL, 0x46318C544L, 0x4631AD771L, 0x462A22A31L, 0x462A21084L, 0x7C222221FL,
        0x0000F8000L, 0x008000080L, 0x0000000C6L, 0x042222210L, 0x00000001FL, 0x295F57D4AL,
        0x000000000L
    };

    private PixelFont() {}

    /**
     * Draws text into packed BGR pixels; what lies outside of them is left out, unknown characters are blank.
     *
     * @param scale screen pixels a font pixel
     */
    static void draw(byte[] bgr, int width, String text, int left, int top, int scale, int gray) {
        String capitals = text.toUpperCase(Locale.ROOT);
        int height = bgr.length / (3 * width);
        for (int i = 0; i < capitals.length(); i++) {
            int index = CHARACTERS.indexOf(capitals.charAt(i));
            if (index < 0) {
                continue;
            }
            int glyphLeft = left + i * ADVANCE * scale;
            for (int bit = 0; bit < WIDTH * HEIGHT; bit++) {
                if ((GLYPHS[index] >>> (WIDTH * HEIGHT - 1 - bit) & 1) == 1) {
                    int x = glyphLeft + bit % WIDTH * scale;
                    int y = top + bit / WIDTH * scale;
                    fill(bgr, width, height, x, y, scale, gray);
                }
            }
        }
    }

    private static void fill(byte[] bgr, int width, int height, int left, int top, int side, int gray) {
        for (int y = Math.max(0, top); y < Math.min(height, top + side); y++) {
            for (int x = Math.max(0, left); x < Math.min(width, left + side); x++) {
                int at = (y * width + x) * 3;
                bgr[at] = (byte) gray;
                bgr[at + 1] = (byte) gray;
                bgr[at + 2] = (byte) gray;
            }
        }
    }
}
