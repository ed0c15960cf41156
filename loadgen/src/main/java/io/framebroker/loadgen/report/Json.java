package io.framebroker.loadgen.report;

import java.util.Map;

/** Writes maps, iterables, strings, numbers, booleans and null as JSON. Numbers JSON cannot say become null. */
public final class Json {
    private final StringBuilder out = new StringBuilder();

    private Json() {}

    public static String of(Object value) {
        Json json = new Json();
        json.value(value, "");
        return json.out.append('\n').toString();
    }

    private void value(Object value, String indent) {
        if (value instanceof Map<?, ?> map) {
            object(map, indent);
        } else if (value instanceof Iterable<?> list) {
            array(list, indent);
        } else if (value instanceof Double number && (number.isNaN() || number.isInfinite())) {
            out.append("null");
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            string(value.toString());
        }
    }

    private void object(Map<?, ?> map, String indent) {
        String inner = indent + "  ";
        String separator = "{\n";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator).append(inner);
            string(String.valueOf(entry.getKey()));
            out.append(": ");
            value(entry.getValue(), inner);
            separator = ",\n";
        }
        out.append(map.isEmpty() ? "{}" : "\n" + indent + "}");
    }

    private void array(Iterable<?> list, String indent) {
        String separator = "[";
        for (Object element : list) {
            out.append(separator);
            value(element, indent + "  ");
            separator = ", ";
        }
        out.append(separator.equals("[") ? "[]" : "]");
    }

    private void string(String text) {
        out.append('"');
        text.chars().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", c));
                    } else {
                        out.append((char) c);
                    }
                }
            }
        });
        out.append('"');
    }
}
