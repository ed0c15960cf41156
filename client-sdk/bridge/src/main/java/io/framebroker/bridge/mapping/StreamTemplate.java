package io.framebroker.bridge.mapping;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Name of the stream an entry goes to: text with fields of the entry in braces, {@code {camera_id}}, and perhaps what stands for a
 * missing one behind a bar, {@code {camera_id|north}}.
 */
public final class StreamTemplate {
    private static final Pattern FIELD = Pattern.compile("\\{([^{}|]+)(?:\\|([^{}]*))?}");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._:/-]{0,199}");

    private final String text;
    private final Map<String, String> renamed;

    /**
     * @param renamed what a field's value becomes in the name, where it is to be something else
     * @throws IllegalArgumentException when no name can come of it
     */
    public StreamTemplate(String text, Map<String, String> renamed) {
        this.text = text;
        this.renamed = renamed;
        String sample = FIELD.matcher(text).replaceAll("x");
        if (!isName(sample)) {
            throw new IllegalArgumentException("'" + text + "' gives no stream names: " + rule());
        }
    }

    /** Whether a broker takes this for a stream's name. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    public static String rule() {
        return "1..200 characters of A-Z a-z 0-9 . _ : / -, the first a letter, a digit or _";
    }

    /** Whether all entries go to one stream. */
    public boolean isFixed() {
        return fields().isEmpty();
    }

    Set<String> fields() {
        Set<String> fields = new TreeSet<>();
        FIELD.matcher(text).results().forEach(each -> fields.add(each.group(1)));
        return fields;
    }

    /** @param values gives a field's value, null when there is none */
    String nameFor(UnaryOperator<String> values) throws UnreadableEntryException {
        StringBuilder name = new StringBuilder();
        Matcher field = FIELD.matcher(text);
        while (field.find()) {
            String value = values.apply(field.group(1));
            if (value == null || value.isEmpty()) {
                value = field.group(2);
            }
            if (value == null) {
                throw new UnreadableEntryException(
                        "", "FIELD_MISSING", "no field " + field.group(1) + " to name the stream by " + text);
            }
            field.appendReplacement(name, Matcher.quoteReplacement(renamed.getOrDefault(value, value)));
        }
        field.appendTail(name);
        if (!isName(name.toString())) {
            throw new UnreadableEntryException(
                    "",
                    "STREAM_NAME_INVALID",
                    "'" + name + "' is no name of a stream: " + rule() + "; give it another with --rename");
        }
        return name.toString();
    }

    @Override
    public String toString() {
        return text;
    }
}
