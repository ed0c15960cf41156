package io.framebroker.server.store.redis;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Redis means by an error, which it says by a word in capitals: at the beginning, or, in a script of 6.2, further on. */
final class Refusal {
    private static final Pattern CODE = Pattern.compile(
            "(?:ERR Error running script \\([^)]*\\): (?:@user_script: ?\\d+: )+-?)?([A-Z]+)\\b.*", Pattern.DOTALL);
    private static final Set<String> LOGIN = Set.of("NOAUTH", "WRONGPASS");
    private static final Set<String> ELSEWHERE = Set.of("MOVED", "ASK", "READONLY");
    /** A refusal to write is none of these: reading goes on. */
    private static final Set<String> OUTAGE =
            Set.of("LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS");

    private Refusal() {}

    /** The word; "" where there is none. */
    static String code(String message) {
        Matcher matcher = CODE.matcher(message == null ? "" : message);
        return matcher.matches() ? matcher.group(1) : "";
    }

    /** Whether a node says that it is not the one that may be written to. */
    static boolean isElsewhere(String message) {
        return ELSEWHERE.contains(code(message));
    }

    /** Whether a node answers, but serves nothing now. */
    static boolean isOutage(String message) {
        return OUTAGE.contains(code(message));
    }

    /** Whether it is a question of users and passwords. */
    static boolean isOfLogin(String message) {
        return LOGIN.contains(code(message));
    }
}
