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

    /** The same frame in an array of its own, so that it does not keep a larger one alive. */
    Frame compact() {
        return new Frame(content.compact(), generation, ordinal, sequence, receivedMicros, publisher);
    }

    public FrameId id() {
        return new FrameId(generation, ordinal);
    }

    /** Serialized size, header and payload. */
    public int bytes() {
        return content.length();
    }
}
