package io.framebroker.server.broker;

import java.util.regex.Pattern;

/** Which names streams, groups, consumers and publishers may have. */
final class Names {
    private static final Pattern STREAM = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._:/-]{0,199}");
    private static final Pattern STREAM_PART = Pattern.compile("[A-Za-z0-9._:/-]+");
    private static final Pattern GROUP = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}");
    private static final int MAX_ID = 128;

    private Names() {}

    static void checkStream(String name) {
        if (!STREAM.matcher(name).matches()) {
            throw BrokerException.invalid(
                    "stream",
                    quoted(name) + " is no stream name: 1..200 characters of A-Z a-z 0-9 . _ : / -,"
                            + " the first a letter, a digit or _");
        }
    }

    /** Whether these are characters a stream's name may have behind its first. */
    static boolean isPartOfStream(String part) {
        return STREAM_PART.matcher(part).matches();
    }

    static void checkGroup(String name) {
        if (!GROUP.matcher(name).matches()) {
            throw BrokerException.invalid(
                    "group",
                    quoted(name) + " is no group name: 1..128 characters of A-Z a-z 0-9 . _ : -,"
                            + " the first a letter, a digit or _");
        }
    }

    /** Ids of publishers and consumers: free text, but short and printable. */
    static void checkId(String field, String id) {
        if (id.length() > MAX_ID || id.chars().anyMatch(Character::isISOControl)) {
            throw BrokerException.invalid(
                    field,
                    quoted(id) + " is no id: at most " + MAX_ID + " characters, none of them a control character");
        }
    }

    static String quoted(String name) {
        String shown = name.length() <= 64 ? name : name.substring(0, 64) + "...";
        return '"' + shown.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}
