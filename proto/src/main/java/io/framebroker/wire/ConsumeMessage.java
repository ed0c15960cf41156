package io.framebroker.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.ConsumeFramesResponse;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** A {@code ConsumeFramesResponse}: deliveries with the frames as bytes, everything else as the generated class. */
public sealed interface ConsumeMessage {
    Marshaller<ConsumeMessage> MARSHALLER = new Marshaller<>() {
        @Override
        public InputStream stream(ConsumeMessage message) {
            return message.toStream();
        }

        @Override
        public ConsumeMessage parse(InputStream in) {
            return read(MessageStream.readFully(in));
        }
    };

    /** Number of the field {@code deliveries}. */
    int DELIVERIES = 2;

    /** Anything but deliveries. */
    record Control(ConsumeFramesResponse response) implements ConsumeMessage {
        @Override
        public InputStream toStream() {
            return new MessageStream(response.getSerializedSize(), out -> {
                byte[] bytes = response.toByteArray();
                out.bytes(bytes, 0, bytes.length);
            });
        }
    }

    /**
     * Frames of one stream and one publisher.
     *
     * @param leaseMillis time to settle them; 0 for none
     */
    record Deliveries(String stream, String publisherId, long epoch, long leaseMillis, List<WireDelivery> deliveries)
            implements ConsumeMessage {
        @Override
        public InputStream toStream() {
            return DeliveriesWriter.stream(this);
        }
    }

    /** Bytes that are no such message. */
    record Malformed(String reason) implements ConsumeMessage {
        @Override
        public InputStream toStream() {
            throw new IllegalStateException("a malformed message is never sent");
        }
    }

    InputStream toStream();

    private static ConsumeMessage read(byte[] message) {
        try {
            WireReader in = new WireReader(message, 0, message.length);
            if (in.hasMore()
                    && in.tag() == (DELIVERIES << 3 | WireReader.LENGTH)
                    && in.length() == in.limit() - in.position()) {
                return readDeliveries(message, in);
            }
            return new Control(ConsumeFramesResponse.parseFrom(message));
        } catch (MalformedMessageException | InvalidProtocolBufferException e) {
            return new Malformed(e.getMessage());
        }
    }

    private static Deliveries readDeliveries(byte[] message, WireReader in) {
        String stream = "";
        String publisherId = "";
        long epoch = 0;
        long leaseMillis = 0;
        List<WireDelivery> deliveries = new ArrayList<>(message.length > 16 * 1024 ? 4 : 64);
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case 1 << 3 | WireReader.LENGTH -> stream = in.string();
                case 2 << 3 | WireReader.LENGTH -> {
                    int outer = in.enter(in.length());
                    deliveries.add(WireDelivery.read(message, in));
                    in.leave(outer);
                }
                case 3 << 3 | WireReader.LENGTH -> publisherId = in.string();
                case 4 << 3 | WireReader.VARINT -> epoch = in.varint();
                case 5 << 3 | WireReader.LENGTH -> {
                    int outer = in.enter(in.length());
                    leaseMillis = WireTime.readMillis(in);
                    in.leave(outer);
                }
                default -> in.skip(tag);
            }
        }
        return new Deliveries(stream, publisherId, epoch, leaseMillis, deliveries);
    }
}
