package io.framebroker.server.broker;

/** How a delivery ends. */
public sealed interface Verdict {
    Verdict ACK = new Ack();

    /** Done. */
    record Ack() implements Verdict {}

    /** Leave it out, by name. */
    record Skip(String reason) implements Verdict {}

    /**
     * Try again; counts as an attempt.
     *
     * @param afterMillis earliest time from now, a day at most; negative for the group's backoff
     */
    record Retry(long afterMillis) implements Verdict {
        private static final long MOST_MILLIS = 86_400_000;

        public Retry {
            afterMillis = Math.min(afterMillis, MOST_MILLIS);
        }
    }

    /** Give it to somebody else at once; does not count. */
    record Release() implements Verdict {}
}
