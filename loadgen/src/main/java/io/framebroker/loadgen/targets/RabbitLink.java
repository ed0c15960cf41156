package io.framebroker.loadgen.targets;

import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * RabbitMQ: a topic exchange for the run, a durable quorum queue for each group and camera. Changed and asked by one
 * thread.
 */
final class RabbitLink implements Link {
    private static final Map<String, Object> QUORUM = Map.of("x-queue-type", "quorum");

    private final String url;
    private final Workload workload;
    private final StreamLimits limits;

    /** One for each publisher and each consumer. */
    private final List<RabbitClient> clients = new ArrayList<>();

    /** By group. */
    private final Map<Integer, List<RabbitReader>> readers = new TreeMap<>();

    RabbitLink(String url, Workload workload, StreamLimits limits) {
        this.url = url;
        this.workload = workload;
        this.limits = limits;
    }

    static String exchange(Workload workload) {
        return "loadgen." + Long.toHexString(workload.runId());
    }

    /** Routing key of a camera's frames. */
    static String key(Workload workload, int camera) {
        return workload.stream(camera).replace('/', '.');
    }

    static String queue(Workload workload, int camera, int group) {
        return key(workload, camera) + ".g" + group;
    }

    @Override
    public FrameSink publisher(FramePool pool) {
        RabbitClient client = connect();
        try {
            return new RabbitSink(client, workload, limits, pool);
        } catch (IOException e) {
            throw new TargetException(client + ": camera " + pool.camera() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) {
        RabbitClient client = connect();
        try {
            if (!readers.containsKey(group)) {
                readers.put(group, new ArrayList<>());
                declareQueues(client, group);
            }
            RabbitReader reader = new RabbitReader(client, workload, group, member, inboxes.get());
            readers.get(group).add(reader);
            reader.start();
        } catch (IOException e) {
            throw new TargetException(client + ": group g" + group + ": " + e.getMessage(), e);
        }
    }

    private void declareQueues(RabbitClient client, int group) throws IOException {
        Channel channel = client.channel();
        declareExchange(channel, workload);
        for (int camera = 0; camera < workload.cameras(); camera++) {
            String queue = queue(workload, camera, group);
            channel.queueDeclare(queue, true, false, false, QUORUM);
            channel.queueBind(queue, exchange(workload), key(workload, camera));
        }
        channel.abort();
    }

    /** Whoever comes first makes it. */
    static void declareExchange(Channel channel, Workload workload) throws IOException {
        channel.exchangeDeclare(exchange(workload), "topic", true);
    }

    private RabbitClient connect() {
        RabbitClient client = RabbitClient.open(url);
        clients.add(client);
        return client;
    }

    @Override
    public long settled(int group) {
        return readers.get(group).stream().mapToLong(RabbitReader::settled).sum();
    }

    @Override
    public String failure() {
        for (RabbitClient client : clients) {
            if (client.failure() != null) {
                return client.failure();
            }
        }
        for (List<RabbitReader> members : readers.values()) {
            for (RabbitReader reader : members) {
                if (reader.failure() != null) {
                    return reader.failure();
                }
            }
        }
        return null;
    }

    /** The consumers' side is closed last, and takes the run's queues with it. */
    @Override
    public void close() {
        readers.values().forEach(members -> members.forEach(RabbitReader::close));
        if (!readers.isEmpty()) {
            deleteQueues();
        }
        clients.forEach(RabbitClient::close);
    }

    private void deleteQueues() {
        RabbitClient client = clients.get(0);
        try {
            Channel channel = client.channel();
            for (int group : readers.keySet()) {
                for (int camera = 0; camera < workload.cameras(); camera++) {
                    channel.queueDelete(queue(workload, camera, group));
                }
            }
            channel.exchangeDelete(exchange(workload));
        } catch (IOException | AlreadyClosedException e) {
            System.err.println("queues of this run may stay in " + client + ": " + e.getMessage());
        }
    }
}
