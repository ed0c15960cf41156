package io.framebroker.client;

/** The counters behind {@link ConsumerStats}. Guarded by the consumer's lock. */
final class ConsumeCounts {
    long delivered;
    long acked;
    long nacked;
    long settledOk;
    long stale;
    long refused;
    long expiredHere;
    long corrupt;

    ConsumerStats toStats(long reconnects, long held, boolean connected) {
        return new ConsumerStats(
                delivered, acked, nacked, settledOk, stale, refused, expiredHere, corrupt, reconnects, held, connected);
    }
}
