package io.framebroker.server.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;

/**
 * Records every span about a frame: whether one is made was decided before, and a frame that is dropped is of interest even
 * where its publisher records nothing. Calls are recorded as whoever calls has it, and where nobody says.
 */
final class FrameSampler implements Sampler {
    private static final String OF_FRAMES = "frame.";

    private final Sampler ofCalls = Sampler.parentBased(Sampler.alwaysOn());

    @Override
    public SamplingResult shouldSample(
            Context parent,
            String traceId,
            String name,
            SpanKind kind,
            Attributes attributes,
            List<LinkData> parentLinks) {
        return name.startsWith(OF_FRAMES)
                ? SamplingResult.recordAndSample()
                : ofCalls.shouldSample(parent, traceId, name, kind, attributes, parentLinks);
    }

    @Override
    public String getDescription() {
        return "FrameSampler{" + ofCalls.getDescription() + "}";
    }
}
