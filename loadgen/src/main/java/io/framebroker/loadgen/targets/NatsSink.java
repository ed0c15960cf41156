package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.PublishAck;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A camera's publisher on JetStream. Its stream holds the backlog and the retention behind it and discards the oldest;
 * the publisher waits before a frame that a group has not settled could be among them.
 */
final class NatsSink extends MessageSink {
    /** Name of the header that holds a {@link FrameLabel}. */
    static final String LABEL = "Frame";

    private final NatsClient client;
    private final String name;
    private final int groups;
    private final JetStream stream;
    private final JetStreamManagement streams;

    /** Written by the sending thread. */
    private volatile long published;

    private final AtomicLong stored = new AtomicLong();

    NatsSink(NatsClient client, Workload workload, StreamLimits limits, FramePool pool) {
        super(workload, limits, pool);
        this.client = client;
        this.name = NatsLink.stream(workload, pool.camera());
        this.groups = workload.groups();
        try {
            this.streams = client.connection().jetStreamManagement(NatsClient.PATIENT);
            this.stream = client.connection().jetStream(NatsClient.PATIENT);
            streams.addStream(StreamConfiguration.builder()
                    .name(name)
                    .subjects(name)
                    .storageType(StorageType.File)
                    .replicas(1)
                    .retentionPolicy(RetentionPolicy.Limits)
                    .discardPolicy(DiscardPolicy.Old)
                    .maxMessages(limits.backlogFramesOf(workload) + limits.retentionFramesOf(workload))
                    .build());
        } catch (IOException | JetStreamApiException e) {
            throw new TargetException(client + ": stream " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    void publish(long sequence, String label, byte[] payload) {
        published = sequence;
        stream.publishAsync(name, new Headers().put(LABEL, label), payload)
                .whenComplete((ack, failure) -> heard(sequence, ack, failure));
    }

    private void heard(long sequence, PublishAck ack, Throwable failure) {
        if (failure != null) {
            fail(client + ": frame " + sequence + ": " + failure.getMessage());
        } else if (ack.getSeqno() != sequence) {
            fail(client + " numbered frame " + sequence + " as " + ack.getSeqno() + "; nothing could be checked");
        } else {
            stored.incrementAndGet();
            wake();
        }
    }

    @Override
    long published() {
        return published;
    }

    @Override
    long unconfirmed() {
        return published - stored.get();
    }

    @Override
    Map<Long, String> refused() {
        return Map.of();
    }

    @Override
    long settledThrough() throws IOException, JetStreamApiException {
        long slowest = Long.MAX_VALUE;
        for (int group = 0; group < groups; group++) {
            long settled = streams.getConsumerInfo(name, NatsLink.group(group))
                    .getAckFloor()
                    .getStreamSequence();
            slowest = Math.min(slowest, settled);
        }
        return slowest;
    }
}
