package io.framebroker.bridge;

/**
 * Redis has gone back in time: it forgot what it had said was read. What is in flight here does not fit it any more; whoever begins
 * anew from what Redis knows now, and from what the broker has, misses nothing and doubles nothing.
 */
final class BeginAnewException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BeginAnewException(String message) {
        super(message);
    }
}
