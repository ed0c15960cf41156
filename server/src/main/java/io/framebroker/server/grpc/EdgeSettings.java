package io.framebroker.server.grpc;

/**
 * Settings of the gRPC edge.
 *
 * @param maxFrameBytes largest frame a publisher may declare, header and payload
 * @param defaultFrameBytes what a publisher that declares nothing gets
 * @param maxCalls most publishing and consuming calls at a time
 * @param openMillis time in which a call has to say `open`
 * @param heartbeatMillis silence after which an idle consumer is told why
 * @param drainMillis time that a call which is told to end has for it
 * @param maxConnectionAgeMillis age at which a connection, and the calls on it, are told to end; 0 for never
 * @param version of the broker, for people
 */
public record EdgeSettings(
        int maxFrameBytes,
        int defaultFrameBytes,
        int maxCalls,
        long openMillis,
        long heartbeatMillis,
        long drainMillis,
        long maxConnectionAgeMillis,
        String version) {
    /** Room in a message for what is not frame. */
    static final int ENVELOPE_BYTES = 4 * 1024;

    /** Small frames travel together in messages of up to this size, whatever the largest frame is. */
    static final int BATCH_BYTES = 512 * 1024;

    public static final EdgeSettings DEFAULT =
            new EdgeSettings((32 << 20) + (64 << 10), 4 << 20, 2_000, 15_000, 10_000, 1_000, 0, "0.1.0");

    /** Largest frame of a publisher that declared so much, unsigned; 0 is nothing. */
    long frameBytes(int declared) {
        return declared == 0 ? defaultFrameBytes : Integer.toUnsignedLong(declared);
    }

    /** Largest message a publisher may send that declared this largest frame. */
    static int messageBytes(int frameBytes) {
        return Math.max(frameBytes, BATCH_BYTES) + ENVELOPE_BYTES;
    }

    /** Largest message anybody may send. */
    public int maxMessageBytes() {
        return messageBytes(maxFrameBytes);
    }
}
