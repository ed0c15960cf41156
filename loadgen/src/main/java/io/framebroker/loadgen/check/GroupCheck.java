package io.framebroker.loadgen.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks what one group gets of one camera against what was published: every sequence once, none twice, none
 * damaged, none from elsewhere, and each member's first deliveries in order. A frame missing below a later one is only
 * counted as {@link #missing} while frames flow, since another member may be about to deliver it; whether it is lost is
 * decided by {@link #settle}, when the publisher has said where it ended. Safe for several threads: the members of a
 * group share it.
 */
public final class GroupCheck {
    /** A sequence this far ahead was never published; believing it would cost memory. */
    private static final long MAX_JUMP = 1L << 26;

    private final long runId;
    private final int camera;
    private final String name;

    // All guarded by this.
    private final Sequences seen = new Sequences();
    private final long[] lastOfMember;
    private final List<String> examples = new ArrayList<>();
    private long duplicates;
    private long redelivered;
    private long reordered;
    private long damaged;
    private long strangers;
    private long leftOut;

    public GroupCheck(long runId, int camera, String name, int members) {
        this.runId = runId;
        this.camera = camera;
        this.name = name;
        this.lastOfMember = new long[members];
    }

    /**
     * One delivery.
     *
     * @param member index of the consumer within the group
     * @param attempt above 1 for a retry, which may come late and twice
     * @param labelled sequence on the envelope, which must be that of the payload; 0 when the target has none
     * @param intact whether length, checksum and stamp are right
     */
    public synchronized void delivered(
            int member, int attempt, long frameRunId, int frameCamera, long sequence, long labelled, boolean intact) {
        if (!intact || labelled != 0 && labelled != sequence) {
            damaged++;
            example("damaged", sequence, labelled != 0 && labelled != sequence ? "labelled " + labelled : "payload");
            return;
        }
        boolean ours = frameRunId == runId && frameCamera == camera;
        if (!ours || sequence < 1 || sequence > seen.highest() + MAX_JUMP) {
            strangers++;
            example("ghost", sequence, "of run " + Long.toHexString(frameRunId) + " camera " + frameCamera);
            return;
        }
        if (attempt > 1) {
            redelivered++;
            seen.add(sequence);
            return;
        }
        if (!seen.add(sequence)) {
            duplicates++;
            example("duplicate", sequence, "member " + member);
            return;
        }
        if (sequence < lastOfMember[member]) {
            reordered++;
            example("reordered", sequence, "behind " + lastOfMember[member] + " at member " + member);
        } else {
            lastOfMember[member] = sequence;
        }
    }

    /** A delivery too short to say what it is. */
    public synchronized void unreadable(int bytes) {
        damaged++;
        example("damaged", 0, bytes + " bytes");
    }

    /** Frames of which the target said that they do not come, because newer ones do; which they are, it does not say. */
    public synchronized void leftOut(long frames) {
        leftOut += frames;
    }

    /** How many it said that of. */
    public synchronized long leftOut() {
        return leftOut;
    }

    /** Distinct frames seen. */
    public synchronized long distinct() {
        return seen.size();
    }

    /** Frames neither seen nor left out though a later one was. */
    public synchronized long missing() {
        return Math.max(0, seen.holes() - leftOut);
    }

    /** Deliveries with an attempt above 1. */
    public synchronized long redelivered() {
        return redelivered;
    }

    /** Whether every frame up to {@code last} was seen, but for those that were not stored or were left out. */
    public synchronized boolean complete(long last, Map<Long, String> notStored) {
        if (seen.size() + notStored.size() + leftOut < last) {
            return false;
        }
        return openUpTo(last, notStored) <= 0;
    }

    /**
     * The verdict, against the publisher's account.
     *
     * @param last sequence of the last frame published
     * @param notStored published frames the target refused, and why; they may be absent, and if present they are ghosts
     */
    public synchronized Defects settle(long last, Map<Long, String> notStored) {
        long open = openUpTo(last, notStored);
        if (open > 0) {
            String others = leftOut == 0 ? "" : " and " + leftOut + " left out";
            example("lost", firstLost(last, notStored), "first of " + open + others);
        } else if (open < 0) {
            example("ghost", last, -open + " of " + leftOut + " that were left out came all the same");
        }
        long refusedYetSeen = notStored.entrySet().stream()
                .filter(e -> !e.getValue().startsWith("UNKNOWN") && seen.contains(e.getKey()))
                .peek(e -> example("ghost", e.getKey(), "refused: " + e.getValue()))
                .count();
        long beyond = 0;
        for (long sequence = last + 1; sequence <= seen.highest(); sequence++) {
            if (seen.contains(sequence)) {
                beyond++;
                example("ghost", sequence, "the publisher ended at " + last);
            }
        }
        return new Defects(
                Math.max(0, open),
                duplicates,
                reordered,
                damaged,
                strangers + beyond + refusedYetSeen + Math.max(0, -open),
                List.copyOf(examples));
    }

    /** Frames of which nothing is known; below 0 when more were left out than did not come. */
    private long openUpTo(long last, Map<Long, String> notStored) {
        long beyond = 0;
        for (long sequence = last + 1; sequence <= seen.highest(); sequence++) {
            beyond += seen.contains(sequence) ? 1 : 0;
        }
        long excused = notStored.keySet().stream()
                .filter(sequence -> sequence <= last && !seen.contains(sequence))
                .count();
        return last - (seen.size() - beyond) - excused - leftOut;
    }

    private long firstLost(long last, Map<Long, String> notStored) {
        for (long sequence = 1; sequence <= last; sequence++) {
            if (!seen.contains(sequence) && !notStored.containsKey(sequence)) {
                return sequence;
            }
        }
        return 0;
    }

    private void example(String defect, long sequence, String detail) {
        if (examples.size() < Defects.MAX_EXAMPLES) {
            examples.add(defect + " " + name + " " + sequence + " (" + detail + ")");
        }
    }
}
