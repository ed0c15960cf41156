package io.framebroker.loadgen.worker;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.log.ConsumerLog;
import io.framebroker.loadgen.log.Content;
import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.Gap;
import io.framebroker.v1.SettleResult;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * Takes the frames of a group, compares each with what it must be and writes down what it does with it: first that it came, then
 * the work, then that it is about to be acknowledged, then the ack; and what the broker answers. Handles one frame at a time, so
 * that the log has the order in which they came.
 */
final class CheckedConsumer implements AutoCloseable {
    private static final long OPEN_SECONDS = 60;
    private static final long POLL_MILLIS = 5;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final int HEADER_BYTES = 1024;

    private record Token(String stream, long generation, long ordinal, int attempt) {}

    private record Settling(FrameSource source, long sequence, boolean ack) {}

    private final ConsumerSetup setup;
    private final ConsumerLog log;
    private final FrameBrokerClient client;
    private final FrameConsumer consumer;

    private volatile boolean cured;

    /** Settlements without an answer. */
    private final Map<Token, Settling> settling = new ConcurrentHashMap<>();

    CheckedConsumer(ConsumerSetup setup) throws InterruptedException {
        this.setup = setup;
        this.log = ConsumerLog.create(
                setup.logs(),
                setup.run(),
                setup.group(),
                setup.consumer(),
                setup.streams(),
                setup.early(),
                setup.seed());
        this.client = Brokers.connect(setup.brokers());
        this.consumer = client.consumer(setup.streams().toArray(String[]::new))
                .group(setup.group())
                .consumerId(setup.consumer())
                .window(setup.window(), (long) setup.window() * (setup.frameBytes() + HEADER_BYTES))
                .lease(setup.lease())
                .early(setup.early())
                // What is killed and nacked on purpose is to be settled in the end all the same, but for poison.
                .maxAttempts(setup.poisonEvery() > 0 ? Checker.POISON_ATTEMPTS : 0)
                .fromEarliest()
                // A frame that is not what its checksum says is to be written down, not asked for again.
                .verifyChecksum(false)
                .manualSettle()
                .closeTimeout(CLOSE_TIMEOUT)
                .onSettled(this::settled)
                .onGap(this::gap)
                .onFrame(this::handle);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPEN_SECONDS);
        while (!consumer.stats().connected()) {
            if (!failure().isEmpty() || System.nanoTime() - deadline > 0) {
                String why = failure().isEmpty() ? "the broker did not answer open" : failure();
                close();
                throw new RunFailure(consumer + ": " + why);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** From now on it can handle what was poison. */
    void cure() {
        cured = true;
    }

    long delivered() {
        return consumer.stats().delivered();
    }

    long confirmed() {
        return consumer.stats().settledOk();
    }

    long reconnects() {
        return consumer.stats().reconnects();
    }

    /** Why it takes no more frames; empty while it does. */
    String failure() {
        if (!consumer.done().isCompletedExceptionally()) {
            return "";
        }
        try {
            consumer.done().join();
            return "";
        } catch (CompletionException e) {
            return e.getCause().getMessage();
        }
    }

    @Override
    public void close() {
        consumer.close();
        log.end(settling.size());
        client.close();
        log.close();
    }

    private void handle(ReceivedFrame frame) throws InterruptedException {
        String frameId = frame.header().getFrameId();
        FrameSource.Frame named = FrameSource.parse(frameId);
        FrameSource source = source(frame, named);
        long sequence = frame.sequence();
        Content content = content(frame, source, named);
        log.deliver(source, sequence, frame.attempt(), frame.generation(), frame.ordinal(), content);

        if (!setup.work().isZero()) {
            TimeUnit.NANOSECONDS.sleep(setup.work().toNanos());
        }

        boolean ack = !isToBeNacked(frame, source);
        log.settlement(ack ? Verb.ACK_SENT : Verb.NACK, source, sequence, frame.attempt());
        Token token = new Token(frame.stream(), frame.generation(), frame.ordinal(), frame.attempt());
        settling.put(token, new Settling(source, sequence, ack));
        if (ack) {
            frame.ack();
        } else {
            frame.retry(Duration.ZERO, "CHECKED");
        }
    }

    /** Where the envelope says that the frame comes from; which run, only the frame itself knows. */
    private FrameSource source(ReceivedFrame frame, FrameSource.Frame named) {
        String publisher = frame.publisherId().replaceAll("[/\\s]", "_");
        return new FrameSource(
                named == null ? setup.run() : named.source().run(),
                frame.stream(),
                publisher.isEmpty() ? "-" : publisher,
                frame.epoch());
    }

    private Content content(ReceivedFrame frame, FrameSource source, FrameSource.Frame named) {
        ByteBuffer payload = frame.payload();
        if (!frame.header().hasCrc32C() || frame.header().getCrc32C() != crc32c(payload.duplicate())) {
            return Content.CRC;
        }
        if (!new FrameSource.Frame(source, frame.sequence()).equals(named)) {
            return Content.LABEL;
        }
        return CheckedPayload.matches(payload, setup.seed(), source, frame.sequence(), setup.frameBytes())
                ? Content.OK
                : Content.BYTES;
    }

    private static int crc32c(ByteBuffer payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload);
        return (int) crc.getValue();
    }

    private boolean isToBeNacked(ReceivedFrame frame, FrameSource source) {
        if (setup.poisonEvery() > 0 && !cured && Long.remainderUnsigned(frame.sequence(), setup.poisonEvery()) == 0) {
            return true;
        }
        return setup.nackEvery() > 0
                && frame.attempt() == 1
                && Long.remainderUnsigned(
                                CheckedPayload.hash(~setup.seed(), source, frame.sequence()), setup.nackEvery())
                        == 0;
    }

    private void settled(SettleResult result) {
        DeliveryToken first = result.getToken();
        for (long at = first.getOrdinal(); at < first.getOrdinal() + Math.max(1, result.getCount()); at++) {
            Token token = new Token(result.getStream(), first.getGeneration(), at, first.getAttempt());
            Settling done = settling.remove(token);
            if (done != null) {
                answered(token, done, result);
            }
        }
    }

    private void answered(Token token, Settling done, SettleResult result) {
        switch (result.getOutcome()) {
            case SETTLE_OUTCOME_OK -> {
                if (done.ack) {
                    log.settlement(Verb.ACK_OK, done.source, done.sequence, token.attempt);
                }
            }
            case SETTLE_OUTCOME_ALREADY_SETTLED ->
                log.settlement(Verb.ALREADY, done.source, done.sequence, token.attempt);
            default ->
                log.refused(
                        done.source,
                        done.sequence,
                        token.attempt,
                        result.getOutcome().name().replace("SETTLE_OUTCOME_", ""));
        }
    }

    private void gap(Gap gap) {
        log.gap(
                gap.getStream(),
                gap.getReason(),
                gap.getCount(),
                gap.hasFirstId() ? id(gap.getFirstId()) : "",
                gap.hasLastId() ? id(gap.getLastId()) : "");
    }

    private static String id(FrameId id) {
        return id.getGeneration() + "-" + id.getOrdinal();
    }
}
