package io.framebroker.wire;

/** A packed payload cannot be unpacked. The same bytes will fail again; the frame beside it is as good as ever. */
public final class UnreadablePayloadException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean tooLarge;

    private UnreadablePayloadException(String message, boolean tooLarge) {
        super(message);
        this.tooLarge = tooLarge;
    }

    static UnreadablePayloadException damaged(String message) {
        return new UnreadablePayloadException(message, false);
    }

    static UnreadablePayloadException tooLarge(String message) {
        return new UnreadablePayloadException(message, true);
    }

    /** Whether a larger limit may help. Otherwise the payload is not what its header says. */
    public boolean tooLarge() {
        return tooLarge;
    }
}
