package io.framebroker.server.http;

import java.util.Locale;

/**
 * What a page shows: the first streams, by name, whose names contain a text, or one stream alone.
 *
 * @param filter text, whatever its case; empty for all
 * @param most streams
 * @param only a stream's name; empty for none
 */
record View(String filter, int most, String only) {
    static final int MOST = 48;
    private static final int MOST_CHARACTERS = 200;

    /** @throws RefusedException there is no such view */
    static View of(Call call) {
        String filter = call.parameter("filter").orElse("");
        String only = call.parameter("stream").orElse("");
        if (filter.length() > MOST_CHARACTERS || only.length() > MOST_CHARACTERS) {
            throw new RefusedException(
                    400, "filter and stream have at most " + MOST_CHARACTERS + " characters, as streams' names have");
        }
        return new View(filter.toLowerCase(Locale.ROOT), call.number("most", 24, 1, MOST), only);
    }

    boolean isOfOne() {
        return !only.isEmpty();
    }

    boolean shows(String stream) {
        return isOfOne() ? stream.equals(only) : stream.toLowerCase(Locale.ROOT).contains(filter);
    }
}
