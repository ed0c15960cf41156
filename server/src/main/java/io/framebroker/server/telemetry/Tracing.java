package io.framebroker.server.telemetry;

import io.framebroker.server.broker.FrameTraces;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.instrumentation.grpc.v1_6.GrpcTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Spans of a broker's frames and calls, sent to a receiver that may come and go. Thread-safe. */
public final class Tracing implements AutoCloseable {
    private static final String PATH = "/v1/traces";
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(4);
    private static final long LONGEST_CLOSE_MILLIS = 2_000;
    /** Not about frames: health is asked for all the time. */
    private static final String NOT_OURS = "grpc.";

    /** Says the same as {@link SpanQueue}, in another form and without our log. Held, or it would be forgotten. */
    private static final Logger EXPORTER_LOG = Logger.getLogger("io.opentelemetry");

    private final OpenTelemetrySdk telemetry;
    private final SpanQueue queue;
    private final FrameSpans frames;

    private Tracing(SpanExporter exporter, TracingSettings settings, TraceReader reader, LongSupplier nanos) {
        this.queue = new SpanQueue(exporter, settings.endpoint());
        Resource resource = Resource.getDefault()
                .merge(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"), settings.serviceName(),
                        AttributeKey.stringKey("service.instance.id"), settings.instance(),
                        AttributeKey.stringKey("service.version"), settings.version())));
        this.telemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setResource(resource)
                        .setSampler(new FrameSampler())
                        .addSpanProcessor(queue)
                        .build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
        this.frames = new FrameSpans(telemetry.getTracer("io.framebroker.server"), queue, reader, nanos);
    }

    /** Sends spans by OTLP over HTTP. The receiver need not be there. */
    public static Tracing to(TracingSettings settings, TraceReader reader) {
        EXPORTER_LOG.setLevel(Level.OFF);
        SpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(settings.endpoint() + PATH)
                .setTimeout(LONGEST_REQUEST)
                .build();
        return new Tracing(exporter, settings, reader, System::nanoTime);
    }

    static Tracing to(SpanExporter exporter, TraceReader reader, LongSupplier nanos) {
        return new Tracing(exporter, new TracingSettings("memory", "frame-broker", "test", "0"), reader, nanos);
    }

    /** What the core is to tell. */
    public FrameTraces frames() {
        return frames;
    }

    /** Makes a span of each call, which ends with it; a publisher's may take days. */
    public ServerInterceptor calls() {
        ServerInterceptor all = GrpcTelemetry.builder(telemetry)
                .setEmitMessageEvents(false)
                .build()
                .createServerInterceptor();
        return new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                String service = call.getMethodDescriptor().getServiceName();
                return service != null && service.startsWith(NOT_OURS)
                        ? next.startCall(call, headers)
                        : all.interceptCall(call, headers, next);
            }
        };
    }

    /** Spans that were made and that nobody got. */
    public long spansLost() {
        return queue.lost();
    }

    /** Drops that no span was made of, because there were too many in a second. */
    public long dropsLeftOut() {
        return queue.leftOut();
    }

    /** Waits a moment until what was ended so far is sent; for tests. */
    void flush() {
        queue.forceFlush().join(LONGEST_CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Sends what is waiting, in two seconds or not at all, which the log then says. */
    @Override
    public void close() {
        telemetry.shutdown().join(LONGEST_CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        queue.isOver();
    }
}
