package io.framebroker.server.store.disk;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamRecord.Pending;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.LongUnaryOperator;

/** A group: its cursor, which frames are pending and at which attempt, and counts. Guarded by its stream's monitor. */
final class DiskGroup {
    /** An empty set is cleared by way of all of its words, so they are to be few. */
    private static final int SLACK = 1 << 12;

    private static final long LEAST_ALLOWED = 256;
    /** Of a group that does not wait for the disk: what may go out while that stands still. */
    private static final long EARLY_ALLOWED = 4096;

    private static final long ALLOWED_FORCES = 4;

    private final String name;
    /** Short for the name in the journal. */
    private final long number;

    private final boolean durable;
    private final long base;
    private final Map<String, Long> skipped = new TreeMap<>();
    /** Ordinals of the dead letters. */
    private final SortedSet<Long> letters = new TreeSet<>();
    /** Of these, the ones from before the group was restarted: none of its counts has them. */
    private final SortedSet<Long> earlierLetters = new TreeSet<>();
    /** Attempts of pending frames that have had more than one. */
    private final Map<Long, Integer> attempts = new HashMap<>();
    /** How the owner before left pending frames, if it ended in order and nobody had the stream since. */
    private final Map<Long, Left> left = new HashMap<>();
    /** Pending frames, as offsets from {@link #origin}. */
    private BitSet pending = new BitSet();

    private GroupSettings settings;
    /** Number of the group as it was made first, which it keeps when it is restarted: its letters lie under it. */
    private long lettersNumber;

    private long origin;
    private long pendingCount;
    private long cursor;
    private long acked;
    private long settlementsAsked;
    private long attemptsAsked;

    /** Frames up to here may have been delivered, as far as the journal knows; less than the cursor where it knows all. */
    private long allowed;

    /** What owners before this one may have delivered. */
    private long maybeDelivered;
    /** Frames up to here may be delivered, because that they may be has been forced. */
    private long deliverable;

    private long cursorMarked;

    DiskGroup(String name, long number, GroupSettings settings, boolean durable, long base) {
        this.name = name;
        this.number = number;
        this.lettersNumber = number;
        this.settings = settings;
        this.durable = durable;
        this.base = base;
        this.cursor = base;
        this.origin = base + 1;
        this.deliverable = base;
        this.cursorMarked = base;
    }

    /**
     * The same group as if it had just been created, but for its dead letters, which stay; its settlements and attempts go
     * on being numbered.
     */
    DiskGroup anew(long otherNumber, long otherBase) {
        DiskGroup anew = new DiskGroup(name, otherNumber, settings, durable, otherBase);
        anew.settlementsAsked = settlementsAsked;
        anew.attemptsAsked = attemptsAsked;
        anew.keepLetters(lettersNumber, this);
        return anew;
    }

    /**
     * Keeps the dead letters of the group it was before.
     *
     * @param before the group of its name; null when there is none
     */
    void keepLetters(long keptUnder, DiskGroup before) {
        lettersNumber = keptUnder;
        if (before != null && before.lettersNumber == keptUnder) {
            letters.addAll(before.letters);
            earlierLetters.addAll(before.letters);
        }
    }

    String name() {
        return name;
    }

    long number() {
        return number;
    }

    GroupSettings settings() {
        return settings;
    }

    void settings(GroupSettings known) {
        settings = known;
    }

    boolean durable() {
        return durable;
    }

    long cursor() {
        return cursor;
    }

    long base() {
        return base;
    }

    /** How many settlements were asked of this owner. */
    long settlementsAsked() {
        return settlementsAsked;
    }

    /** How many deliveries above the first attempt were asked of this owner. */
    long attemptsAsked() {
        return attemptsAsked;
    }

    GroupRecord view() {
        return new GroupRecord(
                base, cursor, pendingCount, acked, letters.size() - earlierLetters.size(), Map.copyOf(skipped));
    }

    // ---- what happens

    /** Returns whether it is one of those that are numbered: above the first attempt, of frames that were pending. */
    boolean delivered(long from, long through, int attempt) {
        boolean first = from == cursor + 1;
        if (first) {
            reach(through);
        } else {
            requirePending(from, through);
        }
        attempt(from, through, attempt);
        if (attempt > 1 && !first) {
            attemptsAsked++;
            return true;
        }
        return false;
    }

    void settle(long from, long through, Outcome outcome, String reason) {
        if (from != cursor + 1) {
            requirePending(from, through);
        }
        settled(from, through, outcome, reason);
        settlementsAsked++;
    }

    void settle(DeadLetter letter) {
        long ordinal = letter.id().ordinal();
        requirePending(ordinal, ordinal);
        deadLettered(ordinal);
        settlementsAsked++;
    }

