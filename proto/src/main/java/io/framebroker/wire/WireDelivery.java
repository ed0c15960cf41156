package io.framebroker.wire;

/**
 * One frame handed to one consumer.
 *
 * @param generation of the frame's id
 * @param ordinal of the frame's id
 * @param attempt 1 for the first delivery to the group
 * @param sequence the publisher's, unsigned
 * @param receivedMicros when the broker received it, in microseconds since 1970
 * @param frame the frame; a {@link WireFrame} when read
 */
public record WireDelivery(
        long generation, long ordinal, int attempt, long sequence, long receivedMicros, FrameBody frame) {

    /** The frame of a delivery that was read. */
    public WireFrame wireFrame() {
        return (WireFrame) frame;
    }

    private int tokenBytes() {
        return WireWriter.varintFieldBytes(generation)
                + WireWriter.varintFieldBytes(ordinal)
                + WireWriter.varintFieldBytes(attempt);
    }

    int serializedBytes() {
        int bytes = WireWriter.lengthFieldBytes(tokenBytes())
                + WireWriter.lengthFieldBytes(frame.serializedBytes())
                + WireWriter.varintFieldBytes(sequence);
        return receivedMicros == 0 ? bytes : bytes + WireWriter.lengthFieldBytes(WireTime.microsBytes(receivedMicros));
    }

    void writeTo(WireWriter out) {
        out.lengthField(1, tokenBytes());
        out.varintField(1, generation);
        out.varintField(2, ordinal);
        out.varintField(3, attempt);
        out.varintField(3, sequence);
        if (receivedMicros != 0) {
            out.lengthField(4, WireTime.microsBytes(receivedMicros));
            WireTime.writeMicros(out, receivedMicros);
        }
        out.lengthField(2, frame.serializedBytes());
        frame.writeTo(out);
    }

    static WireDelivery read(byte[] message, WireReader in) {
        long generation = 0;
        long ordinal = 0;
        int attempt = 0;
        long sequence = 0;
        long receivedMicros = 0;
        WireFrame frame = null;
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case 1 << 3 | WireReader.LENGTH -> {
                    int outer = in.enter(in.length());
                    while (in.hasMore()) {
                        int inner = in.tag();
                        switch (inner) {
                            case 1 << 3 | WireReader.VARINT -> generation = in.varint();
                            case 2 << 3 | WireReader.VARINT -> ordinal = in.varint();
                            case 3 << 3 | WireReader.VARINT -> attempt = (int) in.varint();
                            default -> in.skip(inner);
                        }
                    }
                    in.leave(outer);
                }
                case 2 << 3 | WireReader.LENGTH -> {
                    int length = in.length();
                    frame = WireFrame.read(message, in.advance(length), length);
                }
                case 3 << 3 | WireReader.VARINT -> sequence = in.varint();
                case 4 << 3 | WireReader.LENGTH -> {
                    int outer = in.enter(in.length());
                    receivedMicros = WireTime.readMicros(in);
                    in.leave(outer);
                }
                default -> in.skip(tag);
            }
        }
        if (frame == null) {
            throw new MalformedMessageException("delivery " + generation + "-" + ordinal + " carries no frame");
        }
        return new WireDelivery(generation, ordinal, attempt, sequence, receivedMicros, frame);
    }
}
