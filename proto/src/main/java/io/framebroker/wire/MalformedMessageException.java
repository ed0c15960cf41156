package io.framebroker.wire;

/** The bytes are not the message they should be. The peer is at fault; there is nothing to resume. */
public final class MalformedMessageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MalformedMessageException(String message) {
        super(message);
    }
}
