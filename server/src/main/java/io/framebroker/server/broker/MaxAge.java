package io.framebroker.server.broker;

/**
 * Which of the frames that wait for their first delivery are too old for a group by now. Age counts from the broker's
 * receipt. Guarded by the stream's lock.
 */
final class MaxAge {
    static final String REASON = "MAX_AGE";

    private final long mostMicros;
    private final StreamStore store;
    private final BrokerClock clock;

    /** @param mostMillis 0 for any age */
    MaxAge(long mostMillis, StreamStore store, BrokerClock clock) {
        this.mostMicros = mostMillis * 1_000;
        this.store = store;
        this.clock = clock;
    }

    boolean matters() {
        return mostMicros > 0;
    }

    /** Ordinal of the last one, in a row from the first one on, that is too old; one in front of it when it is not. */
    long staleThrough(long first, long last) {
        long oldest = clock.wallMicros() - mostMicros;
        long ordinal = first;
        while (ordinal <= last && isOlder(ordinal, oldest)) {
            ordinal++;
        }
        return ordinal - 1;
    }

    private boolean isOlder(long ordinal, long oldestMicros) {
        long received = store.receivedMicros(ordinal);
        // 0 for one that the store has lost: that is another reason.
        return received != 0 && received < oldestMicros;
    }

    boolean isStale(Frame frame) {
        return matters() && frame.receivedMicros() < clock.wallMicros() - mostMicros;
    }

    /** Nanoseconds, more than 0, until a waiting frame is too old that is not yet; the whole age for one that is lost. */
    long untilStale(long ordinal) {
        long received = store.receivedMicros(ordinal);
        long left = received == 0 ? mostMicros : received + mostMicros - clock.wallMicros();
        return Math.max(1, left + 1) * 1_000;
    }
}
