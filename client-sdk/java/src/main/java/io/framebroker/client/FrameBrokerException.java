package io.framebroker.client;

import io.grpc.Status;

/**
 * Something that trying again will not mend: the message says what to change. Whatever can be mended by trying again is
 * tried again by the client and never thrown.
 */
public final class FrameBrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Status.Code code;
    private final String reason;

    FrameBrokerException(Status.Code code, String reason, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.reason = reason;
    }

    /** Status code as the broker gave it, or the one that fits what was found here. */
    public Status.Code code() {
        return code;
    }

    /** Stable reason in UPPER_SNAKE, for instance PUBLISHER_FENCED; the name of the code where there is none. */
    public String reason() {
        return reason;
    }
}
