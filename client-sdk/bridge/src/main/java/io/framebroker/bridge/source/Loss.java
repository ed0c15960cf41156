package io.framebroker.bridge.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Entries that will not become frames, counted in Redis until the broker has them in its ledger: the count and the fact it
 * counts change in one step there, so that no crash forgets them.
 *
 * @param stream stream of the broker in whose ledger they belong
 * @param reason in UPPER_SNAKE
 * @param count how many the broker has not confirmed; 1 or more
 * @param through how many such losses there are with these, from the first on: what is confirmed is noted by this number, so that
 *     noting it twice does no harm
 */
public record Loss(String stream, String reason, long count, long through) {
    /** Deleted from the source, by somebody else, between being read and being stored. */
    public static final String PENDING_DELETED = "PENDING_DELETED";
    /** Trimmed or deleted before they were read. */
    public static final String UNREAD_DELETED = "UNREAD_DELETED";
    /** Waiting when the whole source was deleted, as far as was known. */
    public static final String SOURCE_DELETED = "SOURCE_DELETED";

    private static final String LOST = "lost ";
    private static final String TOLD = "told ";

    /** Field that counts such losses. */
    static String lostField(String stream, String reason) {
        return LOST + reason + " " + stream;
    }

    /** Field that counts what the broker has confirmed of them. */
    static String toldField(String stream, String reason) {
        return TOLD + reason + " " + stream;
    }

    /** Whether the number is a guess. */
    public boolean estimated() {
        return reason.equals(SOURCE_DELETED);
    }

    /** What is counted and not confirmed. */
    static List<Loss> of(Map<String, String> state) {
        List<Loss> open = new ArrayList<>();
        state.forEach((field, count) -> {
            if (field.startsWith(LOST)) {
                String[] words = field.split(" ", 3);
                long told = Long.parseLong(state.getOrDefault(toldField(words[2], words[1]), "0"));
                long through = Long.parseLong(count);
                if (through > told) {
                    open.add(new Loss(words[2], words[1], through - told, through));
                }
            }
        });
        return open;
    }
}
