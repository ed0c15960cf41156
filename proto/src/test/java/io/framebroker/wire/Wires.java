package io.framebroker.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** What the tests of this package do with messages. */
final class Wires {
    private Wires() {}

    static PublishMessage parsePublish(byte[] message) {
        return PublishMessage.MARSHALLER.parse(new ByteArrayInputStream(message));
    }

    static ConsumeMessage parseConsume(byte[] message) {
        return ConsumeMessage.MARSHALLER.parse(new ByteArrayInputStream(message));
    }

    /** The bytes of a stream, read in all the ways a transport may choose; they are the same. */
    static byte[] bytes(java.util.function.Supplier<InputStream> streams) throws IOException {
        InputStream known = streams.get();
        assertThat(known).isInstanceOf(KnownLength.class);
        int length = known.available();

        ByteArrayOutputStream drained = new ByteArrayOutputStream();
        assertThat(((Drainable) streams.get()).drainTo(drained)).isEqualTo(length);
        assertThat(drained.size()).isEqualTo(length);
        assertThat(streams.get().readAllBytes()).isEqualTo(drained.toByteArray());

        ByteArrayOutputStream mixed = new ByteArrayOutputStream();
        InputStream stream = streams.get();
        for (int i = 0; i < 5 && i < length; i++) {
            mixed.write(stream.read());
        }
        assertThat(stream.available()).isEqualTo(length - mixed.size());
        ((Drainable) stream).drainTo(mixed);
        assertThat(mixed.toByteArray()).isEqualTo(drained.toByteArray());
        assertThat(stream.read()).isEqualTo(-1);
        return drained.toByteArray();
    }

    static void assertSame(WireFrame wire, Frame frame) {
        FrameHeader header = frame.getHeader();
        assertThat(wire.frame()).isEqualTo(frame);
        assertThat(wire.header()).isEqualTo(header);
        assertThat(wire.sequence()).isEqualTo(header.getSequence());
        assertThat(wire.codec()).isEqualTo(header.getCodecValue());
        assertThat(wire.keyframe()).isEqualTo(header.getKeyframe());
        assertThat(wire.hasCrc32c()).isEqualTo(header.hasCrc32C());
        assertThat(wire.declaredCrc32c()).isEqualTo(header.getCrc32C());
        assertThat(wire.isPacked()).isEqualTo(header.getCompressionValue() != 0 && header.getCompressionValue() != 1);
        assertThat(wire.uncompressedBytes()).isEqualTo(header.getUncompressedBytes());
        assertThat(wire.payloadBytes()).isEqualTo(frame.getPayload().size());
        assertThat(wire.payloadCopy()).isEqualTo(frame.getPayload().toByteArray());
        assertThat(wire.payload()).isEqualTo(frame.getPayload().asReadOnlyByteBuffer());
        assertThat(wire.crcMatches()).isEqualTo(!header.hasCrc32C() || wire.payloadCrc32c() == header.getCrc32C());
    }

    static void assertSame(List<WireFrame> wires, List<Frame> frames) {
        assertThat(wires).hasSameSizeAs(frames);
        for (int i = 0; i < frames.size(); i++) {
            assertSame(wires.get(i), frames.get(i));
        }
    }

    static byte[] serialized(WireFrame frame) {
        byte[] bytes = new byte[frame.serializedBytes()];
        System.arraycopy(frame.array(), frame.offset(), bytes, 0, bytes.length);
        return bytes;
    }
}
