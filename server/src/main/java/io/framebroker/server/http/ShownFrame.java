package io.framebroker.server.http;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.FrameHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

/**
 * A frame as the old service's clients read it: the object that was posted, or one of the same form for a frame that came
 * another way, and what the broker knows of it. Its length is known before it is written.
 */
final class ShownFrame {
    /** A multiple of three, so that pieces join to one text. */
    private static final int PIECE_BYTES = 3 * 8192;

    private static final byte[] END = "\"}".getBytes(StandardCharsets.US_ASCII);

    private final byte[] front;
    private final ByteString payload;

    ShownFrame(Taken taken) {
        Delivery delivery = taken.delivery();
        FrameHeader header = delivery.getFrame().getHeader();
        JsonObject object = posted(header);
        if (object == null) {
            object = published(taken.stream(), header);
        }
        if (!object.has("frame_id") && !header.getFrameId().isEmpty()) {
            object.addProperty("frame_id", header.getFrameId());
        }
        object.add("broker", broker(taken));
        payload = delivery.getFrame().getPayload();
        String text = object.toString();
        if (!payload.isEmpty()) {
            String field = header.getAttributesOrDefault(PostedFrame.PAYLOAD_ATTRIBUTE, PostedFrame.DATA);
            text = text.substring(0, text.length() - 1) + ",\"" + (field.equals("payload") ? field : PostedFrame.DATA)
                    + "\":\"";
        }
        front = text.getBytes(StandardCharsets.UTF_8);
    }

    /** The object as it was posted; null where it was not. */
    private static JsonObject posted(FrameHeader header) {
        String rest = header.getAttributesOrDefault(PostedFrame.JSON_ATTRIBUTE, "");
        try {
            if (rest.isEmpty() || !JsonParser.parseString(rest).isJsonObject()) {
                return null;
            }
            JsonObject object = JsonParser.parseString(rest).getAsJsonObject();
            header.getAttributesMap().forEach((name, value) -> {
                if (!name.startsWith("rest.") && !object.has(name)) {
                    object.addProperty(name, value);
                }
            });
            return object;
        } catch (JsonParseException e) {
            // Some publisher's own attribute.
            return null;
        }
    }

    private static JsonObject published(String stream, FrameHeader header) {
        JsonObject object = new JsonObject();
        object.addProperty("frame_id", header.getFrameId());
        if (header.hasCaptureTime()) {
            object.addProperty("timestamp", seconds(header.getCaptureTime()));
        }
        object.addProperty("camera_id", stream);
        object.addProperty("width", Integer.toUnsignedLong(header.getWidth()));
        object.addProperty("height", Integer.toUnsignedLong(header.getHeight()));
        object.addProperty("format", format(header));
        object.addProperty("keyframe", header.getKeyframe());
        for (Map.Entry<String, String> each : header.getAttributesMap().entrySet()) {
            if (!object.has(each.getKey())) {
                object.addProperty(each.getKey(), each.getValue());
            }
        }
        return object;
    }

    private static BigDecimal seconds(Timestamp time) {
        return BigDecimal.valueOf(time.getSeconds()).add(BigDecimal.valueOf(time.getNanos(), 9));
    }

    private static String format(FrameHeader header) {
        if (header.getCodec() == Codec.CODEC_RAW) {
            return switch (header.getPixelFormat()) {
                case PIXEL_FORMAT_BGR24 -> "BGR";
                case PIXEL_FORMAT_RGB24 -> "RGB";
                case PIXEL_FORMAT_GRAY8 -> "GRAY";
                case PIXEL_FORMAT_I420 -> "I420";
                case PIXEL_FORMAT_NV12 -> "NV12";
                default -> "RAW";
            };
        }
        return switch (header.getCodec()) {
            case CODEC_JPEG -> "JPEG";
            case CODEC_PNG -> "PNG";
            case CODEC_H264 -> "H264";
            case CODEC_H265 -> "H265";
            default -> "";
        };
    }

    private static JsonObject broker(Taken taken) {
        Delivery delivery = taken.delivery();
        JsonObject object = new JsonObject();
        object.addProperty("stream", taken.stream());
        object.addProperty("generation", delivery.getToken().getGeneration());
        object.addProperty("ordinal", delivery.getToken().getOrdinal());
        object.addProperty("attempt", delivery.getToken().getAttempt());
        object.addProperty("publisher_id", taken.publisherId());
        object.addProperty("sequence", delivery.getSequence());
        Timestamp received = delivery.getReceivedTime();
        object.addProperty(
                "received_time",
                Instant.ofEpochSecond(received.getSeconds(), received.getNanos())
                        .toString());
        return object;
    }

    /** Bytes that {@link #writeTo} writes. */
    long length() {
        return front.length + (payload.isEmpty() ? 0 : (payload.size() + 2L) / 3 * 4 + END.length);
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(front);
        if (payload.isEmpty()) {
            return;
        }
        Base64.Encoder encoder = Base64.getEncoder();
        byte[] piece = new byte[PIECE_BYTES];
        for (int from = 0; from < payload.size(); from += PIECE_BYTES) {
            int length = Math.min(PIECE_BYTES, payload.size() - from);
            payload.substring(from, from + length).copyTo(piece, 0);
            out.write(encoder.encode(length == PIECE_BYTES ? piece : java.util.Arrays.copyOf(piece, length)));
        }
        out.write(END);
    }
}