    private void deadLettered(long ordinal) {
        pending.clear(offset(ordinal));
        pendingCount--;
        attempts.remove(ordinal);
        letters.add(ordinal);
        earlierLetters.remove(ordinal);
    }

    void purge(List<Long> ordinals, String reason) {
        for (long each : ordinals) {
            if (!letters.contains(each)) {
                throw new IllegalArgumentException("group " + name + " has no dead letter " + each);
            }
        }
        redoPurge(ordinals, reason);
        settlementsAsked++;
    }

    /** Ordinals of the dead letters. */
    SortedSet<Long> letters() {
        return letters;
    }

    /** Whether a dead letter is from before the group was restarted. */
    boolean isEarlier(long letter) {
        return earlierLetters.contains(letter);
    }

    long lettersNumber() {
        return lettersNumber;
    }

    private void requirePending(long from, long through) {
        if (from < origin || through > cursor || pending.nextClearBit(offset(from)) <= offset(through)) {
            throw new IllegalArgumentException("group " + name + ": frames " + from + ".." + through
                    + " are not all pending; the cursor is at " + cursor);
        }
    }

    private void reach(long through) {
        moveOrigin();
        pending.set(offset(cursor + 1), offset(through) + 1);
        pendingCount += through - cursor;
        cursor = through;
    }

    private void attempt(long from, long through, int attempt) {
        if (attempt > 1) {
            for (long ordinal = from; ordinal <= through; ordinal++) {
                attempts.put(ordinal, attempt);
            }
        }
    }

    private void settled(long from, long through, Outcome outcome, String reason) {
        if (from == cursor + 1) {
            cursor = through;
        } else {
            pending.clear(offset(from), offset(through) + 1);
            pendingCount -= through - from + 1;
            if (!attempts.isEmpty()) {
                for (long ordinal = from; ordinal <= through; ordinal++) {
                    attempts.remove(ordinal);
                }
            }
        }
        long frames = through - from + 1;
        if (outcome == Outcome.ACKED) {
            acked += frames;
        } else {
            skipped.merge(reason, frames, Long::sum);
        }
    }

    /** Keeps the set short: now and then it starts again at the oldest pending frame. */
    private void moveOrigin() {
        if (cursor - origin < 2 * SLACK) {
            return;
        }
        int oldest = pending.nextSetBit(0);
        if (oldest < 0) {
            pending = new BitSet();
            origin = cursor + 1;
        } else if (oldest >= SLACK) {
            pending = pending.get(oldest, pending.length());
            origin += oldest;
        }
    }

    private int offset(long ordinal) {
        return (int) (ordinal - origin);
    }

    // ---- what may be delivered, where deliveries themselves are not forced before frames go out

    long deliverable() {
        return deliverable;
    }

    long allowed() {
        return allowed;
    }

    void allowed(long through) {
        allowed = through;
    }

    /**
     * Allows what may be delivered until the force after the next, with room to spare. Called before each force.
     *
     * @return whether the journal has to know
     */
    boolean allow() {
        long room =
                Math.max(settings.early() ? EARLY_ALLOWED : LEAST_ALLOWED, ALLOWED_FORCES * (cursor - cursorMarked));
        cursorMarked = cursor;
        if (allowed - cursor >= room / 2) {
            return false;
        }
        allowed = cursor + room;
        return true;
    }

    /** Takes back what was allowed and not delivered: nobody need wonder any more. */
    void takeLeave() {
        allowed = Math.max(cursor, maybeDelivered);
        deliverable = cursor;
    }

    /** That so much is allowed is on the disk. Returns whether it is more than before. */
    boolean forced(long allowedThen) {
        boolean more = allowedThen > deliverable;
        deliverable = Math.max(deliverable, allowedThen);
        return more;
    }

    /** @param last ordinal of the last frame there is */
    long maybeDelivered(long last) {
        maybeDelivered = Math.max(cursor, Math.min(allowed, last));
        deliverable = cursor;
        cursorMarked = cursor;
        return maybeDelivered;
    }

    // ---- what the journal tells

    /** As {@link #delivered}; where records before it are missing, what they told of is taken for delivered. */
    void redoDelivered(long from, long through, int attempt) {
        if (through > cursor) {
            reach(through);
        }
        long oldest = Math.max(from, origin);
        for (long ordinal = oldest; ordinal <= through; ordinal++) {
            if (pending.get(offset(ordinal))) {
                attempt(ordinal, ordinal, attempt);
            }
        }
    }

    /** As {@link #settle}; where records before it are missing, only what is known to be there is settled. */
    void redoSettle(long from, long through, Outcome outcome, String reason) {
        if (from > cursor + 1) {
            reach(from - 1);
        }
        if (from == cursor + 1) {
            settled(from, through, outcome, reason);
            return;
        }
        long end = Math.min(through, cursor);
        long ordinal = Math.max(from, origin);
        while (ordinal <= end) {
            int set = pending.nextSetBit(offset(ordinal));
            if (set < 0 || set > offset(end)) {
                break;
            }
            long last = Math.min(end, origin + pending.nextClearBit(set) - 1);
            settled(origin + set, last, outcome, reason);
            ordinal = last + 1;
        }
        if (through > cursor) {
            settled(cursor + 1, through, outcome, reason);
        }
    }

