package io.framebroker.client;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of the handler, over one frame or a batch. Spans that the handler makes are children of the frame's; of a batch
 * they are children of the batch's, which is linked to those of its frames: work on all of them is no part of one frame's
 * trace. Used by the thread that runs the handler.
 */
final class Processing {
    private final List<FrameSpan> frames = new ArrayList<>(1);
    /** Null for one frame. */
    private Span batch;

    void add(FrameSpan frame) {
        frames.add(frame);
    }

    void links(SpanBuilder span) {
        frames.forEach(frame -> span.addLink(frame.span().getSpanContext()));
    }

    void isBatch(Span span) {
        batch = span;
    }

    Scope begin() {
        return (batch == null ? frames.get(0).span() : batch).makeCurrent();
    }

    void threw(Throwable why) {
        frames.forEach(frame -> frame.threw(why));
        if (batch != null) {
            batch.recordException(why);
            batch.setStatus(StatusCode.ERROR, why.toString());
        }
    }

    void returned() {
        frames.forEach(FrameSpan::returned);
        if (batch != null) {
            batch.end();
        }
    }
}
