package io.framebroker.examples.processor;

/** The bytes are not the picture their header says. Another attempt may get better ones; in the end it is a dead letter. */
final class CorruptPictureException extends Exception {

    private static final long serialVersionUID = 1;

    CorruptPictureException(String message) {
        super(message);
    }

    CorruptPictureException(String message, Throwable cause) {
        super(message, cause);
    }
}
