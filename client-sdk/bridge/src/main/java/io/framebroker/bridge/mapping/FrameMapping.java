package io.framebroker.bridge.mapping;

import io.framebroker.bridge.source.Entry;
import io.framebroker.bridge.source.Entry.Field;
import io.framebroker.bridge.source.EntryId;
import io.framebroker.client.OutgoingFrame;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Makes frames of entries. Depends on nothing but the entry and, where the payload is kept elsewhere, that. Thread-safe. */
public final class FrameMapping {
    /** What a frame may weigh beside its payload. */
    public static final int HEADER_BYTES = 64 << 10;

    /** Left for the fields of the header that are not attributes, and for the framing of those that are. */
    private static final int ATTRIBUTE_BYTES = HEADER_BYTES - (8 << 10);

    private static final int ATTRIBUTE_OVERHEAD_BYTES = 16;
    private static final int MOST_ID_CHARS = 128;
    private static final int MOST_PIXELS_A_SIDE = 65_535;
    private static final byte[] NOTHING = {};

    /**
     * How entries are read.
     *
     * @param payloadRequired whether an entry without a payload cannot be read; otherwise it becomes a frame without one
     * @param format what payloads are when nothing says it; null to tell by their first bytes
     * @param maxPayloadBytes largest payload
     */
    public record Settings(
            StreamTemplate stream,
            FieldNames fields,
            PayloadForm payloadForm,
            boolean payloadRequired,
            Format format,
            CaptureTime time,
            int maxPayloadBytes) {}

    /** A frame, with its sequence, and where it goes. */
    public record Mapped(String stream, OutgoingFrame frame, int bytes) {}

    private final Settings settings;
    private final FieldNames names;

    public FrameMapping(Settings settings) {
        this.settings = settings;
        this.names = settings.fields();
    }

    /** Key that holds the payload; null when the entry names none, or payloads are in the entries. */
    public byte[] payloadKey(Entry entry) {
        if (settings.payloadForm() != PayloadForm.KEY) {
            return null;
        }
        for (Field field : entry.fields()) {
            if (names.payload().equals(new String(field.name(), StandardCharsets.UTF_8)) && field.value().length > 0) {
                return field.value();
            }
        }
        return null;
    }

    /**
     * The frame of an entry.
     *
     * @param kept what {@link #payloadKey} holds; null when there is nothing
     */
    public Mapped map(Entry entry, byte[] kept) throws UnreadableEntryException {
        return new Reading(entry, kept).mapped();
    }

    /** One entry while it is being read. Fields are taken out as they are used; what is left become attributes. */
    private final class Reading {
        private final EntryId id;
        private final byte[] kept;
        private final Map<String, byte[]> left = new LinkedHashMap<>();
        private String stream = "";

        Reading(Entry entry, byte[] kept) throws UnreadableEntryException {
            this.id = entry.id();
            this.kept = kept;
            for (Field field : entry.fields()) {
                String name = text("a field's name", field.name());
                String free = name;
                for (int n = 2; left.containsKey(free); n++) {
                    free = name + "#" + n;
                }
                left.put(free, field.value());
            }
        }

        Mapped mapped() throws UnreadableEntryException {
            stream = streamName();
            if (!id.hasSequence()) {
                throw unreadable(
                        "ID_OUT_OF_RANGE",
                        "entry ids above " + EntryId.MOST_MILLIS + "-" + EntryId.MOST_NUMBER
                                + " have no place in the order of frames");
            }
            byte[] payload = payload();
            int width = size(names.width());
            int height = size(names.height());
            String formatName = peek(names.format());
            OutgoingFrame frame = payload == null
                    ? OutgoingFrame.of(Format.OPAQUE.codec(), NOTHING)
                    : withFormat(format(formatName, payload, width, height), payload);
            frame.sequence(id.sequence()).size(width, height);
            captureTime(frame);
            identity(frame);
            keyframe(frame);
            int attributeBytes = attributes(frame);
            return new Mapped(stream, frame, (payload == null ? 0 : payload.length) + attributeBytes + 256);
        }

        /** The fields that name the stream stay among the attributes. */
        private String streamName() throws UnreadableEntryException {
            Map<String, String> values = new LinkedHashMap<>();
            for (String name : settings.stream().fields()) {
                values.put(name, peek(name));
            }
            return settings.stream().nameFor(values::get);
        }

        /** Null when there is none, and none is asked for. */
        private byte[] payload() throws UnreadableEntryException {
            byte[] value = left.remove(names.payload());
            if (value == null || value.length == 0) {
                if (settings.payloadRequired()) {
                    throw unreadable("PAYLOAD_MISSING", "no field " + names.payload() + " with a payload");
                }
                return null;
            }
            byte[] payload = switch (settings.payloadForm()) {
                case RAW -> value;
                case BASE64 -> decoded(value);
                case KEY -> kept;
            };
            if (payload == null) {
                throw unreadable(
                        "PAYLOAD_GONE",
                        "key " + text(names.payload(), value)
                                + ", which is to hold the payload, is not there or is no string");
            }
            if (payload.length > settings.maxPayloadBytes()) {
                throw unreadable(
                        "PAYLOAD_TOO_LARGE",
                        "payload of " + payload.length + " bytes, limit " + settings.maxPayloadBytes()
                                + ": raise --max-payload-bytes");
            }
            return payload;
        }

