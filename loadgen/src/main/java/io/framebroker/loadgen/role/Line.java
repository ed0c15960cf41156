package io.framebroker.loadgen.role;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** One line between the parent and a role: a verb and named values, readable in a terminal. */
public record Line(String verb, Map<String, String> fields) {
    /** Verb of an answer that is no error. */
    public static final String OK = "ok";

    /** Verb of an answer that is one. */
    public static final String ERROR = "error";

    public static Line of(String verb) {
        return new Line(verb, Map.of());
    }

    public static Line error(Throwable cause) {
        String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return of(ERROR).with("message", message);
    }

    public Line with(String name, Object value) {
        Map<String, String> more = new LinkedHashMap<>(fields);
        more.put(name, String.valueOf(value));
        return new Line(verb, more);
    }

    public Line with(Map<String, String> others) {
        Map<String, String> more = new LinkedHashMap<>(fields);
        more.putAll(others);
        return new Line(verb, more);
    }

    public String get(String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("'" + verb + "' without '" + name + "': " + this);
        }
        return value;
    }

    public long number(String name) {
        return Long.parseLong(get(name));
    }

    public static Line parse(String text) {
        String[] words = text.trim().split(" ");
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("'" + words[i] + "' is not name=value in: " + text);
            }
            fields.put(
                    words[i].substring(0, equals),
                    URLDecoder.decode(words[i].substring(equals + 1), StandardCharsets.UTF_8));
        }
        return new Line(words[0], fields);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(verb);
        fields.forEach((name, value) ->
                text.append(' ').append(name).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return text.toString();
    }
}
