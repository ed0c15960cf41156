package io.framebroker.loadgen.targets;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.v1.Codec;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.PublishMessage;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A publisher that lies, seen through the consumers of both yardsticks: a checker that never fails proves nothing. */
@Timeout(30)
class DoctoredFramesTest {
    private static final int BYTES = 2_000;

    private final Workload workload = new Workload(7, 1, 1, 1, BYTES, 1, 64, 64, 0, true);
    private final FramePool pool = new FramePool(workload, 0);
    private final GroupCheck check = new GroupCheck(7, 0, "g0/cam-0", 1);
    private final Inbox inbox = new Inbox(0, BYTES, new GroupCheck[] {check});

    private final byte[] one = pool.take(0).clone();
    private final byte[] two = pool.take(0).clone();
    private final byte[] three = pool.take(0).clone();
    private final byte[] four = pool.take(0).clone();

    @Test
    void theRelaysConsumerFindsThem() throws IOException, InterruptedException {
        try (BareRelay relay = new BareRelay(0, BYTES);
                RelayLink link = new RelayLink("127.0.0.1:" + relay.port(), workload)) {
            link.consumer(0, 0, () -> inbox);
            ManagedChannel channel = Grpc.channel("127.0.0.1:" + relay.port());
            ClientCall<PublishMessage, PublishFramesResponse> call =
                    channel.newCall(FrameBrokerMethods.PUBLISH_FRAMES, CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {}, new Metadata());
            call.sendMessage(new PublishMessage.Control(PublishFramesRequest.newBuilder()
                    .setOpen(PublishOpen.newBuilder().setStream(workload.stream(0)))
                    .build()));
            HeaderWriter headers = new HeaderWriter(Codec.CODEC_JPEG);

            call.sendMessage(frame(headers.header(1, 0, pool.crc32c(one)), one));
            call.sendMessage(frame(headers.header(4, 0, pool.crc32c(four)), four));
            call.sendMessage(frame(headers.header(2, 0, pool.crc32c(two)), two));
            call.sendMessage(frame(headers.header(2, 0, pool.crc32c(two)), two));
            call.sendMessage(frame(headers.header(3, 0, pool.crc32c(one)), three));
            awaitFrames(5);
            channel.shutdownNow();
        }

        assertAllFound();
    }

    @Test
    void theRawRelaysConsumerFindsThem() throws IOException {
        try (RawRelay relay = new RawRelay(0);
                RawLink link = new RawLink("127.0.0.1:" + relay.port(), workload);
                SocketChannel publisher = SocketChannel.open(new InetSocketAddress("127.0.0.1", relay.port()))) {
            link.consumer(0, 0, () -> inbox);
            publisher.write(
                    ByteBuffer.allocate(5).put(RawRelay.PUBLISH).putInt(0).flip());

            publisher.write(frame(pool.crc32c(one), one));
            publisher.write(frame(pool.crc32c(four), four));
            publisher.write(frame(pool.crc32c(two), two));
            publisher.write(frame(pool.crc32c(two), two));
            publisher.write(frame(pool.crc32c(one), three));
            awaitFrames(5);
        }

        assertAllFound();
    }

    private void assertAllFound() {
        Defects defects = check.settle(3, Map.of());
        assertThat(defects.reordered()).as("2 behind 4").isOne();
        assertThat(defects.duplicates()).as("2 again").isOne();
        assertThat(defects.damaged()).as("3 with the checksum of 1").isOne();
        assertThat(defects.lost()).as("3").isOne();
        assertThat(defects.ghosts()).as("4, where the publisher ended at 3").isOne();
    }

    private void awaitFrames(long frames) {
        while (inbox.frames() < frames) {
            LockSupport.parkNanos(100_000);
        }
    }

    private static PublishMessage frame(byte[] header, byte[] payload) {
        return new PublishMessage.NewFrames(List.of(new NewFrame(header, payload, 0, payload.length)));
    }

    private static ByteBuffer frame(int crc, byte[] payload) {
        return ByteBuffer.allocate(RawLink.PREFIX_BYTES + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(payload.length)
                .putInt(crc)
                .put(payload)
                .flip();
    }
}
