package io.framebroker.server.broker;

/**
 * A frame that has its place in a stream.
 *
 * @param sequence the publisher's, or the broker's where the publisher gave none; unsigned
 * @param receivedMicros wall-clock time of receipt, in microseconds since 1970
 */
public record Frame(
        FrameContent content,
        long generation,
        long ordinal,
        long sequence,
        long receivedMicros,
        PublisherKey publisher) {

    public FrameId id() {
        return new FrameId(generation, ordinal);
    }

    /** Serialized size, header and payload. */
    public int bytes() {
        return content.length();
    }
}
