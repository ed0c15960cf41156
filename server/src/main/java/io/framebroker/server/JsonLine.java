package io.framebroker.server;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/** Writes one JSON object in one line, member by member; in ASCII, whatever the terminal takes. */
final class JsonLine {
    private final StringBuilder text = new StringBuilder("{");

    JsonLine put(String name, String value) {
        return member(name, quoted(value));
    }

    JsonLine put(String name, long value) {
        return member(name, Long.toString(value));
    }

    /** @param value finite */
    JsonLine put(String name, double value) {
        return member(name, BigDecimal.valueOf(value).stripTrailingZeros().toPlainString());
    }

    JsonLine putUnsigned(String name, long value) {
        return member(name, Long.toUnsignedString(value));
    }

    JsonLine put(String name, boolean value) {
        return member(name, Boolean.toString(value));
    }

    JsonLine put(String name, Map<String, String> values) {
        JsonLine object = new JsonLine();
        values.forEach(object::put);
        return member(name, object.toString());
    }

    JsonLine putCounts(String name, Map<String, Long> counts) {
        JsonLine object = new JsonLine();
        new TreeMap<>(counts).forEach(object::putUnsigned);
        return member(name, object.toString());
    }

    private JsonLine member(String name, String value) {
        text.append(text.length() == 1 ? "" : ",")
                .append(quoted(name))
                .append(':')
                .append(value);
        return this;
    }

    private static String quoted(String value) {
        StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
        value.chars().forEach(each -> {
            if (each == '"' || each == '\\') {
                quoted.append('\\').append((char) each);
            } else if (each < 0x20 || each >= 0x7F) {
                quoted.append(String.format("\\u%04x", each));
            } else {
                quoted.append((char) each);
            }
        });
        return quoted.append('"').toString();
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
