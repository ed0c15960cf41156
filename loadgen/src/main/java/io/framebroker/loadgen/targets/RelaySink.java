package io.framebroker.loadgen.targets;

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
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** A camera's call to the bare relay. Sends while the call is ready; payloads are copied out before send returns. */
final class RelaySink implements FrameSink {
    private final Workload workload;
    private final FramePool pool;
    private final HeaderWriter headers;
    private final ClientCall<PublishMessage, PublishFramesResponse> call;
    private final CompletableFuture<Void> opened = new CompletableFuture<>();

    /** Who waits for {@code onReady}; set before the last look at {@code isReady}, so that no wake-up is missed. */
    private volatile Thread waiter;

    private volatile Status ended;
    private volatile long sent;

    RelaySink(Channel channel, Workload workload, FramePool pool) {
        this.workload = workload;
        this.pool = pool;
        this.headers = new HeaderWriter(Codec.CODEC_JPEG);
        int messageBytes = workload.frameBytes() * workload.batch();
        this.call = channel.newCall(
                FrameBrokerMethods.PUBLISH_FRAMES,
                CallOptions.DEFAULT.withOnReadyThreshold(Grpc.readyThresholdBytes(messageBytes)));
        call.start(new Answers(), new Metadata());
        PublishOpen open = PublishOpen.newBuilder()
                .setStream(workload.stream(pool.camera()))
                .setPublisherId("loadgen-" + pool.camera())
                .setMaxFrameBytes(workload.frameBytes() + 1024)
                .build();
        call.sendMessage(new PublishMessage.Control(
                PublishFramesRequest.newBuilder().setOpen(open).build()));
        call.request(1);
    }

    CompletableFuture<Void> opened() {
        return opened;
    }

    @Override
    public void send(long[] dueMicros) throws InterruptedException {
        List<NewFrame> frames = new ArrayList<>(dueMicros.length);
        for (long due : dueMicros) {
            byte[] payload = pool.take(due);
            byte[] header = workload.verify()
                    ? headers.header(pool.lastSequence(), due, pool.crc32c(payload))
                    : headers.header(pool.lastSequence(), due);
            frames.add(new NewFrame(header, payload, 0, payload.length));
        }
        awaitReady();
        call.sendMessage(new PublishMessage.NewFrames(frames));
        sent = pool.lastSequence();
    }

    private void awaitReady() throws InterruptedException {
        while (!call.isReady()) {
            if (ended != null) {
                throw new TargetException("the relay ended the call of camera " + pool.camera() + ": " + ended);
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            waiter = Thread.currentThread();
            if (!call.isReady() && ended == null) {
                LockSupport.park(this);
            }
        }
    }

    @Override
    public Map<Long, String> flush(Duration timeout) {
        return Map.of();
    }

    @Override
    public long confirmed() {
        return sent;
    }

    @Override
    public void close() {
        call.halfClose();
    }

    private final class Answers extends ClientCall.Listener<PublishFramesResponse> {
        @Override
        public void onMessage(PublishFramesResponse answer) {
            opened.complete(null);
            call.request(1);
        }

        @Override
        public void onReady() {
            LockSupport.unpark(waiter);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            ended = status;
            opened.completeExceptionally(status.asException());
            LockSupport.unpark(waiter);
        }
    }
}
