package io.framebroker.wire;

import java.io.InputStream;

/** Lays out a {@code deliveries} message: sizes first, then bytes in one pass. */
final class DeliveriesWriter {
    private DeliveriesWriter() {}

    static InputStream stream(ConsumeMessage.Deliveries message) {
        byte[] stream = WireWriter.utf8(message.stream());
        byte[] publisherId = WireWriter.utf8(message.publisherId());
        long leaseMicros = message.leaseMillis() * 1_000;
        int count = message.deliveries().size();
        int[] deliveryBytes = new int[count];
        int bodyBytes = WireWriter.stringFieldBytes(stream)
                + WireWriter.stringFieldBytes(publisherId)
                + WireWriter.varintFieldBytes(message.epoch());
        if (leaseMicros != 0) {
            bodyBytes += WireWriter.lengthFieldBytes(WireTime.microsBytes(leaseMicros));
        }
        for (int i = 0; i < count; i++) {
            deliveryBytes[i] = message.deliveries().get(i).serializedBytes();
            bodyBytes += WireWriter.lengthFieldBytes(deliveryBytes[i]);
        }
        int length = bodyBytes;
        return new MessageStream(WireWriter.lengthFieldBytes(length), out -> {
            out.lengthField(ConsumeMessage.DELIVERIES, length);
            out.stringField(1, stream);
            out.stringField(3, publisherId);
            out.varintField(4, message.epoch());
            if (leaseMicros != 0) {
                out.lengthField(5, WireTime.microsBytes(leaseMicros));
                WireTime.writeMicros(out, leaseMicros);
            }
            for (int i = 0; i < count; i++) {
                out.lengthField(2, deliveryBytes[i]);
                message.deliveries().get(i).writeTo(out);
            }
        });
    }
}
