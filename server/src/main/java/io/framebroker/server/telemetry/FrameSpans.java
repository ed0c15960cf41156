package io.framebroker.server.telemetry;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameTraces;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Makes spans of what the core says of frames. They are made when all is known, with the times that the core gives, so that
 * nothing is kept between two words about a frame. Their parent is the trace context in the frame.
 */
final class FrameSpans implements FrameTraces {
    static final String ENQUEUE = "frame.enqueue";
    static final String DEQUEUE = "frame.dequeue";
    static final String DROP = "frame.drop";

    /** A flood of drops is not to push out the traces of frames that fare well. */
    static final int MOST_DROPS_A_SECOND = 500;

    private static final AttributeKey<String> STREAM = AttributeKey.stringKey("framebroker.stream");
    private static final AttributeKey<String> GROUP = AttributeKey.stringKey("framebroker.group");
    private static final AttributeKey<String> CONSUMER = AttributeKey.stringKey("framebroker.consumer");
    private static final AttributeKey<String> PUBLISHER = AttributeKey.stringKey("framebroker.publisher");
    private static final AttributeKey<String> MODE = AttributeKey.stringKey("framebroker.mode");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("framebroker.outcome");
    private static final AttributeKey<String> REASON = AttributeKey.stringKey("framebroker.reason");
    private static final AttributeKey<String> DETAIL = AttributeKey.stringKey("framebroker.detail");
    private static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("framebroker.attempt");
    private static final AttributeKey<Long> ORDINAL = AttributeKey.longKey("framebroker.ordinal");
    private static final AttributeKey<Long> LAST_ORDINAL = AttributeKey.longKey("framebroker.last_ordinal");
    private static final AttributeKey<Long> SEQUENCE = AttributeKey.longKey("framebroker.sequence");
    private static final AttributeKey<Long> COUNT = AttributeKey.longKey("framebroker.count");
    private static final AttributeKey<Long> BYTES = AttributeKey.longKey("framebroker.bytes");
    private static final AttributeKey<Double> AGE = AttributeKey.doubleKey("framebroker.age_ms");

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
    private final TraceReader reader;
    private final LongSupplier nanos;
    private final SpanQueue queue;
    /** The present second, and how many drops were told in it. A race between two lets a few more through. */
    private volatile long second;

    private final AtomicInteger dropsOfSecond = new AtomicInteger();

    /**
     * @param queue where the tracer's spans go
     * @param nanos a clock such as {@code System.nanoTime}
     */
    FrameSpans(Tracer tracer, SpanQueue queue, TraceReader reader, LongSupplier nanos) {
        this.tracer = tracer;
        this.queue = queue;
        this.reader = reader;
        this.nanos = nanos;
    }

    @Override
    public boolean isTraced(FrameContent content) {
        return reader.isTraced(content);
    }

    @Override
    public void stored(String stream, Frame frame, long storedMicros) {
        Span span = start(ENQUEUE, context(frame.content()), frame.receivedMicros())
                .setAttribute(STREAM, stream)
                .setAttribute(PUBLISHER, frame.publisher().id())
                .setAttribute(SEQUENCE, frame.sequence())
                .setAttribute(ORDINAL, frame.ordinal())
                .setAttribute(BYTES, (long) frame.bytes())
                .startSpan();
        end(span, frame.receivedMicros(), storedMicros);
    }

    @Override
    public void delivered(Delivered delivered) {
        Frame frame = delivered.frame();
        SpanBuilder builder = start(DEQUEUE, context(frame.content()), delivered.sinceMicros())
                .setAttribute(STREAM, delivered.stream())
                .setAttribute(CONSUMER, delivered.consumerId())
                .setAttribute(MODE, delivered.mode())
                .setAttribute(ATTEMPT, (long) delivered.attempt())
                .setAttribute(SEQUENCE, frame.sequence())
                .setAttribute(ORDINAL, frame.ordinal())
                .setAttribute(AGE, millis(frame.receivedMicros(), delivered.micros()));
        if (!delivered.group().isEmpty()) {
            builder.setAttribute(GROUP, delivered.group());
        }
        end(builder.startSpan(), delivered.sinceMicros(), delivered.micros());
    }

    @Override
    public boolean takesDrop() {
        long now = nanos.getAsLong() / 1_000_000_000;
        if (now != second) {
            second = now;
            dropsOfSecond.set(0);
        }
        boolean takes = dropsOfSecond.incrementAndGet() <= MOST_DROPS_A_SECOND;
        if (!takes) {
            queue.leavesOut("there were more than " + MOST_DROPS_A_SECOND + " in a second");
        }
        return takes;
    }

