package io.framebroker.loadgen.log;

/** A log cannot be read, and so proves nothing. The message names file, line and text. */
public final class LogException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LogException(String message) {
        super(message);
    }
}
