package io.framebroker.examples.processor;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.hotspot.DefaultExports;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the processor counts. Thread-safe. */
final class ProcessorMetrics {

    /** Streams with a label of their own; the others share one. */
    private static final int MOST_STREAMS = 100;

    private static final String OTHERS = "other";

    /** Why a frame was not processed. */
    enum Failure {
        /** The picture is damaged: tried again. */
        CORRUPT,
        /** The picture is of a kind not read here: skipped. */
        UNSUPPORTED,
        /** The result could not be written: tried again. */
        RESULTS,
        /** Anything else: tried again. */
        INTERNAL
    }

    final CollectorRegistry registry = new CollectorRegistry();

    private final Counter processed = Counter.build("frames_processed_total", "Frames processed and acknowledged")
            .labelNames("stream")
            .register(registry);
    private final Counter detections = Counter.build("detections_total", "Boxes found at or above the threshold")
            .register(registry);
    private final Counter errors = Counter.build("errors_total", "Frames that were not processed, by reason")
            .labelNames("reason")
            .register(registry);
    private final Gauge active =
            Gauge.build("active_frames", "Frames being processed now").register(registry);
    private final Histogram seconds = Histogram.build(
                    "frame_processing_seconds", "Time from taking a frame in hand to settling it, in seconds")
            .buckets(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10)
            .register(registry);
    private final Histogram age = Histogram.build(
                    "frame_age_seconds", "Time from capture, by the camera host's clock, to processing, in seconds")
            .buckets(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60)
            .register(registry);

    private final Map<String, Counter.Child> byStream = new ConcurrentHashMap<>();

    ProcessorMetrics() {
        for (Failure failure : Failure.values()) {
            errors.labels(label(failure));
        }
        DefaultExports.register(registry);
    }

    void begun() {
        active.inc();
    }

    void ended(long tookNanos) {
        active.dec();
        seconds.observe(tookNanos / 1e9);
    }

    void age(double ageSeconds) {
        age.observe(Math.max(0, ageSeconds));
    }

    void processed(String stream, int boxes) {
        Counter.Child counter = byStream.get(stream);
        if (counter == null) {
            counter = processed.labels(byStream.size() < MOST_STREAMS ? stream : OTHERS);
            if (byStream.size() < MOST_STREAMS) {
                byStream.put(stream, counter);
            }
        }
        counter.inc();
        detections.inc(boxes);
    }

    void failed(Failure failure) {
        errors.labels(label(failure)).inc();
    }

    int activeFrames() {
        return (int) active.get();
    }

    private static String label(Failure failure) {
        return failure.name().toLowerCase(java.util.Locale.ROOT);
    }
}
