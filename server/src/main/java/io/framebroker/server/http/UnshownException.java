package io.framebroker.server.http;

/** A frame that cannot be shown as a picture; the message says why, to people. */
final class UnshownException extends Exception {
    private static final long serialVersionUID = 1;

    UnshownException(String message) {
        super(message, null, false, false);
    }
}
