package io.framebroker.bridge.mapping;

/** Which field of an entry says what. An empty name stands for no field. */
public record FieldNames(
        String payload,
        String format,
        String width,
        String height,
        String time,
        String frameId,
        String keyframe,
        String traceparent) {}
