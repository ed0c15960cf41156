package io.framebroker.bridge.source;

/** Redis cannot serve now: it is away, starting, out of memory or read-only. Trying again later may help. */
public final class TryAgainException extends Exception {
    private static final long serialVersionUID = 1L;

    TryAgainException(String message, Throwable cause) {
        super(message, cause);
    }
}
