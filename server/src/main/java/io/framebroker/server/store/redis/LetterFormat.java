package io.framebroker.server.store.redis;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.UnifiedJedis;

/**
 * How dead letters lie in Redis. What is known of one is a field of its group's hash of letters: its frame's id, with how
 * often the group had been restarted behind a slash where it had been; the value is a line for each fact, its name and a
 * blank first, with line ends and backslashes behind a backslash. The frame is three fields of the hash of copies: those
 * of an {@linkplain EntryFormat entry} of this frame alone, each with a colon and the frame's id behind its name.
 */
final class LetterFormat {
    private static final List<byte[]> COPY_FIELDS =
            List.of(EntryFormat.PUBLISHER, EntryFormat.META, EntryFormat.FRAMES);
    /** How many fields a copy has. */
    static final int FIELDS_OF_COPY = COPY_FIELDS.size();

    private LetterFormat() {}

    static String id(FrameId id) {
        return Long.toUnsignedString(id.generation()) + "-" + Long.toUnsignedString(id.ordinal());
    }

    private static FrameId id(String text) {
        return new FrameId(Entry.half(text, 0), Entry.half(text, 1));
    }

    // ---- what is known

    static String field(FrameId id, int restarts) {
        return restarts == 0 ? id(id) : id(id) + "/" + restarts;
    }

    static int restarts(String field) {
        int slash = field.indexOf('/');
        return slash < 0 ? 0 : Integer.parseInt(field.substring(slash + 1));
    }

    static String text(DeadLetter letter) {
        return line("reason", letter.reason())
                + line("attempts", letter.attempts())
                + line("dead_micros", letter.deadMicros())
                + line("bytes", letter.bytes())
                + line("last_consumer", letter.lastConsumerId())
                + line("last_error", letter.lastError());
    }

    private static String line(String name, Object value) {
        return name + " " + value.toString().replace("\\", "\\\\").replace("\n", "\\n") + "\n";
    }

    /** @throws IllegalArgumentException it is no letter */
    static DeadLetter letter(String field, String text) {
        int slash = field.indexOf('/');
        FrameId id = id(slash < 0 ? field : field.substring(0, slash));
        Map<String, String> facts = new HashMap<>();
        for (String line : text.split("\n")) {
            int blank = line.indexOf(' ');
            if (blank > 0) {
                facts.put(line.substring(0, blank), value(line.substring(blank + 1)));
            }
        }
        return new DeadLetter(
                id,
                Integer.parseInt(facts.get("bytes")),
                facts.getOrDefault("reason", ""),
                Integer.parseInt(facts.get("attempts")),
                facts.getOrDefault("last_error", ""),
                facts.getOrDefault("last_consumer", ""),
                Long.parseLong(facts.get("dead_micros")));
    }

    private static String value(String escaped) {
        StringBuilder text = new StringBuilder(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            char each = escaped.charAt(i);
            if (each == '\\' && i + 1 < escaped.length()) {
                each = escaped.charAt(++i) == 'n' ? '\n' : '\\';
            }
            text.append(each);
        }
        return text.toString();
    }

    // ---- copies

    /** Fields and values of a copy. */
    static List<byte[]> copy(Frame frame) {
        List<String> fields = fields(id(frame.id()));
        List<byte[]> values = List.of(
                EntryFormat.publisher(frame.publisher()),
                EntryFormat.meta(List.of(frame)),
                EntryFormat.bytes(List.of(frame)));
        List<byte[]> words = new ArrayList<>();
        for (int i = 0; i < FIELDS_OF_COPY; i++) {
            words.add(StreamKeys.bytes(fields.get(i)));
            words.add(values.get(i));
        }
        return words;
    }

    /** Names of the fields of a copy. */
    static List<String> fields(String id) {
        return COPY_FIELDS.stream()
                .map(name -> StreamKeys.text(name) + ":" + id)
                .toList();
    }

    /** Reads copies, as far as they are there as a whole, in the order of the ids. */
    static List<Frame> read(UnifiedJedis commands, byte[] key, List<String> ids) {
        byte[][] fields = ids.stream()
                .flatMap(id -> fields(id).stream())
                .map(StreamKeys::bytes)
                .toArray(byte[][]::new);
        List<byte[]> values = commands.hmget(key, fields);
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            List<byte[]> ofCopy = values.subList(i * FIELDS_OF_COPY, (i + 1) * FIELDS_OF_COPY);
            if (!ofCopy.contains(null)) {
                List<byte[]> entry = new ArrayList<>();
                for (int field = 0; field < FIELDS_OF_COPY; field++) {
                    entry.add(COPY_FIELDS.get(field));
                    entry.add(ofCopy.get(field));
                }
                frames.addAll(EntryFormat.read(ids.get(i), entry));
            }
        }
        return frames;
    }
}
