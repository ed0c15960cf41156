package io.framebroker.wire;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PublishFramesRequest;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * One message through the broker's marshallers: read as a publisher sent it, its checksums checked, and written as a consumer
 * gets it. {@code generated} does the same with protobuf's own classes, to compare.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MarshallerBenchmark {
    /** Bytes of a payload, and frames of a message. */
    @Param({"100000x1", "184x64"})
    public String message;

    private byte[] published;
    private ConsumeMessage.Deliveries deliveries;

    @Setup
    public void setup() {
        int payloadBytes = Integer.parseInt(message.substring(0, message.indexOf('x')));
        int frames = Integer.parseInt(message.substring(message.indexOf('x') + 1));
        Random random = new Random(42);
        FrameBatch.Builder batch = FrameBatch.newBuilder();
        for (int i = 1; i <= frames; i++) {
            byte[] payload = new byte[payloadBytes];
            random.nextBytes(payload);
            batch.addFrames(Frame.newBuilder()
                    .setHeader(FrameHeader.newBuilder()
                            .setSequence(i)
                            .setWidth(640)
                            .setHeight(360)
                            .setCrc32C(WireFrame.crc32c(payload, 0, payloadBytes)))
                    .setPayload(ByteString.copyFrom(payload)));
        }
        published =
                PublishFramesRequest.newBuilder().setFrames(batch).build().toByteArray();
        List<WireDelivery> each = new ArrayList<>();
        for (WireFrame frame : read(published).frames()) {
            each.add(new WireDelivery(1, frame.sequence(), 1, frame.sequence(), 1_700_000_000_000_000L, frame));
        }
        deliveries = new ConsumeMessage.Deliveries("cam1", "publisher", 1, 30_000, each);
    }

    @Benchmark
    public int readPublished() {
        int intact = 0;
        for (WireFrame frame : read(published).frames()) {
            intact += frame.crcMatches() ? 1 : 0;
        }
        return intact;
    }

    @Benchmark
    public int writeDeliveries() throws IOException {
        return ((MessageStream) deliveries.toStream()).drainTo(OutputStream.nullOutputStream());
    }

    @Benchmark
    public int generated() throws IOException {
        PublishFramesRequest request = PublishFramesRequest.parseFrom(new Known(published));
        request.writeTo(OutputStream.nullOutputStream());
        return request.getFrames().getFramesCount();
    }

    private static PublishMessage.Frames read(byte[] message) {
        return (PublishMessage.Frames) PublishMessage.MARSHALLER.parse(new Known(message));
    }

    /** As the transport hands a message over. */
    private static final class Known extends ByteArrayInputStream implements KnownLength {
        Known(byte[] bytes) {
            super(bytes);
        }
    }
}
