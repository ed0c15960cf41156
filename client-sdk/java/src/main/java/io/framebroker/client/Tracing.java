package io.framebroker.client;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Makes the spans of a client: where a frame begins, and where it is worked on. Thread-safe. */
final class Tracing {
    static final String CAPTURE = "frame.capture";
    static final String PROCESS = "frame.process";
    static final String PROCESS_BATCH = "frame.process_batch";

    static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("framebroker.outcome");
    static final AttributeKey<String> REASON = AttributeKey.stringKey("framebroker.reason");
    static final AttributeKey<Long> SEQUENCE = AttributeKey.longKey("framebroker.sequence");
    private static final AttributeKey<String> STREAM = AttributeKey.stringKey("framebroker.stream");
    private static final AttributeKey<String> GROUP = AttributeKey.stringKey("framebroker.group");
    private static final AttributeKey<String> PUBLISHER = AttributeKey.stringKey("framebroker.publisher");
    private static final AttributeKey<Long> ORDINAL = AttributeKey.longKey("framebroker.ordinal");
    private static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("framebroker.attempt");
    private static final AttributeKey<Long> COUNT = AttributeKey.longKey("framebroker.count");

    private static final TextMapGetter<String> ITSELF = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String traceparent) {
            return List.of("traceparent");
        }

        @Override
        public String get(String traceparent, String key) {
            return key.equals("traceparent") ? traceparent : null;
        }
    };

    private final Tracer tracer;

    Tracing(OpenTelemetry telemetry) {
        this.tracer = telemetry.getTracer("io.framebroker.client");
    }

    /** Begins with the picture, in the caller's trace where there is one. */
    Span capture(String stream, String publisherId, OutgoingFrame frame) {
        SpanBuilder span = tracer.spanBuilder(CAPTURE)
                .setSpanKind(SpanKind.PRODUCER)
                .setAttribute(STREAM, stream)
                .setAttribute(PUBLISHER, publisherId);
        if (frame.captured) {
            long nanos = TimeUnit.SECONDS.toNanos(frame.capturedSeconds) + frame.capturedNanos;
            span.setStartTimestamp(nanos, TimeUnit.NANOSECONDS);
        }
        return span.startSpan();
    }

    /** Begins work on what came together; null when none of it is traced. */
    Processing processing(List<ReceivedFrame> frames) {
        Processing processing = null;
        for (ReceivedFrame frame : frames) {
            if (frame.isTraced()) {
                processing = processing == null ? new Processing() : processing;
                processing.add(frame.traceBy(new FrameSpan(process(frame))));
            }
        }
        if (processing != null && frames.size() > 1) {
            SpanBuilder batch = tracer.spanBuilder(PROCESS_BATCH)
                    .setSpanKind(SpanKind.CONSUMER)
                    .setAttribute(COUNT, (long) frames.size());
            processing.links(batch);
            processing.isBatch(batch.startSpan());
        }
        return processing;
    }

    private Span process(ReceivedFrame frame) {
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), frame.traceparent(), ITSELF);
        return tracer.spanBuilder(PROCESS)
                .setSpanKind(SpanKind.CONSUMER)
                .setParent(parent)
                .setAttribute(STREAM, frame.stream())
                .setAttribute(GROUP, frame.group())
                .setAttribute(ORDINAL, frame.ordinal())
                .setAttribute(SEQUENCE, frame.sequence())
                .setAttribute(ATTEMPT, (long) frame.attempt())
                .startSpan();
    }
}
