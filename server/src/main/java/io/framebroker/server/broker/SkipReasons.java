package io.framebroker.server.broker;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The names under which consumers of a group skip frames. They choose them, so their number is bounded, and none is taken for
 * the broker's own: from those it concludes what was never delivered. Guarded by the stream's lock.
 */
final class SkipReasons {
    private static final int MOST = 64;
    private static final String OTHER = "OTHER";
    private static final Set<String> OURS = Set.of(
            Group.STORE_LOST,
            Group.PURGED,
            Group.PASSED_OVER,
            Group.EXPIRED,
            MaxAge.REASON,
            Overflow.REASON,
            Overflow.THINNED,
            Latest.CONFLATED,
            Latest.AWAITING_KEYFRAME,
            DeadLetters.OVERFLOW,
            DeadLetters.PURGED,
            OTHER);

    private final Set<String> theirs = new HashSet<>();

    /** These are in the ledger already. */
    void addKnown(Collection<String> reasons) {
        reasons.stream().filter(each -> !OURS.contains(each)).forEach(theirs::add);
    }

    /** What the ledger calls a consumer's reason. */
    String name(String reason) {
        String name = OURS.contains(reason) ? "CONSUMER_" + reason : reason;
        if (theirs.size() < MOST) {
            theirs.add(name);
        }
        return theirs.contains(name) ? name : OTHER;
    }
}