    @Override
    public void dropped(Dropped dropped) {
        // One of them has been asked for; those that go with it fill the second too.
        dropsOfSecond.addAndGet(Math.max(0, dropped.contents().size() - 1));
        for (One one : dropped.contents()) {
            droppedOne(dropped, one);
        }
        if (dropped.count() > dropped.contents().size()) {
            droppedRun(dropped);
        }
    }

    /** In the trace of the frame; in one of its own where it has none, with the way it came. */
    private void droppedOne(Dropped dropped, One one) {
        boolean taken = one.ordinal() > 0;
        Context parent = context(one.content());
        if (!taken || !one.traced()) {
            SpanBuilder builder = start(ENQUEUE, parent, one.receivedMicros())
                    .setAttribute(STREAM, dropped.stream())
                    .setAttribute(SEQUENCE, one.sequence())
                    .setAttribute(BYTES, (long) one.content().length());
            if (taken) {
                builder.setAttribute(ORDINAL, one.ordinal());
            }
            Span enqueue = builder.startSpan();
            long storedMicros = dropped.storedMicros() > 0 ? dropped.storedMicros() : one.receivedMicros();
            end(enqueue, one.receivedMicros(), taken ? storedMicros : dropped.micros());
            if (!Span.fromContext(parent).getSpanContext().isValid()) {
                parent = Context.root().with(enqueue);
            }
        }
        long since = dropped.storedMicros() > 0 ? dropped.storedMicros() : one.receivedMicros();
        SpanBuilder builder = drop(dropped, parent, since).setAttribute(COUNT, 1L);
        if (taken) {
            builder.setAttribute(ORDINAL, one.ordinal());
        }
        if (one.sequence() != 0) {
            builder.setAttribute(SEQUENCE, one.sequence());
        }
        builder.setAttribute(AGE, millis(one.receivedMicros(), dropped.micros()));
        end(failed(builder.startSpan(), dropped), since, dropped.micros());
    }

    /** In a trace of its own, whose links name the traces of frames that have some. */
    private void droppedRun(Dropped dropped) {
        long since = dropped.receivedMicros() > 0 ? dropped.receivedMicros() : dropped.micros();
        SpanBuilder builder = drop(dropped, Context.root(), since).setAttribute(COUNT, dropped.count());
        if (dropped.firstOrdinal() > 0) {
            builder.setAttribute(ORDINAL, dropped.firstOrdinal()).setAttribute(LAST_ORDINAL, dropped.lastOrdinal());
        }
        if (dropped.firstSequence() != 0) {
            builder.setAttribute(SEQUENCE, dropped.firstSequence());
        }
        for (One one : dropped.contents()) {
            SpanContext linked = Span.fromContext(context(one.content())).getSpanContext();
            if (linked.isValid()) {
                builder.addLink(linked);
            }
        }
        end(failed(builder.startSpan(), dropped), since, dropped.micros());
    }

    private SpanBuilder drop(Dropped dropped, Context parent, long sinceMicros) {
        SpanBuilder builder = start(DROP, parent, sinceMicros)
                .setAttribute(STREAM, dropped.stream())
                .setAttribute(OUTCOME, dropped.end().name())
                .setAttribute(REASON, dropped.reason());
        if (!dropped.group().isEmpty()) {
            builder.setAttribute(GROUP, dropped.group());
        }
        if (!dropped.consumerId().isEmpty()) {
            builder.setAttribute(CONSUMER, dropped.consumerId());
        }
        if (!dropped.detail().isEmpty()) {
            builder.setAttribute(DETAIL, dropped.detail());
        }
        if (dropped.attempt() > 0) {
            builder.setAttribute(ATTEMPT, (long) dropped.attempt());
        }
        return builder;
    }

    private static Span failed(Span span, Dropped dropped) {
        return span.setStatus(StatusCode.ERROR, dropped.end() + " " + dropped.reason());
    }

    private SpanBuilder start(String name, Context parent, long micros) {
        return tracer.spanBuilder(name).setParent(parent).setStartTimestamp(micros, TimeUnit.MICROSECONDS);
    }

    /** Wall clocks are put back now and then. */
    private static void end(Span span, long startMicros, long endMicros) {
        span.end(Math.max(startMicros, endMicros), TimeUnit.MICROSECONDS);
    }

    /** That in a frame; none where there is none, or it cannot be read. */
    private Context context(FrameContent content) {
        return W3CTraceContextPropagator.getInstance().extract(Context.root(), reader.traceparent(content), ITSELF);
    }

    private static double millis(long fromMicros, long toMicros) {
        return Math.max(0, toMicros - fromMicros) / 1e3;
    }
}
