package io.framebroker.server.broker;

/**
 * What is known of a frame that a group has given up, beside the frame itself.
 *
 * @param bytes serialized size of the frame
 * @param reason in UPPER_SNAKE: {@link #MAX_ATTEMPTS} or {@link #NACKED}
 * @param attempts how often it was delivered
 * @param lastError what the last consumer said, or what became of it; at most {@link #MOST_ERROR} characters
 * @param lastConsumerId who had it last; empty when that is not known
 * @param deadMicros when it was given up, in microseconds since 1970
 */
public record DeadLetter(
        FrameId id, int bytes, String reason, int attempts, String lastError, String lastConsumerId, long deadMicros) {
    /** Its attempts are used up. */
    public static final String MAX_ATTEMPTS = "MAX_ATTEMPTS";
    /** A consumer said so. */
    public static final String NACKED = "NACK_DEAD_LETTER";

    /** Ten thousand of them are to fit into a small part of a broker's memory. */
    public static final int MOST_ERROR = 256;

    /** Why, for people. */
    String words() {
        return lastError.isEmpty() ? reason : reason + ": " + lastError;
    }

    public DeadLetter {
        lastError = lastError.length() <= MOST_ERROR ? lastError : lastError.substring(0, MOST_ERROR);
    }
}
