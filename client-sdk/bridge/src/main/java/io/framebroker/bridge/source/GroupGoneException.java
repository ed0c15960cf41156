package io.framebroker.bridge.source;

/** The source has no such group any more: the stream was deleted or evicted, or the group destroyed. */
public final class GroupGoneException extends Exception {
    private static final long serialVersionUID = 1L;

    GroupGoneException(String message, Throwable cause) {
        super(message, cause);
    }
}
