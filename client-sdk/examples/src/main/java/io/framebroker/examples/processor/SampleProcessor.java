package io.framebroker.examples.processor;

import io.framebroker.client.ConsumerStats;
import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.examples.child.StopSignal;
import io.framebroker.examples.http.JsonObject;
import io.framebroker.examples.http.StatusServer;
import io.framebroker.examples.traces.SentTraces;
import io.framebroker.examples.traces.TraceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Takes frames in batches, looks for motion, writes what it found. */
@Command(
        name = "sample-processor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Takes frames from the broker and looks for motion in them.")
public final class SampleProcessor implements Callable<Integer> {

    private static final Duration BATCH_WAIT = Duration.ofMillis(50);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final Duration TICK = Duration.ofMillis(500);
    private static final long WINDOW_BYTES = 64L << 20;

    private static final Logger log = LoggerFactory.getLogger(SampleProcessor.class);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--broker",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:BROKER:-localhost:50051}",
            description = "Where the broker is (BROKER, default localhost:50051)")
    private String broker;

    @Option(
            names = "--streams",
            required = true,
            split = ",",
            paramLabel = "STREAM",
            defaultValue = "${env:STREAMS}",
            description = "Streams to take from, names or globs such as cam-*, separated by commas (STREAMS)")
    private List<String> streams;

    @Option(
            names = "--group",
            defaultValue = "${env:CONSUMER_GROUP:-sample-processor}",
            description = "Consumer group: its members share the frames (CONSUMER_GROUP, default sample-processor)")
    private String group;

    @Option(
            names = "--consumer-id",
            defaultValue = "${env:CONSUMER_ID}",
            description = "Stable name within the group (CONSUMER_ID, default: one that no other has)")
    private String consumerId;

    @Option(names = "--from-start", description = "A new group begins with the oldest frame there is")
    private boolean fromStart;

    @Option(
            names = "--batch",
            defaultValue = "${env:CONSUMER_BATCH_SIZE:-10}",
            description = "Most frames taken at once, 1..1000 (CONSUMER_BATCH_SIZE, default 10)")
    private int batch;

    @Option(
            names = "--threads",
            defaultValue = "${env:PROCESSOR_THREADS:-1}",
            description = "Batches processed side by side, 1..64; above 1 a stream's frames may overtake each other"
                    + " (PROCESSOR_THREADS, default 1)")
    private int threads;

    @Option(
            names = "--window",
            defaultValue = "${env:CONSUMER_WINDOW:-64}",
            description = "Frames the broker may send ahead of the acks, 1..10000 (CONSUMER_WINDOW, default 64)")
    private int window;

    @Option(
            names = "--threshold",
            defaultValue = "${env:DETECTION_THRESHOLD:-0.5}",
            description = "Score from which a tile counts as moved, 0..1 (DETECTION_THRESHOLD, default 0.5)")
    private double threshold;

    @Option(
            names = "--delay-ms",
            defaultValue = "${env:PROCESSING_DELAY_MS:-10}",
            description = "Time a model would take for each frame, 0..600000 ms (PROCESSING_DELAY_MS, default 10)")
    private long delayMillis;

    @Option(names = "--results", paramLabel = "FILE", description = "Append a line of JSON for each frame")
    private Path results;

    @Option(
            names = "--save-frames",
            paramLabel = "DIRECTORY",
            description = "Keep what was seen as DIRECTORY/STREAM/SEQUENCE.jpg")
    private Path saveFrames;

    @Option(
            names = "--save-limit",
            defaultValue = "10000",
            description = "Most pictures kept in one run; default 10000")
    private long saveLimit;

    @Option(names = "--limit", defaultValue = "0", description = "End after so many frames; 0 for never (default)")
    private long limit;

    @Option(
            names = "--health-host",
            defaultValue = "${env:HEALTH_HOST:-127.0.0.1}",
            description = "Address of /health and /metrics; 0.0.0.0 for all (HEALTH_HOST, default 127.0.0.1)")
    private String healthHost;

    @Option(
            names = "--health-port",
            defaultValue = "${env:HEALTH_PORT:-8099}",
            description = "Port of /health and /metrics; 0 for a free one, -1 for none (HEALTH_PORT, default 8099)")
    private int healthPort;

    @Mixin
    private TraceOptions traces;

    @Option(names = "--exit-with-stdin", hidden = true)
    private boolean exitWithStdin;

    @Override
    public Integer call() throws IOException, InterruptedException {
        validate();
        StopSignal stop = StopSignal.listen(exitWithStdin, CLOSE.multipliedBy(3));
        ProcessorMetrics metrics = new ProcessorMetrics();
        Duration stuckAfter = Duration.ofSeconds(60).plusMillis(10 * delayMillis);
        ProcessorHealth health = new ProcessorHealth(stuckAfter, System.nanoTime());
        try (SentTraces sent = traces.open();
                ResultsFile lines = new ResultsFile(results);
                StatusServer served = serve(health, metrics);
                FrameBrokerClient client =
                        sent.addTo(FrameBrokerClient.builder(broker)).build()) {
            FrameWork work = new FrameWork(
                    new MotionDetector(threshold),
                    lines,
                    new FrameFiles(saveFrames, saveLimit),
                    metrics,
                    health,
                    Duration.ofMillis(delayMillis));
            FrameConsumer consumer = consumer(client).onBatch(batch, BATCH_WAIT, work);
            System.out.println("sample-processor started streams=" + String.join(",", streams) + " group=" + group
                    + (served == null ? "" : " health=" + served.port()));
            int code = await(stop, consumer, health);
            consumer.close();
            ConsumerStats stats = consumer.stats();
            log.info(
                    "ended: {} frames processed, {} failed; {} delivered, {} acks of {} confirmed",
                    health.framesProcessed(),
                    health.framesFailed(),
                    stats.delivered(),
                    stats.settledOk(),
                    stats.acked() + stats.nacked());
            return code;
        } finally {
            stop.tidied();
        }
    }

    private FrameConsumer.Builder consumer(FrameBrokerClient client) {
        FrameConsumer.Builder builder = client.consumer(streams.toArray(String[]::new))
                .group(group)
                .window(window, WINDOW_BYTES)
                .concurrency(threads)
                .closeTimeout(CLOSE)
                .onGap(gap -> log.info(
                        "{}: {}{} frames are missing: {} {}",
                        gap.getStream(),
                        gap.getEstimated() ? "about " : "",
                        gap.getCount(),
                        gap.getReason(),
                        gap.getDetail()));
        if (consumerId != null) {
            builder.consumerId(consumerId);
        }
        if (fromStart) {
            builder.fromEarliest();
        }
        if (limit > 0) {
            builder.limit(limit);
        }
        return builder;
    }

    /** Waits until the consumer is over or the end is wanted; returns the exit code. */
    private static int await(StopSignal stop, FrameConsumer consumer, ProcessorHealth health)
            throws InterruptedException {
        CompletableFuture<Void> done = consumer.done();
        done.whenComplete((none, failure) -> stop.stop());
        boolean connected = false;
        while (!stop.await(TICK)) {
            boolean now = consumer.stats().connected();
            if (now != connected) {
                log.info(now ? "connected to the broker" : "not connected to the broker; trying again");
            }
            connected = now;
            health.connected(now, System.nanoTime());
        }
        if (!done.isCompletedExceptionally()) {
            return 0;
        }
        try {
            done.join();
            return 0;
        } catch (CompletionException failure) {
            log.error("the consumer ended: {}", failure.getCause().getMessage());
            return 1;
        }
    }

    private StatusServer serve(ProcessorHealth health, ProcessorMetrics metrics) throws IOException {
        if (healthPort < 0) {
            return null;
        }
        JsonObject settings = new JsonObject()
                .put("broker", broker)
                .putStrings("streams", streams)
                .put("group", group)
                .put("batch", batch)
                .put("threads", threads)
                .put("detection_threshold", threshold)
                .put("processing_delay_ms", delayMillis);
        return StatusServer.start(
                healthHost,
                healthPort,
                () -> health.report(settings, Instant.now(), System.nanoTime()),
                metrics.registry);
    }

    private void validate() {
        require(batch >= 1 && batch <= 1000, "--batch " + batch + " is outside 1..1000");
        require(threads >= 1 && threads <= 64, "--threads " + threads + " is outside 1..64");
        require(window >= 1 && window <= 10_000, "--window " + window + " is outside 1..10000");
        require(threshold >= 0 && threshold <= 1, "--threshold " + threshold + " is outside 0..1");
        require(delayMillis >= 0 && delayMillis <= 600_000, "--delay-ms " + delayMillis + " is outside 0..600000");
        require(limit >= 0, "--limit " + limit + " is below 0");
        require(saveLimit >= 0, "--save-limit " + saveLimit + " is below 0");
        require(healthPort >= -1 && healthPort <= 65535, "--health-port " + healthPort + " is outside -1..65535");
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
