package io.framebroker.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameTraces;
import io.framebroker.server.broker.FrameTraces.Delivered;
import io.framebroker.server.broker.FrameTraces.Dropped;
import io.framebroker.server.broker.FrameTraces.End;
import io.framebroker.server.broker.FrameTraces.One;
import io.framebroker.server.broker.PublisherKey;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Which spans come of what the core says. A frame here is nothing but its trace context. */
class FrameSpansTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CAPTURE = "00f067aa0ba902b7";
    private static final String SAMPLED = "00-" + TRACE + "-" + CAPTURE + "-01";
    private static final String UNSAMPLED = "00-" + TRACE + "-" + CAPTURE + "-00";
    private static final TraceReader READER = new TraceReader() {
        @Override
        public boolean isTraced(FrameContent content) {
            return traceparent(content).endsWith("1");
        }

        @Override
        public String traceparent(FrameContent content) {
            return new String(content.array(), StandardCharsets.US_ASCII);
        }
    };

    private final InMemorySpanExporter exported = InMemorySpanExporter.create();
    private final AtomicLong nanos = new AtomicLong(5_000_000_000L);
    private final Tracing tracing = Tracing.to(exported, READER, nanos::get);
    private final FrameTraces traces = tracing.frames();

    @AfterEach
    void ends() {
        tracing.close();
    }

    private static FrameContent frame(String traceparent) {
        byte[] bytes = traceparent.getBytes(StandardCharsets.US_ASCII);
        return new FrameContent(bytes, 0, bytes.length, 7, true, null);
    }

    private static Frame stored(String traceparent) {
        return new Frame(frame(traceparent), 1, 70, 7, 1_000_000, new PublisherKey("gate", 3));
    }

    /** Of one frame, which came in at 1 s and went at 3 s. */
    private static Dropped dropped(String traceparent, boolean traced, long ordinal, long storedMicros) {
        One one = new One(ordinal, 7, 1_000_000, traced, frame(traceparent));
        return new Dropped(
                "cam",
                ordinal > 0 ? "detectors" : "",
                "",
                0,
                ordinal > 0 ? End.SKIPPED : End.REJECTED,
                "MAX_AGE",
                "",
                1,
                ordinal,
                ordinal,
                7,
                1_000_000,
                storedMicros,
                3_000_000,
                List.of(one));
    }

    private List<SpanData> spans() {
        tracing.flush();
        List<SpanData> spans = List.copyOf(exported.getFinishedSpanItems());
        exported.reset();
        return spans;
    }

    private static Object attribute(SpanData span, String name) {
        return span.getAttributes().asMap().entrySet().stream()
                .filter(each -> each.getKey().getKey().equals(name))
                .map(each -> each.getValue())
                .findFirst()
                .orElse(null);
    }

    private static void lasts(SpanData span, long fromMicros, long toMicros) {
        assertThat(span.getStartEpochNanos()).isEqualTo(fromMicros * 1_000);
        assertThat(span.getEndEpochNanos()).isEqualTo(toMicros * 1_000);
    }

    private static void isInTheTraceOfTheCapture(SpanData span) {
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(CAPTURE);
    }

    @Test
    void aFrameThatIsStoredIsEnqueuedUntilThen() {
        traces.stored("cam", stored(SAMPLED), 1_250_000);

        SpanData span = spans().get(0);
        assertThat(span.getName()).isEqualTo("frame.enqueue");
        isInTheTraceOfTheCapture(span);
        lasts(span, 1_000_000, 1_250_000);
        assertThat(attribute(span, "framebroker.stream")).isEqualTo("cam");
        assertThat(attribute(span, "framebroker.publisher")).isEqualTo("gate");
        assertThat(attribute(span, "framebroker.ordinal")).isEqualTo(70L);
        assertThat(attribute(span, "framebroker.sequence")).isEqualTo(7L);
        assertThat(span.getResource().getAttribute(AttributeKey.stringKey("service.name")))
                .isEqualTo("frame-broker");
    }

    @Test
    void aDeliveryIsDequeuedFromWhenItCouldGo() {
        traces.delivered(new Delivered("cam", "detectors", "gpu-0", "QUEUE", 2, stored(SAMPLED), 1_500_000, 1_750_000));

        SpanData span = spans().get(0);
        assertThat(span.getName()).isEqualTo("frame.dequeue");
        isInTheTraceOfTheCapture(span);
        lasts(span, 1_500_000, 1_750_000);
        assertThat(attribute(span, "framebroker.group")).isEqualTo("detectors");
        assertThat(attribute(span, "framebroker.consumer")).isEqualTo("gpu-0");
        assertThat(attribute(span, "framebroker.attempt")).isEqualTo(2L);
        assertThat(attribute(span, "framebroker.age_ms")).isEqualTo(750.0);
    }

    @Test
    void aTracedFrameIsDroppedInItsTrace() {
        traces.dropped(dropped(SAMPLED, true, 70, 1_200_000));

        List<SpanData> spans = spans();
        assertThat(spans).hasSize(1);
        SpanData drop = spans.get(0);
        assertThat(drop.getName()).isEqualTo("frame.drop");
        isInTheTraceOfTheCapture(drop);
        lasts(drop, 1_200_000, 3_000_000);
        assertThat(drop.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attribute(drop, "framebroker.outcome")).isEqualTo("SKIPPED");
        assertThat(attribute(drop, "framebroker.reason")).isEqualTo("MAX_AGE");
        assertThat(attribute(drop, "framebroker.group")).isEqualTo("detectors");
    }

    /** The publisher records nothing of it; what can be known of it afterwards is still told. */
    @Test
    void aFrameThatNobodyTracesIsDroppedWithTheWayItCame() {
        traces.dropped(dropped("", false, 70, 1_200_000));

        List<SpanData> spans = spans();
        assertThat(spans).extracting(SpanData::getName).containsExactly("frame.enqueue", "frame.drop");
        SpanData enqueue = spans.get(0);
        assertThat(enqueue.getParentSpanContext().isValid()).isFalse();
        lasts(enqueue, 1_000_000, 1_200_000);
        assertThat(spans.get(1).getParentSpanId()).isEqualTo(enqueue.getSpanId());
        assertThat(spans.get(1).getTraceId()).isEqualTo(enqueue.getTraceId());
    }

    @Test
    void aDropIsRecordedWhereThePublishersTraceIsNot() {
        traces.dropped(dropped(UNSAMPLED, false, 70, 0));

        List<SpanData> spans = spans();
        assertThat(spans).extracting(SpanData::getName).containsExactly("frame.enqueue", "frame.drop");
        spans.forEach(FrameSpansTest::isInTheTraceOfTheCapture);
    }

    @Test
    void aRefusedFrameIsEnqueuedUntilItIsRefused() {
        traces.dropped(dropped(SAMPLED, true, 0, 0));

        List<SpanData> spans = spans();
        assertThat(spans).extracting(SpanData::getName).containsExactly("frame.enqueue", "frame.drop");
        spans.forEach(FrameSpansTest::isInTheTraceOfTheCapture);
        lasts(spans.get(0), 1_000_000, 3_000_000);
        assertThat(attribute(spans.get(1), "framebroker.outcome")).isEqualTo("REJECTED");
    }

    @Test
    void aRunIsOneSpanLinkedToTheFramesThatHaveTheirOwn() {
        One traced = new One(72, 9, 1_000_000, true, frame(SAMPLED));
        traces.dropped(new Dropped(
                "cam",
                "detectors",
                "",
                0,
                End.SKIPPED,
                "OVERFLOW",
                "",
                40,
                70,
                109,
                0,
                1_000_000,
                0,
                3_000_000,
                List.of(traced)));

        List<SpanData> spans = spans();
        assertThat(spans).extracting(SpanData::getName).containsExactly("frame.drop", "frame.drop");
        isInTheTraceOfTheCapture(spans.get(0));
        SpanData run = spans.get(1);
        assertThat(run.getTraceId()).isNotEqualTo(TRACE);
        assertThat(run.getLinks())
                .extracting(link -> link.getSpanContext().getTraceId())
                .containsExactly(TRACE);
        assertThat(attribute(run, "framebroker.count")).isEqualTo(40L);
        assertThat(attribute(run, "framebroker.ordinal")).isEqualTo(70L);
        assertThat(attribute(run, "framebroker.last_ordinal")).isEqualTo(109L);
    }

    @Test
    void aTraceContextThatIsNoneMakesATraceOfItsOwn() {
        traces.stored("cam", stored("00-nonsense-01"), 1_250_000);

        assertThat(spans().get(0).getParentSpanContext().isValid()).isFalse();
    }

    @Test
    void aClockThatIsPutBackMakesNoSpanThatEndsBeforeItBegins() {
        traces.stored("cam", stored(SAMPLED), 400_000);

        lasts(spans().get(0), 1_000_000, 1_000_000);
    }

    @Test
    void aFloodOfDropsIsCountedBeyondWhatASecondTakes() {
        for (int i = 0; i < FrameSpans.MOST_DROPS_A_SECOND; i++) {
            assertThat(traces.takesDrop()).isTrue();
        }
        assertThat(traces.takesDrop()).isFalse();
        assertThat(tracing.dropsLeftOut()).isEqualTo(1);

        nanos.addAndGet(1_000_000_000);

        assertThat(traces.takesDrop()).isTrue();
    }

    /** A run of a hundred traced frames is a hundred spans. */
    @Test
    void theFramesOfARunFillTheSecondToo() {
        One traced = new One(72, 9, 1_000_000, true, frame(SAMPLED));
        List<One> hundred = Collections.nCopies(100, traced);
        Dropped run = new Dropped(
                "cam",
                "detectors",
                "",
                0,
                End.SKIPPED,
                "OVERFLOW",
                "",
                100,
                70,
                169,
                0,
                1_000_000,
                0,
                3_000_000,
                hundred);

        for (int i = 0; i < FrameSpans.MOST_DROPS_A_SECOND / 100; i++) {
            assertThat(traces.takesDrop()).isTrue();
            traces.dropped(run);
        }

        assertThat(traces.takesDrop()).isFalse();
    }

    /** The receiver hangs: nobody waits for it, memory is bounded, and what is lost is known to the span. */
    @Test
    void spansThatNobodyTakesAreCounted() {
        Tracing stuck = Tracing.to(hanging(), READER, nanos::get);

        for (int i = 0; i < SpanQueue.MOST_WAITING + 5; i++) {
            stuck.frames().stored("cam", stored(SAMPLED), 1_250_000);
        }

        assertThat(stuck.spansLost()).isEqualTo(5);
        stuck.close();
    }

    /** Neither used to be said: drops beyond the bound never, and what the end cut off only to nobody. */
    @Test
    void whatIsMissingIsSaidInTheEnd() {
        Tracing stuck = Tracing.to(hanging(), READER, nanos::get);
        stuck.frames().stored("cam", stored(SAMPLED), 1_250_000);
        for (int i = 0; i < FrameSpans.MOST_DROPS_A_SECOND + 3; i++) {
            stuck.frames().takesDrop();
        }
        Logger logger = (Logger) LoggerFactory.getLogger(SpanQueue.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);

        try {
            stuck.close();
        } finally {
            logger.detachAppender(log);
        }

        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("1 spans lost in all on the way to memory, 1 of them unsent at the end;"
                        + " no span made of 3 drops");
    }

    private static SpanExporter hanging() {
        return new SpanExporter() {
            @Override
            public CompletableResultCode export(Collection<SpanData> spans) {
                return new CompletableResultCode();
            }

            @Override
            public CompletableResultCode flush() {
                return CompletableResultCode.ofSuccess();
            }

            @Override
            public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
            }
        };
    }
}
