package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.WireDelivery;
import io.framebroker.wire.WireFrame;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The bare relay's clients: plain calls with manual flow control, nothing in between. */
final class RelayLink implements Link {
    /** Messages asked for ahead; enough to never wait for the request to travel. */
    private static final int AHEAD_MESSAGES = 4;

    private static final int OPEN_SECONDS = 60;

    private final Workload workload;
    private final ManagedChannel channel;
    private volatile String failure;

    RelayLink(String address, Workload workload) {
        this.workload = workload;
        this.channel = Grpc.channel(address);
    }

    @Override
    public FrameSink publisher(FramePool pool) throws InterruptedException {
        RelaySink sink = new RelaySink(channel, workload, pool);
        await(sink.opened(), "publisher of camera " + pool.camera());
        return sink;
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) throws InterruptedException {
        ConsumeOpen.Builder open = ConsumeOpen.newBuilder();
        Map<String, Integer> cameras = new HashMap<>();
        for (int camera = 0; camera < workload.cameras(); camera++) {
            open.addStreams(workload.stream(camera));
            cameras.put(workload.stream(camera), camera);
        }
        ClientCall<ConsumeFramesRequest, ConsumeMessage> call =
                channel.newCall(FrameBrokerMethods.CONSUME_FRAMES, CallOptions.DEFAULT);
        ConsumerCall listener = new ConsumerCall(call, cameras, inboxes.get());
        call.start(listener, new Metadata());
        call.sendMessage(ConsumeFramesRequest.newBuilder().setOpen(open).build());
        call.request(AHEAD_MESSAGES);
        await(listener.opened, "consumer " + member + " of group " + group);
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static void await(CompletableFuture<Void> opened, String who) throws InterruptedException {
        try {
            opened.get(OPEN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new TargetException(who + ": " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new TargetException(who + ": the relay did not answer open within " + OPEN_SECONDS + " s", e);
        }
    }

    private final class ConsumerCall extends ClientCall.Listener<ConsumeMessage> {
        private final ClientCall<?, ?> call;
        private final Map<String, Integer> cameras;
        private final Inbox inbox;
        private final CompletableFuture<Void> opened = new CompletableFuture<>();

        ConsumerCall(ClientCall<?, ?> call, Map<String, Integer> cameras, Inbox inbox) {
            this.call = call;
            this.cameras = cameras;
            this.inbox = inbox;
        }

        @Override
        public void onMessage(ConsumeMessage message) {
            if (message instanceof ConsumeMessage.Deliveries deliveries) {
                int camera = cameras.get(deliveries.stream());
                for (WireDelivery delivery : deliveries.deliveries()) {
                    accept(camera, delivery);
                }
            } else if (message instanceof ConsumeMessage.Control control
                    && control.response().hasOpened()) {
                opened.complete(null);
            } else {
                call.cancel("not understood: " + message, null);
            }
            call.request(1);
        }

        private void accept(int camera, WireDelivery delivery) {
            WireFrame frame = delivery.wireFrame();
            boolean crcMatches = !workload.verify() || frame.crcMatches();
            ByteBuffer payload = frame.payload().order(ByteOrder.LITTLE_ENDIAN);
            inbox.accept(camera, payload, 0, payload.remaining(), delivery.attempt(), delivery.sequence(), crcMatches);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            failure = "a consumer's call ended: " + status;
            opened.completeExceptionally(status.asException());
        }
    }
}
