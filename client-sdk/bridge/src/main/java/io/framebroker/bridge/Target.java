package io.framebroker.bridge;

import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.GiveUpException;
import io.framebroker.bridge.source.Loss;
import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameBrokerException;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.client.PublishFailure;
import io.framebroker.client.PublishListener;
import io.framebroker.client.PublisherStats;
import io.framebroker.client.WhenFull;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Demand;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One stream of the broker, and the entries on their way there, in order. For the pump's thread. */
final class Target {
    private static final Logger log = LoggerFactory.getLogger(Target.class);

    /**
     * How streams are published.
     *
     * @param mostFrames no publisher will ever hold more
     */
    record Settings(
            String publisherId, long epoch, AckLevel ackLevel, int maxPayloadBytes, int mostFrames, Duration close) {}

    private final FramePublisher publisher;
    private final ArrayDeque<Carried> carried = new ArrayDeque<>();

    /** @param outcomes hears, on any thread, what becomes of the entries */
    Target(FrameBrokerClient client, String stream, Settings settings, Consumer<Outcome> outcomes) {
        publisher = client.publisher(stream)
                .publisherId(settings.publisherId())
                .epoch(settings.epoch())
                .resuming()
                .ackLevel(settings.ackLevel())
                .maxFrameBytes(settings.maxPayloadBytes() + FrameMapping.HEADER_BYTES)
                // The pump counts what is on its way: the ring has room for all of it and drops nothing.
                .ringFrames(settings.mostFrames())
                .ringBytes(Long.MAX_VALUE / 2)
                .whenFull(WhenFull.BLOCK)
                .closeTimeout(settings.close())
                .listener(new Listener(stream, outcomes))
                .open();
    }

    String stream() {
        return publisher.stream();
    }

    /** @throws GiveUpException when the broker will never take it */
    void publish(Carried entry, OutgoingFrame frame) {
        carried.add(entry);
        try {
            publisher.publish(frame);
        } catch (FrameBrokerException e) {
            throw new GiveUpException(e.getMessage(), e);
        }
    }

    /** @throws GiveUpException when the publisher has failed for good: then an unknown outcome is nobody's word */
    void requireAlive() {
        try {
            publisher.publish(List.of());
        } catch (FrameBrokerException e) {
            throw new GiveUpException(e.getMessage(), e);
        }
    }

    /** Takes out the entries up to this sequence. */
    List<Carried> takeThrough(long sequence) {
        List<Carried> taken = new ArrayList<>();
        while (!carried.isEmpty() && carried.peek().sequence() <= sequence) {
            taken.add(carried.poll());
        }
        return taken;
    }

    /** Takes out one entry; null when it is not there. */
    Carried take(long sequence) {
        for (Iterator<Carried> each = carried.iterator(); each.hasNext(); ) {
            Carried entry = each.next();
            if (entry.sequence() == sequence) {
                each.remove();
                return entry;
            }
        }
        return null;
    }

    /** @param told hears whether the ledger has it */
    void report(Loss loss, Consumer<Outcome> told) {
        try {
            publisher
                    .report(loss.reason(), loss.count(), loss.estimated())
                    .whenComplete((done, failure) -> told.accept(new Outcome.Told(loss, failure == null)));
        } catch (FrameBrokerException e) {
            throw new GiveUpException(e.getMessage(), e);
        }
    }

    PublisherStats stats() {
        return publisher.stats();
    }

    @Override
    public String toString() {
        return publisher.toString();
    }

    private final class Listener implements PublishListener {
        private final String stream;
        private final Consumer<Outcome> outcomes;

        /** Whether anybody takes the frames, as was said last. */
        private volatile boolean wanted = true;

        Listener(String stream, Consumer<Outcome> outcomes) {
            this.stream = stream;
            this.outcomes = outcomes;
        }

        @Override
        public void stored(long throughSequence, AckLevel level) {
            outcomes.accept(new Outcome.Stored(Target.this, throughSequence));
        }

        @Override
        public void failed(long sequence, PublishFailure kind, String reason, String message) {
            outcomes.accept(new Outcome.Failed(Target.this, sequence, kind, reason, message));
        }

        @Override
        public void connected(PublishOpened opened) {
            outcomes.accept(new Outcome.Opened(
                    Target.this, EntryId.ofSequence(opened.getLastSequence()), opened.getAckLevel()));
        }

        @Override
        public void demand(Demand demand) {
            boolean before = wanted;
            wanted = demand.getConsumers() > 0 || demand.getGroups() > 0;
            if (before && !wanted) {
                log.info("nobody takes the frames of stream {}: they are kept for a while, and then let go", stream);
            }
        }

        @Override
        public void waiting(String reason) {
            log.info("stream {} has to wait: {}", stream, reason);
        }

        @Override
        public void disconnected(Status status) {
            if (!status.isOk()) {
                log.warn("stream {} is not published: {} {}", stream, status.getCode(), status.getDescription());
            }
        }
    }
}
