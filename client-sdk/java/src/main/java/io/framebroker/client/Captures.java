package io.framebroker.client;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.LongSupplier;

/**
 * The spans of a publisher's frames that are traced, from the picture until its outcome: now and then one. Guarded by the
 * publisher's lock.
 */
final class Captures {
    /** Without an outcome for so long that there are more, the oldest end without one. */
    private static final int MOST_OPEN = 64;

    private record Open(long sequence, Span span) {}

    private record Failed(long sequence, PublishFailure kind, String reason) {}

    /** Null where nobody wants any. */
    private final Tracing tracing;

    private final String stream;
    private final String publisherId;
    private final long intervalNanos;
    private final LongSupplier nanos;

    private final ArrayDeque<Open> open = new ArrayDeque<>();
    private boolean begun;
    private long nextNanos;
    private long storedThrough;
    /** A frame may be over before anybody knows its sequence. */
    private Failed failed = new Failed(0, null, "");

    /** @param tracing null for none */
    Captures(Tracing tracing, PublisherOptions options, LongSupplier nanos) {
        this.tracing = options.tracesPerSecond() > 0 ? tracing : null;
        this.stream = options.stream();
        this.publisherId = options.publisherId();
        this.intervalNanos = (long) (1e9 / Math.max(1e-9, options.tracesPerSecond()));
        this.nanos = nanos;
    }

    /** Writes a trace context into a frame that is about to come in, if it is its turn and has none; otherwise null. */
    Span begin(OutgoingFrame frame) {
        if (tracing == null || !frame.traceparent.isEmpty()) {
            return null;
        }
        long now = nanos.getAsLong();
        if (begun && now - nextNanos < 0) {
            return null;
        }
        begun = true;
        nextNanos = now + intervalNanos;
        Span span = tracing.capture(stream, publisherId, frame);
        SpanContext context = span.getSpanContext();
        if (context.isValid()) {
            frame.traceparent = "00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                    + context.getTraceFlags().asHex();
        }
        return span;
    }

    /** The frame has come in, or is over already. */
    void took(long sequence, Span span) {
        span.setAttribute(Tracing.SEQUENCE, sequence);
        if (failed.sequence == sequence) {
            end(span, failed.kind, failed.reason);
        } else if (sequence <= storedThrough) {
            end(span, "STORED");
        } else {
            open.add(new Open(sequence, span));
            if (open.size() > MOST_OPEN) {
                open.remove().span.end();
            }
        }
    }

    /** All up to this sequence are stored, but for those that {@link #failed} named. */
    void stored(long throughSequence) {
        storedThrough = Math.max(storedThrough, throughSequence);
        while (!open.isEmpty() && open.peek().sequence <= throughSequence) {
            end(open.remove().span, "STORED");
        }
    }

    void failed(long sequence, PublishFailure kind, String reason) {
        if (tracing == null) {
            return;
        }
        failed = new Failed(sequence, kind, reason);
        for (Iterator<Open> all = open.iterator(); all.hasNext(); ) {
            Open each = all.next();
            if (each.sequence == sequence) {
                all.remove();
                end(each.span, kind, reason);
                return;
            }
        }
    }

    private static void end(Span span, String outcome) {
        span.setAttribute(Tracing.OUTCOME, outcome);
        span.end();
    }

    private static void end(Span span, PublishFailure kind, String reason) {
        span.setAttribute(Tracing.REASON, reason);
        span.setStatus(StatusCode.ERROR, kind + " " + reason);
        end(span, kind.name());
    }
}
