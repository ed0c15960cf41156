package io.framebroker.server.http;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ids of the newest frames that a stream still has: what was posted before the gateway started, or elsewhere. */
final class StoredIds {
    private static final Logger log = LoggerFactory.getLogger(StoredIds.class);
    /** Longer than that, posting goes on without. */
    private static final long READ_MILLIS = 3_000;
    /** Frames are read for their ids. */
    private static final long MOST_BYTES = 64 << 20;

    private StoredIds() {}

    /** The oldest first; fewer than asked for where frames are large or reading takes long. */
    static List<String> newest(Channel broker, String name, int most) throws InterruptedException {
        Stream stream;
        try {
            stream = StreamServiceGrpc.newBlockingStub(broker)
                    .withDeadlineAfter(READ_MILLIS, TimeUnit.MILLISECONDS)
                    .getStream(GetStreamRequest.newBuilder().setName(name).build())
                    .getStream();
        } catch (StatusRuntimeException e) {
            throw GatewayException.of(e);
        }
        if (stream.getFrames() == 0) {
            return List.of();
        }
        long frameBytes = Math.max(1, stream.getBytes() / stream.getFrames());
        long frames = Math.max(1, Math.min(most, MOST_BYTES / frameBytes));
        long last = stream.getLastId().getOrdinal();
        Reading reading = new Reading();
        Context.CancellableContext context = Context.current().withCancellation();
        try {
            context.run(() -> FrameBrokerServiceGrpc.newStub(broker)
                    .consumeFrames(reading)
                    .onNext(ConsumeFramesRequest.newBuilder()
                            .setOpen(open(name, Math.max(1, last - frames + 1)))
                            .build()));
            if (!reading.done.await(READ_MILLIS, TimeUnit.MILLISECONDS)) {
                log.warn(
                        "stream {}: the ids of its newest frames could not be read within {} ms; posted again, they may be"
                                + " stored again",
                        name,
                        READ_MILLIS);
            }
        } finally {
            context.cancel(null);
        }
        synchronized (reading) {
            return List.copyOf(reading.ids);
        }
    }

    private static ConsumeOpen open(String stream, long fromOrdinal) {
        return ConsumeOpen.newBuilder()
                .addStreams(stream)
                .setMode(ConsumeMode.CONSUME_MODE_REPLAY)
                .setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY)
                .setAutoAck(true)
                .setSettings(GroupSettings.newBuilder()
                        .setStart(StartPosition.newBuilder()
                                .setId(FrameId.newBuilder().setGeneration(1).setOrdinal(fromOrdinal))))
                .build();
    }

    private static final class Reading implements StreamObserver<ConsumeFramesResponse> {
        private final List<String> ids = new ArrayList<>();
        private final CountDownLatch done = new CountDownLatch(1);

        @Override
        public synchronized void onNext(ConsumeFramesResponse response) {
            response.getDeliveries().getDeliveriesList().forEach(each -> {
                String id = each.getFrame().getHeader().getFrameId();
                if (!id.isEmpty()) {
                    ids.add(id);
                }
            });
        }

        @Override
        public void onError(Throwable t) {
            done.countDown();
        }

        @Override
        public void onCompleted() {
            done.countDown();
        }
    }
}