    /** As {@link #settle(DeadLetter)}; where records before it are missing, the frame is taken for delivered. */
    void redoSettle(long ordinal) {
        if (ordinal > cursor) {
            reach(ordinal);
        }
        if (ordinal >= origin && pending.get(offset(ordinal))) {
            deadLettered(ordinal);
        }
    }

    /** A dead letter is none, and its frame is as it was after its first delivery. */
    void isPendingAgain(long ordinal) {
        letters.remove(ordinal);
        if (ordinal < origin) {
            BitSet moved = new BitSet();
            pending.stream().forEach(each -> moved.set(offset(ordinal, origin + each)));
            pending = moved;
            origin = ordinal;
        }
        pending.set(offset(ordinal));
        pendingCount++;
    }

    private static int offset(long from, long ordinal) {
        return (int) (ordinal - from);
    }

    /** As {@link #purge}, of those that are there. */
    void redoPurge(List<Long> ordinals, String reason) {
        long gone = 0;
        for (long each : ordinals) {
            boolean counted = !earlierLetters.remove(each);
            gone += letters.remove(each) && counted ? 1 : 0;
        }
        if (reason == null) {
            acked += gone;
        } else if (gone > 0) {
            skipped.merge(reason, gone, Long::sum);
        }
    }

    /**
     * Tells what is pending, after skipping what the store has lost.
     *
     * @param generations tells the generation of a frame; 0 when it is not there
     */
    List<Pending> recover(LongUnaryOperator generations, String lostReason) {
        List<Pending> there = new ArrayList<>();
        for (int each = pending.nextSetBit(0); each >= 0; each = pending.nextSetBit(each + 1)) {
            long ordinal = origin + each;
            long generation = generations.applyAsLong(ordinal);
            if (generation == 0) {
                settled(ordinal, ordinal, Outcome.SKIPPED, lostReason);
            } else {
                there.add(new Pending(ordinal, generation, attempts.getOrDefault(ordinal, 1), left.get(ordinal)));
            }
        }
        forgetLeft();
        return there;
    }

    void left(long from, long through, Left how) {
        for (long ordinal = from; ordinal <= through; ordinal++) {
            left.put(ordinal, how);
        }
    }

    void eachLeft(BiConsumer<Long, Left> action) {
        left.forEach(action);
    }

    /** Somebody has opened the stream and knows of them. */
    void forgetLeft() {
        left.clear();
    }

    void write(RecordBuffer into) {
        into.put(number)
                .put(name)
                .put(settings.leaseMillis())
                .put(base)
                .put(cursor)
                .put(acked)
                .put(allowed);
        StreamState.put(into, skipped);
        long from = base;
        for (int set = pending.nextSetBit(0); set >= 0; ) {
            int clear = pending.nextClearBit(set);
            into.put(origin + set - from).put(clear - set);
            from = origin + clear;
            set = pending.nextSetBit(clear);
        }
        // No run begins where the one before it ends, but for the first one there may be one at the base.
        into.put(0).put(0);
        into.put(attempts.size());
        attempts.forEach((ordinal, attempt) -> into.put(ordinal).put(attempt));
    }

    void writeLetters(RecordBuffer into) {
        into.put(lettersNumber);
        StreamState.put(into, letters);
        StreamState.put(into, earlierLetters);
    }

    void readLetters(RecordBuffer from) {
        lettersNumber = from.next();
        letters.addAll(StreamState.nextOrdinals(from));
        earlierLetters.addAll(StreamState.nextOrdinals(from));
    }

    static DiskGroup read(RecordBuffer from) {
        long number = from.next();
        String name = from.nextText();
        GroupSettings settings = new GroupSettings(from.next());
        DiskGroup group = new DiskGroup(name, number, settings, true, from.next());
        group.cursor = from.next();
        group.acked = from.next();
        group.allowed = from.next();
        group.skipped.putAll(StreamState.nextCounts(from));
        long at = group.base;
        while (true) {
            long gap = from.next();
            long run = from.next();
            if (run == 0) {
                break;
            }
            if (group.pendingCount == 0) {
                group.origin = at + gap;
            }
            group.pending.set(group.offset(at + gap), group.offset(at + gap + run));
            group.pendingCount += run;
            at += gap + run;
        }
        if (group.pendingCount == 0) {
            group.origin = group.cursor + 1;
        }
        for (long left = from.next(); left > 0; left--) {
            group.attempts.put(from.next(), from.nextInt());
        }
        return group;
    }
}
