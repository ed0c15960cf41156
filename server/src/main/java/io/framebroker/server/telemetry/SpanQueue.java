package io.framebroker.server.telemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spans on their way out, at most so many. Whoever ends a span never waits: what there is no room for is lost and counted,
 * and so is what the receiver does not take.
 */
final class SpanQueue implements SpanProcessor {
    static final int MOST_WAITING = 4096;

    private static final Logger log = LoggerFactory.getLogger(SpanQueue.class);
    private static final int BATCH = 512;
    private static final Duration EVERY = Duration.ofMillis(500);
    private static final Duration LONGEST_EXPORT = Duration.ofSeconds(5);
    private static final long TELL_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String receiver;
    private final SpanProcessor batches;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong leftOut = new AtomicLong();
    private final AtomicLong tellNanos = new AtomicLong(System.nanoTime());

    /** @param receiver for people */
    SpanQueue(SpanExporter exporter, String receiver) {
        this.receiver = receiver;
        // Its own bound is never reached: it would lose spans without saying so.
        this.batches = BatchSpanProcessor.builder(new Counting(exporter))
                .setMaxQueueSize(2 * MOST_WAITING)
                .setMaxExportBatchSize(BATCH)
                .setScheduleDelay(EVERY)
                .setExporterTimeout(LONGEST_EXPORT)
                .build();
    }

    /** Spans that nobody got. */
    long lost() {
        return lost.get();
    }

    /** Drops, single ones or runs, that no span was made of. */
    long leftOut() {
        return leftOut.get();
    }

    /** No span is made of a drop, because there were too many. */
    void leavesOut(String why) {
        leftOut.incrementAndGet();
        tell(why);
    }

    /** Says what is missing in all, with what waits and is not sent any more. */
    void isOver() {
        int unsent = Math.max(0, waiting.get());
        long missing = lost.get() + unsent;
        if (missing + leftOut.get() > 0) {
            log.warn(
                    "{} spans lost in all on the way to {}, {} of them unsent at the end; no span made of {} drops",
                    missing,
                    receiver,
                    unsent,
                    leftOut.get());
        }
    }

    @Override
    public void onEnd(ReadableSpan span) {
        if (!span.getSpanContext().isSampled()) {
            return;
        }
        if (waiting.incrementAndGet() > MOST_WAITING) {
            waiting.decrementAndGet();
            lost(1, MOST_WAITING + " are waiting, which is the most");
        } else {
            batches.onEnd(span);
        }
    }

    private void lost(int spans, String why) {
        lost.addAndGet(spans);
        tell(why);
    }

    private void tell(String why) {
        long now = System.nanoTime();
        long due = tellNanos.get();
        if (now - due >= 0 && tellNanos.compareAndSet(due, now + TELL_EVERY_NANOS)) {
            log.warn(
                    "{} spans lost so far on the way to {}, and no span made of {} drops: {}; this is said once a minute",
                    lost.get(),
                    receiver,
                    leftOut.get(),
                    why);
        }
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return batches.forceFlush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return batches.shutdown();
    }

    /** Knows what became of a batch. */
    private final class Counting implements SpanExporter {
        private final SpanExporter exporter;

        Counting(SpanExporter exporter) {
            this.exporter = exporter;
        }

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            int count = spans.size();
            CompletableResultCode result = exporter.export(spans);
            return result.whenComplete(() -> {
                waiting.addAndGet(-count);
                if (!result.isSuccess()) {
                    Throwable why = result.getFailureThrowable();
                    lost(count, why == null ? "it does not take them" : String.valueOf(why.getMessage()));
                }
            });
        }

        @Override
        public CompletableResultCode flush() {
            return exporter.flush();
        }

        @Override
        public CompletableResultCode shutdown() {
            return exporter.shutdown();
        }
    }
}
