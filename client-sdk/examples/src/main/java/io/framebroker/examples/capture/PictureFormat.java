package io.framebroker.examples.capture;

/** What a camera's pictures are published as. */
enum PictureFormat {
    /** One JPEG file a picture. */
    JPEG,
    /** Packed pixels, 3 bytes each: blue, green, red. */
    RAW
}
