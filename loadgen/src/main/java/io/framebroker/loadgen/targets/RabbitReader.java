package io.framebroker.loadgen.targets;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.Workload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A consumer on RabbitMQ: it takes what has come, checks it, and acknowledges all of it at once. The server sends no more
 * than the window ahead of that. Runs in a thread of its own.
 */
final class RabbitReader implements Runnable, AutoCloseable {
    /** A channel's largest prefetch. */
    private static final int MOST_PREFETCHED = 65_535;

    private record Delivery(int camera, Envelope envelope, String label, byte[] payload) {}

    private final Workload workload;
    private final int group;
    private final Inbox inbox;
    private final FrameLabel label;
    private final Channel channel;
    private final Thread thread;

    /** Bounded by the window, which the server keeps to. */
    private final BlockingQueue<Delivery> arrived = new LinkedBlockingQueue<>();

    private volatile long settled;
    private volatile String failure;
    private volatile boolean closed;

    RabbitReader(RabbitClient client, Workload workload, int group, int member, Inbox inbox) throws IOException {
        this.workload = workload;
        this.group = group;
        this.inbox = inbox;
        this.label = new FrameLabel(workload);
        this.channel = client.channel();
        this.thread = new Thread(this, "rabbitmq-g" + group + "-c" + member);
        thread.setDaemon(true);
    }

    /** Returns when the server knows of the consumer. */
    void start() throws IOException {
        thread.start();
        int prefetched = Math.max(1, workload.window() / workload.cameras());
        channel.basicQos(Math.min(MOST_PREFETCHED, prefetched));
        for (int camera = 0; camera < workload.cameras(); camera++) {
            channel.basicConsume(RabbitLink.queue(workload, camera, group), false, new Arrivals(channel, camera));
        }
    }

    /** Frames acknowledged. RabbitMQ does not confirm it; but it sends nothing beyond the window of what it has not heard of. */
    long settled() {
        return settled;
    }

    String failure() {
        return failure;
    }

    @Override
    public void run() {
        List<Delivery> taken = new ArrayList<>();
        try {
            while (!closed) {
                taken.add(arrived.take());
                arrived.drainTo(taken);
                for (Delivery delivery : taken) {
                    int attempt = delivery.envelope.isRedeliver() ? 2 : 1;
                    label.take(delivery.label, delivery.payload, delivery.camera, attempt, inbox);
                }
                long last = taken.get(taken.size() - 1).envelope.getDeliveryTag();
                channel.basicAck(last, true);
                settled += taken.size();
                taken.clear();
            }
        } catch (IOException | AlreadyClosedException | InterruptedException e) {
            if (!closed) {
                failure = "consumer of group g" + group + ": " + e.getMessage();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    /** Called by the connection's threads, one at a time for a channel. */
    private final class Arrivals extends DefaultConsumer {
        private final int camera;

        Arrivals(Channel channel, int camera) {
            super(channel);
            this.camera = camera;
        }

        @Override
        public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] payload) {
            arrived.add(new Delivery(camera, envelope, properties.getMessageId(), payload));
        }

        @Override
        public void handleCancel(String tag) {
            failure = "consumer of group g" + group + ": its queue is gone";
        }
    }
}
