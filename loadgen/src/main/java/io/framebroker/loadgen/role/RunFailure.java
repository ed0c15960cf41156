package io.framebroker.loadgen.role;

/** The run cannot go on or proves nothing. The message is all a user needs. */
public final class RunFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RunFailure(String message) {
        super(message);
    }

    public RunFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