        private byte[] decoded(byte[] value) throws UnreadableEntryException {
            byte[] standard = value.clone();
            for (int i = 0; i < standard.length; i++) {
                standard[i] = switch (standard[i]) {
                    case '-' -> '+';
                    case '_' -> '/';
                    default -> standard[i];
                };
                requireBase64(standard[i]);
            }
            try {
                // Skips line breaks; it would skip anything else that is not base64, too, hence the look before.
                return Base64.getMimeDecoder().decode(standard);
            } catch (IllegalArgumentException e) {
                throw unreadable("PAYLOAD_INVALID", "field " + names.payload() + " is no base64: " + e.getMessage());
            }
        }

        private void requireBase64(byte each) throws UnreadableEntryException {
            boolean fits = each >= 'A' && each <= 'Z' || each >= 'a' && each <= 'z' || each >= '0' && each <= '9';
            if (!fits && "+/=\r\n".indexOf(each) < 0) {
                throw unreadable(
                        "PAYLOAD_INVALID", "field " + names.payload() + " is no base64: it has byte " + (each & 0xff));
            }
        }

        private Format format(String name, byte[] payload, int width, int height) throws UnreadableEntryException {
            Optional<Format> said = name == null ? Optional.empty() : Format.named(name);
            Optional<Format> seen = Format.of(payload);
            // Services that compress keep on saying what the pixels were before: a picture that shows what it is, is
            // that.
            if (seen.isPresent() && (said.isEmpty() || said.get().isRaw())) {
                return seen.get();
            }
            Format format = said.orElse(settings.format() == null ? Format.OPAQUE : settings.format());
            if (format.isRaw() && (width == 0 || height == 0 || format.bytes(width, height) != payload.length)) {
                throw unreadable(
                        "PAYLOAD_INVALID",
                        "raw " + format + " of " + width + "x" + height + " has " + format.bytes(width, height)
                                + " bytes, the payload has " + payload.length);
            }
            if (said.isPresent()) {
                left.remove(names.format());
            }
            return format;
        }

        private OutgoingFrame withFormat(Format format, byte[] payload) {
            return format.isRaw()
                    ? OutgoingFrame.raw(payload, format.pixels(), 0, 0)
                    : OutgoingFrame.of(format.codec(), payload);
        }

        private int size(String name) throws UnreadableEntryException {
            String value = take(name);
            if (value == null) {
                return 0;
            }
            int pixels = value.matches("\\d{1,5}") ? Integer.parseInt(value) : -1;
            if (pixels < 0 || pixels > MOST_PIXELS_A_SIDE) {
                throw invalid(name, value, "a number of pixels, 0.." + MOST_PIXELS_A_SIDE);
            }
            return pixels;
        }

        private void captureTime(OutgoingFrame frame) throws UnreadableEntryException {
            String value = take(names.time());
            if (value == null) {
                return;
            }
            try {
                frame.capturedAt(settings.time().parse(value));
            } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
                throw invalid(names.time(), value, "a time (" + settings.time() + ")");
            }
        }

        /** What is longer than an id may be stays among the attributes. */
        private void identity(OutgoingFrame frame) throws UnreadableEntryException {
            if (isShort(peek(names.frameId()))) {
                frame.frameId(take(names.frameId()));
            }
            if (isShort(peek(names.traceparent()))) {
                frame.traceparent(take(names.traceparent()));
            }
        }

        private boolean isShort(String value) {
            return value != null && value.length() <= MOST_ID_CHARS;
        }

        private void keyframe(OutgoingFrame frame) throws UnreadableEntryException {
            String value = take(names.keyframe());
            if (value == null) {
                return;
            }
            switch (value.toLowerCase(Locale.ROOT)) {
                case "1", "true", "yes" -> frame.keyframe(true);
                case "0", "false", "no" -> frame.keyframe(false);
                default -> throw invalid(names.keyframe(), value, "true or false");
            }
        }

        /** Returns about how many bytes they are. */
        private int attributes(OutgoingFrame frame) throws UnreadableEntryException {
            int bytes = 0;
            for (Map.Entry<String, byte[]> each : left.entrySet()) {
                String value = strictText(each.getValue());
                String name = value == null ? each.getKey() + ";base64" : each.getKey();
                String written = value == null ? Base64.getEncoder().encodeToString(each.getValue()) : value;
                frame.attribute(name, written);
                bytes += utf8Bytes(name) + utf8Bytes(written) + ATTRIBUTE_OVERHEAD_BYTES;
            }
            if (bytes > ATTRIBUTE_BYTES) {
                throw unreadable(
                        "ATTRIBUTES_TOO_LARGE",
                        "fields beside the payload have " + bytes + " bytes, limit " + ATTRIBUTE_BYTES
                                + ": is one of them the payload? --payload-field is " + names.payload());
            }
            return bytes;
        }

        private String take(String name) throws UnreadableEntryException {
            String value = peek(name);
            left.remove(name);
            return value;
        }

        /** Null when there is no such field, or it is empty. */
        private String peek(String name) throws UnreadableEntryException {
            byte[] value = name.isEmpty() ? null : left.get(name);
            return value == null || value.length == 0
                    ? null
                    : text("field " + name, value).strip();
        }

        private String text(String what, byte[] value) throws UnreadableEntryException {
            String text = strictText(value);
            if (text == null) {
                throw unreadable("FIELD_INVALID", what + " is no UTF-8 text");
            }
            return text;
        }

        private UnreadableEntryException invalid(String name, String value, String expected) {
            String shown = value.length() <= 64 ? value : value.substring(0, 64) + "...";
            return unreadable("FIELD_INVALID", "field " + name + " is '" + shown + "', not " + expected);
        }

        private UnreadableEntryException unreadable(String reason, String message) {
            return new UnreadableEntryException(stream, reason, message);
        }
    }

    /** Null when it is no UTF-8: nothing is replaced. */
    private static String strictText(byte[] value) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static int utf8Bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
