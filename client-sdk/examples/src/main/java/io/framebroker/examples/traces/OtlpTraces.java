package io.framebroker.examples.traces;

import io.framebroker.client.FrameBrokerClient;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.instrumentation.grpc.v1_6.GrpcTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** OpenTelemetry as a program sets it up that sends spans by OTLP over HTTP. Not loaded where nobody wants them. */
final class OtlpTraces implements SentTraces {
    private static final Duration EVERY = Duration.ofMillis(500);
    private static final String PATH = "/v1/traces";
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(4);
    private static final long LONGEST_CLOSE_MILLIS = 2_000;

    private final OpenTelemetrySdk telemetry;

    OtlpTraces(String endpoint, String serviceName) {
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint + PATH)
                .setTimeout(LONGEST_REQUEST)
                .build();
        Resource resource = Resource.getDefault()
                .merge(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), serviceName)));
        telemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setResource(resource)
                        .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                                .setScheduleDelay(EVERY)
                                .setExporterTimeout(LONGEST_REQUEST)
                                .build())
                        .build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
    }

    @Override
    public FrameBrokerClient.Builder addTo(FrameBrokerClient.Builder client) {
        // Without an event for each message: a publisher's call has millions.
        GrpcTelemetry calls =
                GrpcTelemetry.builder(telemetry).setEmitMessageEvents(false).build();
        return client.openTelemetry(telemetry).intercept(calls.createClientInterceptor());
    }

    /** Sends what is waiting, in two seconds or not at all. */
    @Override
    public void close() {
        telemetry.shutdown().join(LONGEST_CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }
}
