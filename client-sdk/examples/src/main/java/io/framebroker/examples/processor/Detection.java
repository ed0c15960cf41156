package io.framebroker.examples.processor;

import java.util.List;

/**
 * What was found in one picture.
 *
 * @param score 0..1: of the picture's most changed tile
 * @param boxes where the score reached the threshold
 */
record Detection(double score, List<Box> boxes) {

    static final Detection NOTHING = new Detection(0, List.of());

    /** A part of a picture, in pixels, with its best score. */
    record Box(int x, int y, int width, int height, double score) {}
}
