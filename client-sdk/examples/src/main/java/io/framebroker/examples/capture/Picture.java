package io.framebroker.examples.capture;

import java.time.Instant;

/**
 * One complete picture as it came from a source.
 *
 * @param bytes the encoded picture, or packed pixels; not changed afterwards
 * @param format how {@code bytes} is encoded
 * @param width pixels; 0 when not known
 * @param height pixels; 0 when not known
 * @param capturedAt wall clock of this host when the first byte of the picture was read
 */
record Picture(byte[] bytes, PictureFormat format, int width, int height, Instant capturedAt) {}
