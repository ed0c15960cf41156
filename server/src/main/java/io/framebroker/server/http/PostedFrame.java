package io.framebroker.server.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A frame as the old service's clients send it: a JSON object whose fields become the frame's header, its payload, and
 * attributes, from which {@link ShownFrame} makes the same object again.
 *
 * @param stream its camera, or the stream for those that name none
 * @param id what it is called; empty for nothing
 */
record PostedFrame(String stream, String id, Frame frame) {
    /** Attribute with what neither the header nor the other attributes can give back as it was sent. */
    static final String JSON_ATTRIBUTE = "rest.json";
    /** Attribute with the name of the field that the payload came in. */
    static final String PAYLOAD_ATTRIBUTE = "rest.payload";

    static final String DATA = "data";
    private static final List<String> PAYLOAD_FIELDS = List.of(DATA, "payload");
    private static final int LONGEST_ID = 128;
    /** Powers of ten that a time may have; more would take minutes to reckon with. */
    private static final int MOST_DIGITS = 40;

    private static final BigDecimal LATEST_SECONDS = new BigDecimal("1e11");
    private static final BigDecimal THOUSAND = new BigDecimal(1000);
    private static final BigDecimal BILLION = new BigDecimal(1_000_000_000);

    private static final Map<String, FrameHeader> FORMATS = Map.ofEntries(
            Map.entry("jpeg", codec(Codec.CODEC_JPEG)),
            Map.entry("jpg", codec(Codec.CODEC_JPEG)),
            Map.entry("mjpeg", codec(Codec.CODEC_JPEG)),
            Map.entry("png", codec(Codec.CODEC_PNG)),
            Map.entry("h264", codec(Codec.CODEC_H264)),
            Map.entry("h265", codec(Codec.CODEC_H265)),
            Map.entry("hevc", codec(Codec.CODEC_H265)),
            Map.entry("bgr", raw(PixelFormat.PIXEL_FORMAT_BGR24)),
            Map.entry("bgr24", raw(PixelFormat.PIXEL_FORMAT_BGR24)),
            Map.entry("rgb", raw(PixelFormat.PIXEL_FORMAT_RGB24)),
            Map.entry("rgb24", raw(PixelFormat.PIXEL_FORMAT_RGB24)),
            Map.entry("gray", raw(PixelFormat.PIXEL_FORMAT_GRAY8)),
            Map.entry("gray8", raw(PixelFormat.PIXEL_FORMAT_GRAY8)),
            Map.entry("i420", raw(PixelFormat.PIXEL_FORMAT_I420)),
            Map.entry("nv12", raw(PixelFormat.PIXEL_FORMAT_NV12)));

    private static FrameHeader codec(Codec codec) {
        return FrameHeader.newBuilder().setCodec(codec).build();
    }

    private static FrameHeader raw(PixelFormat format) {
        return FrameHeader.newBuilder()
                .setCodec(Codec.CODEC_RAW)
                .setPixelFormat(format)
                .build();
    }

    /** @throws GatewayException a field is not what it has to be; the message names it */
    static PostedFrame of(JsonObject object, String usualStream) {
        for (String field : PAYLOAD_FIELDS) {
            if (isText(object.get(field))) {
                String text = object.remove(field).getAsString();
                return of(object, field, decoded(field, text), usualStream);
            }
        }
        return of(object, "", ByteString.EMPTY, usualStream);
    }

