package io.framebroker.loadgen.targets;

import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.PublishMessage;
import io.framebroker.wire.WireDelivery;
import io.framebroker.wire.WireFrame;
import io.grpc.ServerCall;
import java.util.ArrayList;
import java.util.List;

/**
 * One stream of the bare relay: its consumers, and the publishers that wait for them. A stream without consumers holds
 * its publishers back.
 *
 * <p>Publishers and consumers may live on different event loops, so everything here is guarded by the stream's lock;
 * without it: (1) the publisher's loop sees a consumer that is not ready, (2) the consumer's loop becomes ready and
 * finds nobody waiting, (3) the publisher begins to wait, for ever. A consumer call may take several streams, and a call
 * takes one message at a time, so sending holds the call's own lock too.
 */
final class RelayStream {
    private final String name;

    private final List<ServerCall<?, ConsumeMessage>> consumers = new ArrayList<>();
    private final List<ServerCall<?, ?>> waiting = new ArrayList<>();
    private long ordinal;

    RelayStream(String name) {
        this.name = name;
    }

    synchronized void add(ServerCall<?, ConsumeMessage> consumer) {
        consumers.add(consumer);
        release();
    }

    synchronized void remove(ServerCall<?, ConsumeMessage> consumer) {
        consumers.remove(consumer);
        release();
    }

    synchronized void consumerReady() {
        release();
    }

    /** The publisher can take its next message as soon as every consumer is ready. */
    synchronized void wants(ServerCall<?, ?> publisher) {
        if (ready()) {
            publisher.request(1);
        } else {
            waiting.add(publisher);
        }
    }

    /** Sends the frames to every consumer. */
    synchronized void relay(ServerCall<?, ?> publisher, PublishMessage.Frames frames) {
        List<WireDelivery> deliveries = new ArrayList<>(frames.frames().size());
        for (WireFrame frame : frames.frames()) {
            deliveries.add(new WireDelivery(1, ++ordinal, 1, frame.sequence(), 0, frame));
        }
        ConsumeMessage message = new ConsumeMessage.Deliveries(name, "", 0, 0, deliveries);
        for (ServerCall<?, ConsumeMessage> consumer : consumers) {
            synchronized (consumer) {
                if (!consumer.isCancelled()) {
                    consumer.sendMessage(message);
                }
            }
        }
        wants(publisher);
    }

    private void release() {
        if (!waiting.isEmpty() && ready()) {
            List<ServerCall<?, ?>> released = List.copyOf(waiting);
            waiting.clear();
            released.forEach(publisher -> publisher.request(1));
        }
    }

    private boolean ready() {
        for (ServerCall<?, ConsumeMessage> consumer : consumers) {
            if (!consumer.isReady() && !consumer.isCancelled()) {
                return false;
            }
        }
        return !consumers.isEmpty();
    }
}
