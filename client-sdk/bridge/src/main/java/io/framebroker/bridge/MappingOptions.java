package io.framebroker.bridge;

import io.framebroker.bridge.mapping.CaptureTime;
import io.framebroker.bridge.mapping.FieldNames;
import io.framebroker.bridge.mapping.Format;
import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.mapping.PayloadForm;
import io.framebroker.bridge.mapping.StreamTemplate;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** What the fields of an entry mean. An empty field name stands for no field. */
final class MappingOptions {
    private static final int MOST_PAYLOAD_BYTES = 32 << 20;

    @Option(
            names = "--stream",
            paramLabel = "TEMPLATE",
            defaultValue = "${env:BRIDGE_STREAM:-}",
            description =
                    "Stream of the broker an entry goes to; a field in braces stands for its value, {camera_id|north} for"
                            + " north where there is none (BRIDGE_STREAM, default {camera_id})")
    String stream;

    @Option(
            names = "--rename",
            paramLabel = "VALUE=NAME",
            description =
                    "What a field's value becomes in a stream's name, for cameras whose names are none; repeat for more")
    Map<String, String> renamed = new LinkedHashMap<>();

    @Option(
            names = "--payload-field",
            defaultValue = "${env:BRIDGE_PAYLOAD_FIELD:-data}",
            description = "Field with the payload (BRIDGE_PAYLOAD_FIELD, default data)")
    String payloadField;

    @Option(
            names = "--payload-form",
            defaultValue = "${env:BRIDGE_PAYLOAD_FORM:-raw}",
            description =
                    "How it holds the payload: raw, base64, or key, the name of another key in Redis with the bytes"
                            + " (BRIDGE_PAYLOAD_FORM, default raw)")
    PayloadForm payloadForm;

    @Option(
            names = "--payload-required",
            arity = "1",
            defaultValue = "${env:BRIDGE_PAYLOAD_REQUIRED:-false}",
            description = "Whether entries without a payload are unreadable; otherwise they become frames without one"
                    + " (BRIDGE_PAYLOAD_REQUIRED, default false)")
    boolean payloadRequired;

    @Option(
            names = "--max-payload-bytes",
            defaultValue = "${env:BRIDGE_MAX_PAYLOAD_BYTES:-4M}",
            converter = ByteSize.class,
            description = "Largest payload, 1K..32M; the broker reserves this much for each stream"
                    + " (BRIDGE_MAX_PAYLOAD_BYTES, default 4M)")
    long maxPayloadBytes;

    @Option(
            names = "--format-field",
            defaultValue = "${env:BRIDGE_FORMAT_FIELD:-format}",
            description = "Field that says what the payload is (BRIDGE_FORMAT_FIELD, default format)")
    String formatField;

    @Option(
            names = "--format",
            defaultValue = "${env:BRIDGE_FORMAT:-}",
            description =
                    "What it is when nothing says it: jpeg, png, h264, h265, bgr, rgb, gray, i420, nv12, opaque; default: by"
                            + " its first bytes (BRIDGE_FORMAT)")
    String format;

    @Option(
            names = "--width-field",
            defaultValue = "${env:BRIDGE_WIDTH_FIELD:-width}",
            description = "Field with the width in pixels (BRIDGE_WIDTH_FIELD, default width)")
    String widthField;

    @Option(
            names = "--height-field",
            defaultValue = "${env:BRIDGE_HEIGHT_FIELD:-height}",
            description = "Field with the height in pixels (BRIDGE_HEIGHT_FIELD, default height)")
    String heightField;

    @Option(
            names = "--time-field",
            defaultValue = "${env:BRIDGE_TIME_FIELD:-timestamp}",
            description = "Field with the capture time (BRIDGE_TIME_FIELD, default timestamp)")
    String timeField;

    @Option(
            names = "--time-form",
            defaultValue = "${env:BRIDGE_TIME_FORM:-auto}",
            description = "How it is written: seconds, millis, micros, nanos, iso, or auto: by its looks"
                    + " (BRIDGE_TIME_FORM, default auto)")
    CaptureTime timeForm;

    @Option(
            names = "--frame-id-field",
            defaultValue = "${env:BRIDGE_FRAME_ID_FIELD:-frame_id}",
            description = "Field with the frame's own name (BRIDGE_FRAME_ID_FIELD, default frame_id)")
    String frameIdField;

    @Option(
            names = "--keyframe-field",
            defaultValue = "${env:BRIDGE_KEYFRAME_FIELD:-keyframe}",
            description =
                    "Field that says whether H.264 or H.265 begins anew here (BRIDGE_KEYFRAME_FIELD, default keyframe)")
    String keyframeField;

    @Option(
            names = "--traceparent-field",
            defaultValue = "${env:BRIDGE_TRACEPARENT_FIELD:-traceparent}",
            description = "Field with the W3C trace context (BRIDGE_TRACEPARENT_FIELD, default traceparent)")
    String traceparentField;

    /** @throws IllegalArgumentException with what is wrong */
    FrameMapping.Settings settings() {
        BridgeConfig.require(
                maxPayloadBytes >= 1_024 && maxPayloadBytes <= MOST_PAYLOAD_BYTES,
                "--max-payload-bytes " + maxPayloadBytes + " is outside 1K..32M");
        return new FrameMapping.Settings(
                template(),
                new FieldNames(
                        payloadField,
                        formatField,
                        widthField,
                        heightField,
                        timeField,
                        frameIdField,
                        keyframeField,
                        traceparentField),
                payloadForm,
                payloadRequired,
                format.isEmpty()
                        ? null
                        : Format.named(format)
                                .orElseThrow(() -> new IllegalArgumentException("--format " + format
                                        + " is none of jpeg, png, h264, h265, bgr, rgb, gray, i420, nv12, opaque")),
                timeForm,
                (int) maxPayloadBytes);
    }

    StreamTemplate template() {
        try {
            return new StreamTemplate(stream.isEmpty() ? "{camera_id}" : stream, renamed);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--stream " + e.getMessage(), e);
        }
    }
}
