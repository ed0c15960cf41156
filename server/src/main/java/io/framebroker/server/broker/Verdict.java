package io.framebroker.server.broker;

/** How a delivery ends. */
public sealed interface Verdict {
    Verdict ACK = new Ack();

    /** Done. */
    record Ack() implements Verdict {}

    /** Leave it out, by name. */
    record Skip(String reason) implements Verdict {}

    /**
     * Try again; counts as an attempt. After the last one the frame is a dead letter.
     *
     * @param afterMillis earliest time from now, a day at most; negative for the group's backoff
     * @param error what went wrong, for people; may be empty
     */
    record Retry(long afterMillis, String error) implements Verdict {
        private static final long MOST_MILLIS = 86_400_000;

        public Retry {
            afterMillis = Math.min(afterMillis, MOST_MILLIS);
        }

        public Retry(long afterMillis) {
            this(afterMillis, "");
        }
    }

    /**
     * Try no more: it is a dead letter.
     *
     * @param error what went wrong, for people; may be empty
     */
    record GiveUp(String error) implements Verdict {}

    /** Give it to somebody else at once; does not count. */
    record Release() implements Verdict {}
}
