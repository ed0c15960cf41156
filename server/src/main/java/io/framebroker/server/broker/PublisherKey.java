package io.framebroker.server.broker;

/**
 * Who feeds a stream. Sequences grow within one key.
 *
 * @param id stable name of the publisher
 * @param epoch grows with each start of its process, unsigned
 */
public record PublisherKey(String id, long epoch) {
    @Override
    public String toString() {
        return id + "@" + Long.toUnsignedString(epoch);
    }
}
