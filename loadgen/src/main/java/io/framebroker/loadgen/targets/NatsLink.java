package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.nats.client.ConsumeOptions;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * NATS JetStream: a stream for each camera, a durable pull consumer for each group, every message acknowledged. Changed
 * and asked by one thread.
 */
final class NatsLink implements Link {
    /** What a consumer has asked for and not been given yet, over all cameras. */
    private static final int ASKED_BYTES = 8 << 20;

    private static final int LEAST_ASKED = 8;
    private static final int LEAST_UNACKED = 1_000;

    private final String url;
    private final Workload workload;
    private final StreamLimits limits;

    /** One for each publisher and each consumer. */
    private final List<NatsClient> clients = new ArrayList<>();

    /** Asks how far groups are; null where there are no consumers. */
    private NatsClient asking;

    NatsLink(String url, Workload workload, StreamLimits limits) {
        this.url = url;
        this.workload = workload;
        this.limits = limits;
    }

    /** Streams' names may hold neither slashes nor dots. */
    static String stream(Workload workload, int camera) {
        return workload.stream(camera).replace('/', '-');
    }

    static String group(int number) {
        return "g" + number;
    }

    @Override
    public FrameSink publisher(FramePool pool) {
        return new NatsSink(connect(), workload, limits, pool);
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) {
        if (asking == null) {
            asking = connect();
        }
        NatsClient client = connect();
        // One thread delivers what all cameras bring.
        Dispatcher dispatcher = client.connection().createDispatcher();
        Inbox inbox = inboxes.get();
        FrameLabel label = new FrameLabel(workload);
        int most = Math.min(workload.window(), Math.max(1, ASKED_BYTES / workload.frameBytes()));
        int asked = Math.max(Math.min(workload.window(), LEAST_ASKED), most / workload.cameras());
        ConsumerConfiguration durable = ConsumerConfiguration.builder()
                .durable(group(group))
                .ackPolicy(AckPolicy.Explicit)
                .maxAckPending(Math.max(LEAST_UNACKED, 4L * asked))
                .build();
        try {
            JetStreamManagement streams = client.connection().jetStreamManagement(NatsClient.PATIENT);
            for (int camera = 0; camera < workload.cameras(); camera++) {
                int of = camera;
                String stream = stream(workload, camera);
                streams.addOrUpdateConsumer(stream, durable);
                client.connection()
                        .getConsumerContext(stream, group(group), NatsClient.PATIENT)
                        .consume(
                                ConsumeOptions.builder().batchSize(asked).build(),
                                dispatcher,
                                message -> accept(message, of, label, inbox));
            }
        } catch (IOException | JetStreamApiException e) {
            throw new TargetException(client + ": group " + group(group) + ": " + e.getMessage(), e);
        }
    }

    private static void accept(Message message, int camera, FrameLabel label, Inbox inbox) {
        Headers headers = message.getHeaders();
        String of = headers == null ? null : headers.getFirst(NatsSink.LABEL);
        int attempt = (int) message.metaData().deliveredCount();
        label.take(of, message.getData(), camera, attempt, inbox);
        message.ack();
    }

    private NatsClient connect() {
        NatsClient client = NatsClient.open(url);
        clients.add(client);
        return client;
    }

    /** What the server says: it numbers a stream's messages as we number the camera's frames. */
    @Override
    public long settled(int group) {
        try {
            JetStreamManagement streams = asking.connection().jetStreamManagement(NatsClient.PATIENT);
            long settled = 0;
            for (int camera = 0; camera < workload.cameras(); camera++) {
                settled += streams.getConsumerInfo(stream(workload, camera), group(group))
                        .getAckFloor()
                        .getStreamSequence();
            }
            return settled;
        } catch (IOException | JetStreamApiException e) {
            throw new TargetException(asking + ": group " + group(group) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String failure() {
        for (NatsClient client : clients) {
            if (client.failure() != null) {
                return client.failure();
            }
        }
        return null;
    }

    /** The consumers' side is closed last, and takes the run's streams with it. */
    @Override
    public void close() {
        if (asking != null) {
            deleteStreams();
        }
        clients.forEach(NatsClient::close);
    }

    private void deleteStreams() {
        try {
            JetStreamManagement streams = asking.connection().jetStreamManagement(NatsClient.PATIENT);
            for (int camera = 0; camera < workload.cameras(); camera++) {
                streams.deleteStream(stream(workload, camera));
            }
        } catch (IOException | JetStreamApiException | IllegalStateException e) {
            System.err.println("streams of this run may stay in " + asking + ": " + e.getMessage());
        }
    }
}
