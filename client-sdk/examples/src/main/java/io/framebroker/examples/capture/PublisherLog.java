package io.framebroker.examples.capture;

import io.framebroker.client.PublishFailure;
import io.framebroker.client.PublishListener;
import io.framebroker.v1.Demand;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells in the log what happens between a camera and the broker; what happens often, at most once in five seconds. */
final class PublisherLog implements PublishListener {

    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final Logger log = LoggerFactory.getLogger(PublisherLog.class);

    private final String camera;
    private final Consumer<Demand> demanded;
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong quietUntilNanos = new AtomicLong(System.nanoTime());

    /** -1 until the broker has told. */
    private volatile int consumers = -1;

    /** @param demanded hears who wants the stream */
    PublisherLog(String camera, Consumer<Demand> demanded) {
        this.camera = camera;
        this.demanded = demanded;
    }

    @Override
    public void failed(long sequence, PublishFailure kind, String reason, String message) {
        long count = failures.incrementAndGet();
        long now = System.nanoTime();
        long quietUntil = quietUntilNanos.get();
        if (now - quietUntil >= 0 && quietUntilNanos.compareAndSet(quietUntil, now + PAUSE_NANOS)) {
            log.warn(
                    "{}: frame {} is not stored: {} {} {} ({} in all)", camera, sequence, kind, reason, message, count);
        }
    }

    @Override
    public void demand(Demand demand) {
        demanded.accept(demand);
        int before = consumers;
        consumers = demand.getConsumers();
        if (before != 0 && demand.getConsumers() == 0) {
            log.info("{}: nobody takes these frames at the moment ({} groups)", camera, demand.getGroups());
        } else if (before <= 0 && demand.getConsumers() > 0) {
            log.info("{}: {} consumers", camera, demand.getConsumers());
        }
    }

    @Override
    public void waiting(String reason) {
        log.info("{}: the broker asks to wait: {}", camera, reason);
    }

    @Override
    public void resumed() {
        log.info("{}: the broker takes frames again", camera);
    }

    @Override
    public void connected(PublishOpened opened) {
        log.info("{}: publishing, acks mean {}", camera, opened.getAckLevel());
    }

    @Override
    public void disconnected(Status status) {
        if (!status.isOk()) {
            log.warn("{}: the broker is away: {} {}", camera, status.getCode(), status.getDescription());
        }
    }
}
