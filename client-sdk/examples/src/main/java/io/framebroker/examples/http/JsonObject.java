package io.framebroker.examples.http;

import java.util.Collection;

/** Writes one JSON object, member by member. Numbers that JSON does not know (NaN, infinity) become null. */
public final class JsonObject {

    private final StringBuilder text = new StringBuilder("{");

    public JsonObject put(String name, String value) {
        return member(name, value == null ? "null" : quoted(value));
    }

    public JsonObject put(String name, boolean value) {
        return member(name, Boolean.toString(value));
    }

    public JsonObject put(String name, long value) {
        return member(name, Long.toString(value));
    }

    /** Up to three decimals. */
    public JsonObject put(String name, double value) {
        if (!Double.isFinite(value)) {
            return member(name, "null");
        }
        return member(name, Double.toString(Math.round(value * 1000) / 1000.0));
    }

    public JsonObject put(String name, JsonObject value) {
        return member(name, value.toString());
    }

    public JsonObject putStrings(String name, Collection<String> values) {
        return member(
                name,
                "[" + String.join(",", values.stream().map(JsonObject::quoted).toList()) + "]");
    }

    public JsonObject putObjects(String name, Collection<JsonObject> values) {
        return member(
                name,
                "[" + String.join(",", values.stream().map(JsonObject::toString).toList()) + "]");
    }

    private JsonObject member(String name, String value) {
        if (text.length() > 1) {
            text.append(',');
        }
        text.append(quoted(name)).append(':').append(value);
        return this;
    }

    private static String quoted(String value) {
        StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            switch (character) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (character < 0x20 || Character.isSurrogate(character)) {
                        quoted.append(String.format("\\u%04x", (int) character));
                    } else {
                        quoted.append(character);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
