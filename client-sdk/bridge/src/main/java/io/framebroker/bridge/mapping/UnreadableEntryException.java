package io.framebroker.bridge.mapping;

/** An entry that cannot become a frame. */
public final class UnreadableEntryException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final String stream;

    /**
     * @param stream stream it would have gone to; empty when that is what cannot be told
     * @param reason in UPPER_SNAKE
     * @param message what is wrong with which field, and what was expected
     */
    public UnreadableEntryException(String stream, String reason, String message) {
        super(message);
        this.reason = reason;
        this.stream = stream;
    }

    public String reason() {
        return reason;
    }

    /** Empty when not known. */
    public String stream() {
        return stream;
    }
}
