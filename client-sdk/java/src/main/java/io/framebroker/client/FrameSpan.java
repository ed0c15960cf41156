package io.framebroker.client;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;

/** The span of a frame that is worked on: ends when its handler has returned and it is settled, in whatever order. */
final class FrameSpan {
    private final Span span;
    private boolean returned;
    private boolean settled;

    FrameSpan(Span span) {
        this.span = span;
    }

    Span span() {
        return span;
    }

    synchronized void threw(Throwable why) {
        span.recordException(why);
    }

    synchronized void returned() {
        returned = true;
        endIfOver();
    }

    /** @param reason why, where it was not acknowledged */
    synchronized void settled(String outcome, String reason, boolean failed) {
        if (settled) {
            return;
        }
        settled = true;
        span.setAttribute(Tracing.OUTCOME, outcome);
        if (!reason.isEmpty()) {
            span.setAttribute(Tracing.REASON, reason);
        }
        if (failed) {
            span.setStatus(StatusCode.ERROR, reason);
        }
        endIfOver();
    }

    private void endIfOver() {
        if (returned && settled) {
            span.end();
        }
    }
}
