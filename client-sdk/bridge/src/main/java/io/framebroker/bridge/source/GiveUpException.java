package io.framebroker.bridge.source;

/** The bridge cannot go on, and trying again would not help. The message says what to do. */
public final class GiveUpException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public GiveUpException(String message, Throwable cause) {
        super(message, cause);
    }
}
