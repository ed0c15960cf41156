package io.framebroker.examples.processor;

/** The picture may be sound, but this program does not read its kind: trying again is of no use. */
final class UnsupportedPictureException extends Exception {

    private static final long serialVersionUID = 1;

    UnsupportedPictureException(String message) {
        super(message);
    }
}
