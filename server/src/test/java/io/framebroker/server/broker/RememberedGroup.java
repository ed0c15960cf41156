package io.framebroker.server.broker;

import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A group as a store has it: everything that was ever asked, in order, and what that comes to. */
final class RememberedGroup {
    /** What somebody asked for: a delivery when there is no outcome. */
    private record Step(long first, long last, int attempt, Outcome outcome, String reason) {
        boolean isSettlement() {
            return outcome != null;
        }

        boolean isAttempt() {
            return outcome == null && attempt > 1;
        }
    }

    /** Why a frame that the store has lost is skipped. */
    static final String LOST = "STORE_LOST";

    private final String name;
    private final GroupSettings settings;
    private final boolean durable;
    private final long base;
    private final List<Step> steps = new ArrayList<>();
    /** Attempts of the latest deliveries, by ordinal. */
    private final TreeMap<Long, Integer> pending = new TreeMap<>();

    private final TreeMap<Long, StreamRecord.Left> left = new TreeMap<>();
    private final Map<String, Long> skipped = new TreeMap<>();
    private long cursor;
    private long acked;
    /** Asked since the stream was opened last; so are attempts. */
    private long settlements;

    private long attempts;
    /** How many frames may be delivered before that is known to last; 0 for any number. */
    private final int room;
    /** Known to last: frames up to here may have been delivered. */
    private long allowed;

    /** How many steps there were then, and whether the group was. */
    private int stepsBefore;

    private boolean wasThere;
    /** What was asked, since the stream was opened, of the group in whose place this one is. */
    private long settlementsBefore;

    private long attemptsBefore;

    RememberedGroup(String name, GroupSettings settings, boolean durable, long base, int room) {
        this.name = name;
        this.settings = settings;
        this.durable = durable;
        this.base = base;
        this.cursor = base;
        this.room = durable ? room : 0;
        this.allowed = base;
    }

    /** The same group as if it had just been created, which nobody can undo; it goes on numbering what it is asked. */
    RememberedGroup anew(long otherBase) {
        RememberedGroup anew = new RememberedGroup(name, settings, durable, otherBase, room);
        anew.settlements = settlements;
        anew.attempts = attempts;
        anew.settlementsBefore = settlements;
        anew.attemptsBefore = attempts;
        anew.wasThere = true;
        return anew;
    }

    long deliverableThrough() {
        return room == 0 ? Long.MAX_VALUE : allowed;
    }

    /** Allows as many frames more as may be delivered. Returns whether that is news. */
    boolean allows() {
        boolean more = cursor + room > allowed;
        allowed = Math.max(allowed, cursor + room);
        return more && room > 0;
    }

    boolean durable() {
        return durable;
    }

    long settlements() {
        return settlements;
    }

    long attempts() {
        return attempts;
    }

    GroupRecord counts() {
        return new GroupRecord(base, cursor, pending.size(), acked, 0, Map.copyOf(skipped));
    }

    void delivered(long first, long last, int attempt) {
        take(new Step(first, last, attempt, null, null));
    }

    void settle(long first, long last, Outcome outcome, String reason) {
        take(new Step(first, last, 0, outcome, reason));
    }

    /** What a broker says that leaves; whatever comes after that makes it doubtful. */
    void left(long first, long last, StreamRecord.Left how) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            if (!pending.containsKey(ordinal)) {
                throw new AssertionError(ordinal + " is left and not pending in " + name);
            }
            left.put(ordinal, how);
        }
    }

    private void take(Step step) {
        steps.add(step);
        apply(step);
    }

    private void apply(Step step) {
        boolean behindCursor = step.first == cursor + 1;
        if (behindCursor) {
            cursor = step.last;
        }
        for (long ordinal = step.first; ordinal <= step.last; ordinal++) {
            if (!behindCursor && !pending.containsKey(ordinal)) {
                throw new AssertionError(step + ": " + ordinal + " is not pending in " + name);
            }
            if (step.isSettlement()) {
                pending.remove(ordinal);
            } else {
                pending.put(ordinal, step.attempt);
            }
        }
        long frames = step.last - step.first + 1;
        if (step.isSettlement()) {
            settlements++;
            if (step.outcome == Outcome.ACKED) {
                acked += frames;
            } else {
                skipped.merge(step.reason, frames, Long::sum);
            }
        } else if (step.isAttempt()) {
            attempts++;
        }
    }

    /** Goes back to what was confirmed, and as much more as fate will have it. Returns whether the group is there at all. */
    boolean fallsBack(long settlementsConfirmed, long attemptsConfirmed, Fate fate) {
        int least = stepsBefore;
        long settlementsSeen = settlementsBefore;
        long attemptsSeen = attemptsBefore;
        for (int i = stepsBefore; i < steps.size(); i++) {
            settlementsSeen += steps.get(i).isSettlement() ? 1 : 0;
            attemptsSeen += steps.get(i).isAttempt() ? 1 : 0;
            boolean confirmed = steps.get(i).isSettlement() && settlementsSeen <= settlementsConfirmed
                    || steps.get(i).isAttempt() && attemptsSeen <= attemptsConfirmed;
            least = confirmed ? i + 1 : least;
        }
        // A group of which nothing was confirmed may never have been.
        boolean mayBeGone = !wasThere && least == 0;
        int kept = (int) fate.between(Fate.Kind.GROUP, mayBeGone ? -1 : least, steps.size());
        if (kept < 0) {
            return false;
        }
        if (kept < steps.size()) {
            left.clear();
        }
        List<Step> there = List.copyOf(steps.subList(0, kept));
        steps.clear();
        pending.clear();
        skipped.clear();
        cursor = base;
        acked = 0;
        there.forEach(this::take);
        return true;
    }

    /** What a broker is told that opens the stream. Pending frames that are lost are skipped by this. */
    StreamRecord.OfGroup recovered(Set<Long> lost, TreeMap<Long, Frame> frames, long lastStored) {
        for (long ordinal : List.copyOf(pending.keySet())) {
            if (lost.contains(ordinal)) {
                settle(ordinal, ordinal, Outcome.SKIPPED, LOST);
            }
        }
        settlements = 0;
        attempts = 0;
        settlementsBefore = 0;
        attemptsBefore = 0;
        stepsBefore = steps.size();
        wasThere = true;
        List<StreamRecord.Pending> all = new ArrayList<>();
        pending.forEach((ordinal, attempt) -> all.add(
                new StreamRecord.Pending(ordinal, frames.get(ordinal).generation(), attempt, left.get(ordinal))));
        left.clear();
        long maybeDelivered = Math.max(cursor, Math.min(allowed, lastStored));
        return new StreamRecord.OfGroup(name, settings, all, maybeDelivered);
    }
}
