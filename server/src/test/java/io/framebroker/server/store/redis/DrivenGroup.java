package io.framebroker.server.store.redis;

import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a group must be, by what was asked of the store. */
final class DrivenGroup {
    static final String ACKED = "";
    static final String DEAD = "dead";

    final String name;
    final boolean durable;
    final long base;
    /** Attempts of frames that are delivered and not settled. */
    final TreeMap<Long, Integer> pending = new TreeMap<>();
    /** What was asked for frames that are settled: a reason, or {@link #ACKED}. */
    final Map<Long, String> settled = new HashMap<>();
    /** Last frame of each settlement asked of this store, and first, in order. */
    final TreeMap<Long, long[]> settlements = new TreeMap<>();
    /** Dead letters whose purge was asked of this store, and by which settlement. */
    final Map<Long, Long> purges = new HashMap<>();
    /** Dead letters that stores before this one made. */
    final Set<Long> earlierLetters = new HashSet<>();
    /** Attempts of all frames ever delivered. */
    final TreeMap<Long, Integer> attempts = new TreeMap<>();

    long cursor;
    /** Frames that are to be given up, once the store has room for them. */
    final Set<Long> givenUp = new HashSet<>();
    /** The store has said something that it could not without having it. */
    boolean sure;

    DrivenGroup(String name, boolean durable, long base) {
        this.name = name;
        this.durable = durable;
        this.base = base;
        this.cursor = base;
    }

    void delivered(long first, long last, int attempt) {
        cursor = Math.max(cursor, last);
        for (long ordinal = first; ordinal <= last; ordinal++) {
            pending.put(ordinal, attempt);
            attempts.put(ordinal, attempt);
        }
    }

    void settled(long first, long last, String outcome) {
        cursor = Math.max(cursor, last);
        settlements.put(settlements.size() + 1L, new long[] {first, last});
        for (long ordinal = first; ordinal <= last; ordinal++) {
            pending.remove(ordinal);
            settled.put(ordinal, outcome);
        }
    }

    /** One settlement, of no frame. */
    void purged(List<Long> ordinals, String reason) {
        settlements.put(settlements.size() + 1L, new long[] {Long.MAX_VALUE, 0});
        for (long ordinal : ordinals) {
            settled.put(ordinal, reason);
            purges.put(ordinal, settlements.lastKey());
        }
    }

    Set<Long> letters() {
        return settled.entrySet().stream()
                .filter(each -> each.getValue().equals(DEAD))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Letters of before that are not there any more, which Redis has lost. */
    void lost(Set<Long> letters, String reason) {
        letters.forEach(each -> settled.put(each, reason));
    }

    /** Oldest frame that is not known to be settled for good. */
    long low(long settlementsTold) {
        long low = pending.isEmpty() ? cursor + 1 : pending.firstKey();
        for (long[] asked : settlements.tailMap(settlementsTold, false).values()) {
            low = Math.min(low, asked[0]);
        }
        return low;
    }

    /** What the store must have counted when it has answered everything. */
    GroupRecord record() {
        long acked = 0;
        long deadLettered = 0;
        Map<String, Long> skipped = new TreeMap<>();
        for (String outcome : settled.values()) {
            if (outcome.equals(ACKED)) {
                acked++;
            } else if (outcome.equals(DEAD)) {
                deadLettered++;
            } else {
                skipped.merge(outcome, 1L, Long::sum);
            }
        }
        return new GroupRecord(base, cursor, pending.size(), acked, deadLettered, skipped);
    }

    /** Takes what a store had of the group when its owner died, if that may be. Returns why it may not; "" if it may. */
    String adopt(StreamRecord.OfGroup found, GroupRecord counts, Set<Long> letters, long settlementsTold) {
        TreeMap<Long, Integer> stillPending = new TreeMap<>();
        for (StreamRecord.Pending each : found.pending()) {
            stillPending.put(each.ordinal(), each.attempt());
            if (each.attempt() < 1 || each.attempt() > attempts.getOrDefault(each.ordinal(), 0)) {
                return each + " was delivered " + attempts.get(each.ordinal()) + " times";
            }
        }
        if (counts.base() != base || counts.cursor() > cursor) {
            return counts + ": base is " + base + ", cursor at most " + cursor;
        }
        if (!attempts.isEmpty() && found.maybeDelivered() < attempts.lastKey()) {
            return attempts.lastKey() + " was delivered, at most " + found.maybeDelivered() + " may have been";
        }
        for (long[] told : settlements.headMap(settlementsTold, true).values()) {
            for (long ordinal = told[0]; ordinal <= told[1]; ordinal++) {
                if (ordinal > counts.cursor() || stillPending.containsKey(ordinal)) {
                    return ordinal + " was settled, and the broker was told so";
                }
            }
        }
        Map<Long, String> stillSettled = new HashMap<>();
        for (long ordinal = base + 1; ordinal <= counts.cursor(); ordinal++) {
            if (!stillPending.containsKey(ordinal)) {
                String outcome = settled.get(ordinal);
                if (outcome == null) {
                    return ordinal + " is settled, nobody has asked for that";
                }
                boolean mayBeLetter = outcome.equals(DEAD) || purges.getOrDefault(ordinal, 0L) > settlementsTold;
                boolean mustBeLetter = outcome.equals(DEAD);
                if (letters.contains(ordinal) ? !mayBeLetter : mustBeLetter) {
                    return ordinal + " is to be " + outcome + ", and the dead letters are " + letters;
                }
                stillSettled.put(ordinal, letters.contains(ordinal) ? DEAD : outcome);
            }
        }
        if (!stillSettled.keySet().containsAll(letters)) {
            return "there are dead letters of frames that are not settled: " + letters + ", pending " + stillPending;
        }
        pending.clear();
        pending.putAll(stillPending);
        purges.clear();
        earlierLetters.clear();
        earlierLetters.addAll(letters);
        settled.clear();
        settled.putAll(stillSettled);
        attempts.putAll(stillPending);
        settlements.clear();
        cursor = counts.cursor();
        sure = true;
        return record().equals(counts) ? "" : counts + ": by the frames it is " + record();
    }

    /** Another store counts settlements from the start. */
    void reopened() {
        settlements.clear();
    }

    @Override
    public String toString() {
        return name + " " + record() + " pending " + pending;
    }
}