    /** @param field name of the payload; empty for none */
    static PostedFrame of(JsonObject rest, String field, ByteString payload, String usualStream) {
        FrameHeader.Builder header = FrameHeader.newBuilder();
        String format = text(rest, "format").toLowerCase(Locale.ROOT);
        header.mergeFrom(FORMATS.getOrDefault(format, FrameHeader.getDefaultInstance()));
        String id = text(rest, "frame_id");
        if (id.length() > LONGEST_ID || id.chars().anyMatch(Character::isISOControl)) {
            throw invalid("frame_id has " + id.length() + " characters; at most " + LONGEST_ID
                    + ", none of them a control character");
        }
        header.setFrameId(id)
                .setWidth(pixels(rest, "width"))
                .setHeight(pixels(rest, "height"))
                .setKeyframe(rest.has("keyframe") && text(rest, "keyframe").equals("true"))
                .setTraceparent(text(rest, "traceparent"));
        Instant time = time(rest.get("timestamp"));
        if (time != null) {
            header.setCaptureTime(
                    Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()));
        }
        String camera = text(rest, "camera_id");
        header.putAllAttributes(attributes(rest, field));
        return new PostedFrame(
                camera.isEmpty() ? usualStream : camera,
                id,
                Frame.newBuilder().setHeader(header).setPayload(payload).build());
    }

    /** The object's own fields, for consumers that know nothing of JSON, and what they do not say. */
    private static Map<String, String> attributes(JsonObject rest, String payloadField) {
        Map<String, String> attributes = new java.util.TreeMap<>();
        JsonObject others = new JsonObject();
        for (Map.Entry<String, JsonElement> each : rest.entrySet()) {
            String name = each.getKey();
            boolean known = List.of("frame_id", "timestamp", "camera_id", "width", "height", "format")
                    .contains(name);
            if (!known && each.getValue().isJsonPrimitive() && !name.startsWith("rest.")) {
                attributes.put(name, each.getValue().getAsString());
            }
            if (known || !isText(each.getValue()) || name.startsWith("rest.")) {
                others.add(name, each.getValue());
            }
        }
        attributes.put(JSON_ATTRIBUTE, others.toString());
        attributes.put(PAYLOAD_ATTRIBUTE, payloadField);
        return attributes;
    }

    private static ByteString decoded(String field, String text) {
        try {
            // Python's base64 module breaks lines for mail. Anything else between is not skipped: the picture would be
            // another.
            String unbroken = text.indexOf('\n') < 0 ? text : text.replaceAll("[\r\n]", "");
            boolean isForAddresses = unbroken.indexOf('-') >= 0 || unbroken.indexOf('_') >= 0;
            Base64.Decoder decoder = isForAddresses ? Base64.getUrlDecoder() : Base64.getDecoder();
            return UnsafeByteOperations.unsafeWrap(decoder.decode(unbroken));
        } catch (IllegalArgumentException e) {
            throw invalid(field + " is not base64: " + e.getMessage());
        }
    }

    private static boolean isText(JsonElement element) {
        return element != null
                && element.isJsonPrimitive()
                && element.getAsJsonPrimitive().isString();
    }

    private static String text(JsonObject object, String field) {
        JsonElement element = object.get(field);
        if (element == null || element.isJsonNull()) {
            return "";
        }
        if (!element.isJsonPrimitive()) {
            throw invalid(field + " is neither text nor a number");
        }
        return element.getAsString();
    }

    private static int pixels(JsonObject object, String field) {
        String text = text(object, field);
        try {
            int pixels = text.isEmpty() ? 0 : new BigDecimal(text).intValueExact();
            if (pixels >= 0) {
                return pixels;
            }
        } catch (ArithmeticException | NumberFormatException e) {
            // Told below.
        }
        throw invalid(
                field + " is " + (text.length() > 20 ? "no number" : text) + "; a whole number of pixels, 0 or more");
    }

    /** Seconds, milliseconds, microseconds or nanoseconds since 1970, or a date; null where it is none of them. */
    private static Instant time(JsonElement element) {
        if (element == null || !element.isJsonPrimitive()) {
            return null;
        }
        String text = element.getAsString();
        try {
            if (text.indexOf('T') > 0) {
                return java.time.OffsetDateTime.parse(text.matches(".*(Z|[+-]\\d\\d:\\d\\d)") ? text : text + "Z")
                        .toInstant();
            }
            if (text.length() > MOST_DIGITS) {
                return null;
            }
            BigDecimal seconds = new BigDecimal(text);
            if (seconds.signum() < 0
                    || seconds.scale() > MOST_DIGITS
                    || (long) seconds.precision() - seconds.scale() > 20) {
                return null;
            }
            while (seconds.compareTo(LATEST_SECONDS) >= 0) {
                seconds = seconds.divide(THOUSAND);
            }
            BigInteger[] parts = seconds.multiply(BILLION).toBigInteger().divideAndRemainder(BILLION.toBigInteger());
            return Instant.ofEpochSecond(parts[0].longValueExact(), parts[1].longValueExact());
        } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
            return null;
        }
    }

    private static GatewayException invalid(String message) {
        return new GatewayException(400, "FIELD_INVALID", message);
    }
}
