package io.framebroker.server.grpc;

import io.framebroker.v1.FrameHeader;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireDelivery;
import io.framebroker.wire.WireFrame;
import io.framebroker.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A packed frame on its way to a client that wants it unpacked. While it waits it counts as what it says it unpacks to, so that
 * memory for it is reserved; it is unpacked by {@link #unpacked(ConsumeMessage)}, when it is sent, because frames are queued
 * under their stream's lock.
 */
final class PackedFrame implements FrameBody {
    private static final Logger log = LoggerFactory.getLogger(PackedFrame.class);

    private final WireFrame frame;
    private final int mostBytes;

    private PackedFrame(WireFrame frame, int mostBytes) {
        this.frame = frame;
        this.mostBytes = mostBytes;
    }

    /**
     * The frame itself, where it is not packed or says that it unpacks to more.
     *
     * @param mostFrameBytes largest frame, header and payload, that is sent
     */
    static FrameBody of(WireFrame frame, int mostFrameBytes) {
        int mostBytes = mostPayloadBytes(frame, mostFrameBytes);
        return frame.isPacked() && Long.compareUnsigned(frame.uncompressedBytes(), mostBytes) <= 0
                ? new PackedFrame(frame, mostBytes)
                : frame;
    }

    /** What the header of this frame leaves for its payload. */
    static int mostPayloadBytes(WireFrame frame, int mostFrameBytes) {
        return Math.max(0, mostFrameBytes - (frame.serializedBytes() - frame.payloadBytes()));
    }

    /** The message with its packed frames unpacked; those that cannot be are as published. */
    static ConsumeMessage unpacked(ConsumeMessage message) {
        if (!(message instanceof ConsumeMessage.Deliveries deliveries)
                || deliveries.deliveries().stream().noneMatch(it -> it.frame() instanceof PackedFrame)) {
            return message;
        }
        List<WireDelivery> unpacked = new ArrayList<>(deliveries.deliveries().size());
        for (WireDelivery delivery : deliveries.deliveries()) {
            unpacked.add(delivery.frame() instanceof PackedFrame packed ? with(delivery, packed.unpack()) : delivery);
        }
        return new ConsumeMessage.Deliveries(
                deliveries.stream(), deliveries.publisherId(), deliveries.epoch(), deliveries.leaseMillis(), unpacked);
    }

    /** The header of a frame with this payload, which was unpacked: a checksum is made anew where there was one. */
    static FrameHeader unpackedHeader(WireFrame frame, byte[] payload) {
        FrameHeader header = frame.unpackedHeader();
        return frame.hasCrc32c()
                ? header.toBuilder()
                        .setCrc32C(WireFrame.crc32c(payload, 0, payload.length))
                        .build()
                : header;
    }

    private static WireDelivery with(WireDelivery delivery, FrameBody frame) {
        return new WireDelivery(
                delivery.generation(),
                delivery.ordinal(),
                delivery.attempt(),
                delivery.sequence(),
                delivery.receivedMicros(),
                frame);
    }

    private FrameBody unpack() {
        try {
            byte[] payload = frame.unpack(mostBytes);
            return new NewFrame(unpackedHeader(frame, payload), payload, 0, payload.length);
        } catch (UnreadablePayloadException e) {
            log.debug("{} goes out as published: payload {}", frame, e.getMessage());
            return frame;
        }
    }

    @Override
    public int serializedBytes() {
        return (int) Math.min(
                Integer.MAX_VALUE, (long) frame.serializedBytes() - frame.payloadBytes() + frame.uncompressedBytes());
    }

    @Override
    public void writeTo(WireWriter out) {
        throw new IllegalStateException(frame + " is to be unpacked before it is sent");
    }
}
