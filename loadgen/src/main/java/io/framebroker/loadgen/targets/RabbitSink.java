package io.framebroker.loadgen.targets;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;

/** A camera's publisher on RabbitMQ: persistent messages on a channel with publisher confirms. */
final class RabbitSink extends MessageSink {
    private static final int PERSISTENT = 2;

    private final Workload workload;
    private final int camera;
    private final String exchange;
    private final String key;
    private final Channel channel;

    /** Where the lag is asked for; a channel is for one thread. */
    private final Channel asking;

    /** Frames published and neither confirmed nor refused; a frame is added before it can be heard of. */
    private final ConcurrentSkipListSet<Long> open = new ConcurrentSkipListSet<>();

    /** How many those are: the set would have to count. */
    private final AtomicLong openCount = new AtomicLong();

    private final Map<Long, String> refused = new ConcurrentSkipListMap<>();

    /** Written by the sending thread. */
    private volatile long published;

    RabbitSink(RabbitClient client, Workload workload, StreamLimits limits, FramePool pool) throws IOException {
        super(workload, limits, pool);
        this.workload = workload;
        this.camera = pool.camera();
        this.exchange = RabbitLink.exchange(workload);
        this.key = RabbitLink.key(workload, camera);
        this.channel = client.channel();
        this.asking = client.channel();
        RabbitLink.declareExchange(channel, workload);
        channel.confirmSelect();
        // The channel numbers what is published from 1 on, as we do.
        channel.addConfirmListener(this::confirmed, this::refused);
        channel.addShutdownListener(cause -> {
            if (!cause.isInitiatedByApplication()) {
                fail(client + ": " + cause.getMessage());
            }
        });
    }

    @Override
    void publish(long sequence, String label, byte[] payload) throws IOException {
        open.add(sequence);
        openCount.incrementAndGet();
        published = sequence;
        BasicProperties properties = new BasicProperties.Builder()
                .deliveryMode(PERSISTENT)
                .messageId(label)
                .build();
        channel.basicPublish(exchange, key, properties, payload);
    }

    private void confirmed(long sequence, boolean multiple) {
        if (!multiple) {
            close(sequence);
        } else {
            NavigableSet<Long> through = open.headSet(sequence, true);
            while (through.pollFirst() != null) {
                openCount.decrementAndGet();
            }
        }
        wake();
    }

    private void refused(long sequence, boolean multiple) {
        for (Long each : multiple ? open.headSet(sequence, true) : open.subSet(sequence, true, sequence, true)) {
            refused.put(each, "NACK");
            close(each);
        }
        wake();
    }

    private void close(long sequence) {
        if (open.remove(sequence)) {
            openCount.decrementAndGet();
        }
    }

    @Override
    long published() {
        return published;
    }

    @Override
    long unconfirmed() {
        return openCount.get();
    }

    @Override
    Map<Long, String> refused() {
        return new LinkedHashMap<>(refused);
    }

    /** A queue tells what waits in it, but not what its consumers hold: that is at most their window. */
    @Override
    long settledThrough() throws IOException {
        Long oldest = open.isEmpty() ? null : open.first();
        long through = oldest == null ? published : oldest - 1;
        long most = 0;
        for (int group = 0; group < workload.groups(); group++) {
            String queue = RabbitLink.queue(workload, camera, group);
            most = Math.max(most, asking.queueDeclarePassive(queue).getMessageCount());
        }
        return through - most;
    }
}
