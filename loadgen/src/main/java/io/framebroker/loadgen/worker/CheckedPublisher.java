package io.framebroker.loadgen.worker;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameBrokerException;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.loadgen.load.Pacer;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.log.PublisherLog;
import io.framebroker.loadgen.role.RunFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Publishes frames of known content on one stream and writes down, before and after, what becomes of each. {@link #start},
 * {@link #stop} and {@link #close} are for one thread.
 */
final class CheckedPublisher implements AutoCloseable {
    private static final long OPEN_SECONDS = 60;
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final int HEADER_BYTES = 1024;

    /** A schedule that is as late as this is given up: a camera does not send the past. */
    private static final long MOST_LATE_MICROS = 500_000;

    private final PublisherSetup setup;
    private final PublisherLog log;
    private final OutcomeLog outcomes;
    private final FrameBrokerClient client;
    private final FramePublisher publisher;
    private final Thread thread = new Thread(this::run, "checked-publisher");
    private volatile boolean running = true;

    /** Sequence of the last frame that was begun with; written by the publishing thread. */
    private volatile long invoked;

    private volatile String failure = "";

    CheckedPublisher(PublisherSetup setup) throws InterruptedException {
        this.setup = setup;
        this.log = PublisherLog.create(setup.logs(), setup.source(), setup.seed());
        this.outcomes = new OutcomeLog(log);
        this.client = Brokers.connect(setup.brokers());
        this.publisher = client.publisher(setup.source().stream())
                .publisherId(setup.source().publisher())
                .epoch(setup.source().epoch())
                .maxFrameBytes(setup.frameBytes() + HEADER_BYTES)
                .ringFrames(setup.ringFrames())
                .whenFull(setup.whenFull())
                .closeTimeout(CLOSE_TIMEOUT)
                .listener(outcomes)
                .open();
        thread.setDaemon(true);
        if (!outcomes.opened().await(OPEN_SECONDS, TimeUnit.SECONDS)) {
            close();
            throw new RunFailure(publisher + ": the broker did not answer open within " + OPEN_SECONDS + " s");
        }
    }

    void start() {
        thread.start();
    }

    long invoked() {
        return invoked;
    }

    long acked() {
        return outcomes.acked();
    }

    /** Frames that have an outcome. */
    long resolved() {
        return outcomes.resolved();
    }

    long calls() {
        return outcomes.calls();
    }

    /** Why it publishes no more; empty while it does. */
    String failure() {
        return failure;
    }

    /** Publishes no more, and waits until every frame has its outcome, or for so long. */
    void stop(Duration patience) throws InterruptedException {
        running = false;
        thread.join(patience.toMillis());
        try {
            publisher.flush().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // What has no outcome by now gets one from close: UNKNOWN, or UNSENT.
            failure = failure.isEmpty() ? "no outcome within " + patience : failure;
        }
    }

    @Override
    public void close() {
        running = false;
        outcomes.closing();
        publisher.close();
        try {
            thread.join(JOIN_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        log.end(outcomes.unsure() + invoked - outcomes.resolved());
        client.close();
        log.close();
    }

    private void run() {
        Pacer pacer = new Pacer(setup.framesPerSecond(), Pacer.Clock.SYSTEM);
        long[] due = new long[1];
        while (running) {
            pacer.next(due);
            if (Stamp.nowMicros() - due[0] > MOST_LATE_MICROS) {
                pacer.restart(0);
            }
            if (!publish(invoked + 1)) {
                return;
            }
        }
    }

    private boolean publish(long sequence) {
        OutgoingFrame frame = OutgoingFrame.jpeg(
                        CheckedPayload.of(setup.seed(), setup.source(), sequence, setup.frameBytes()))
                .frameId(setup.source().frameId(sequence))
                .capturedAt(Instant.now());
        log.invoke(sequence);
        invoked = sequence;
        outcomes.publishing();
        try {
            long given = publisher.publish(frame);
            if (given != sequence) {
                failure = publisher + " numbered frame " + sequence + " as " + given;
            }
        } catch (FrameBrokerException e) {
            failure = e.getMessage();
            outcomes.notTaken(sequence, e.reason());
        } catch (IllegalStateException e) {
            outcomes.notTaken(sequence, "CLOSED");
            return false;
        } finally {
            outcomes.published();
        }
        return failure.isEmpty();
    }
}
