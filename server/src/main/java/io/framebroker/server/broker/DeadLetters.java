package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleResult;
import io.framebroker.server.broker.DeliveryTable.State;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which frames a group gives up, and how many of them it keeps. A frame whose attempts are used up stays pending until
 * the store has read it and taken its copy: until then nothing is lost, and late work on it still counts. Guarded by the
 * stream's lock.
 */
final class DeadLetters {
    private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);
    /** More than anybody looks through; each costs some hundred bytes of memory beside its copy. */
    static final int MOST_LETTERS = 10_000;
    /** No letter is so large that it leaves room for less than so many. */
    private static final int LEAST_KEPT = 8;
    /** Why a dead letter is skipped that had to make room for others. */
    static final String OVERFLOW = "DEAD_LETTER_OVERFLOW";
    /** Why a dead letter is skipped that somebody has purged. */
    static final String PURGED = "DEAD_LETTER_PURGED";

    /** Of frames that cannot be buried now, so many are tried at a time. */
    static final int MOST_TRIED = 16;
    /** When to try again what the store could not do. */
    static final long TRY_AGAIN_NANOS = 100_000_000;

    private record Cause(String error, String consumerId) {}

    private final String group;
    private final int maxAttempts;
    private final long mostBytes;
    private final FrameStream stream;
    private final StreamStore store;
    private final DeliveryTable table;
    private final Settlements settlements;
    private final EarlyAsks early;
    /** Frames that are USED_UP, in the order they came to be. */
    private final Map<Long, Cause> usedUp = new LinkedHashMap<>();

    /** Bytes of the letters by ordinal, in the order in which they became letters. */
    private final Map<Long, Integer> letters = new LinkedHashMap<>();

    private long bytes;
    private long overflowed;
    private LongConsumer whenGone = ordinal -> {};

    DeadLetters(
            String group,
            int maxAttempts,
            FrameStream stream,
            DeliveryTable table,
            Settlements settlements,
            EarlyAsks early) {
        this.group = group;
        this.maxAttempts = maxAttempts;
        this.mostBytes = stream.mostDeadLetterBytes();
        this.stream = stream;
        this.store = stream.store();
        this.table = table;
        this.settlements = settlements;
        this.early = early;
    }

    /** Told the ordinal of each letter that is none any more, but for those that {@link #leaves} was called for. */
    void whenGone(LongConsumer action) {
        whenGone = action;
    }

    /** Takes up what the store has kept. */
    void recover() {
        for (DeadLetter letter : store.deadLetters(group)) {
            add(letter);
        }
        // Some may be due soon.
        stream.wakeAfter(0);
    }

    boolean isEmpty() {
        return letters.isEmpty();
    }

    boolean has(long ordinal) {
        return letters.containsKey(ordinal);
    }

    /** What became of a frame that is one. */
    Optional<DeadLetter> of(long ordinal) {
        return has(ordinal)
                ? store.deadLetters(group).stream()
                        .filter(letter -> letter.id().ordinal() == ordinal)
                        .findFirst()
                : Optional.empty();
    }

    /** Whether a frame is given up when this attempt fails. */
    boolean endsWith(int attempt) {
        return maxAttempts > 0 && attempt >= maxAttempts;
    }

    /** The last attempt of a frame, LEASED or in RETRY, has failed without a word of its holder. */
    void useUp(long ordinal, String error) {
        Member holder = table.holder(ordinal);
        table.usedUp(ordinal);
        usedUp.put(
                ordinal,
                new Cause(error, holder == null ? "" : holder.consumer().id()));
    }

    /** Makes dead letters of frames whose attempts are used up, as far as they can be read now. */
    void bury() {
        int notNow = 0;
        for (Iterator<Map.Entry<Long, Cause>> each = usedUp.entrySet().iterator();
                each.hasNext() && notNow < MOST_TRIED; ) {
            Map.Entry<Long, Cause> next = each.next();
            long ordinal = next.getKey();
            if (!table.contains(ordinal) || table.state(ordinal) != State.USED_UP) {
                // Late work on it was done after all.
                each.remove();
            } else if (ordinal <= early.cursor() && store.receivedMicros(ordinal) == 0) {
                each.remove();
                table.settling(ordinal);
                settlements.ask(ordinal, ordinal, StreamStore.Outcome.SKIPPED, Group.STORE_LOST, null, null);
            } else {
                Cause cause = next.getValue();
                if (bury(ordinal, DeadLetter.MAX_ATTEMPTS, cause.error, cause.consumerId, null, null)) {
                    each.remove();
                } else {
                    notNow++;
                }
            }
        }
    }

    /** Whether there are frames that {@link #bury} could not make dead letters of yet. */
    boolean hasUnburied() {
        return !usedUp.isEmpty();
    }

    /**
     * Makes a pending frame a dead letter.
     *
     * @param member whom to tell; null for nobody
     * @return false when that cannot be now: the frame is on its way to the store, or out of memory, or the store has no
     *     room; nothing has changed
     */
    boolean bury(long ordinal, String reason, String error, String consumerId, Member member, SettleResult result) {
        if (ordinal > early.cursor()) {
            return false;
        }
        List<Frame> one = store.read(ordinal, ordinal, 1, Long.MAX_VALUE);
        if (one.isEmpty()) {
            return false;
        }
        Frame frame = one.get(0);
        if (frame.bytes() > mostBytes / LEAST_KEPT) {
            skipTooLarge(frame, member, result);
            return true;
        }
        DeadLetter letter = new DeadLetter(
                frame.id(),
                frame.bytes(),
                reason,
                table.attempt(ordinal),
                error,
                consumerId,
                stream.clock().wallMicros());
        if (!store.hasRoomFor(group, frame, letter)) {
            return false;
        }
        table.settling(ordinal);
        // It may be one already, from before the group was moved.
        remove(ordinal);
        add(letter);
        settlements.ask(frame, letter, member, result);
        stream.wakeForLetter();
        dropOverflow();
        return true;
    }

    private void skipTooLarge(Frame frame, Member member, SettleResult result) {
        log.warn(
                "group {} of stream {}: frame {} of {} bytes is larger than a dead letter may be, {} bytes; it is skipped,"
                        + " see its ledger, {}",
                group,
                stream.name(),
                frame.id(),
                frame.bytes(),
                mostBytes / LEAST_KEPT,
                OVERFLOW);
        table.settling(frame.ordinal());
        settlements.ask(frame.ordinal(), frame.ordinal(), StreamStore.Outcome.SKIPPED, OVERFLOW, member, result);
    }

    private void dropOverflow() {
        List<Long> dropped = new ArrayList<>();
        while (letters.size() > MOST_LETTERS || bytes > mostBytes) {
            long oldest = letters.keySet().iterator().next();
            dropped.add(oldest);
            remove(oldest);
            whenGone.accept(oldest);
        }
        if (!dropped.isEmpty()) {
            settlements.purge(dropped, OVERFLOW, null);
            // Once for each thousand: a consumer that fails at everything would fill the log as well.
            if (overflowed / 1000 != (overflowed + dropped.size()) / 1000 || overflowed == 0) {
                log.warn(
                        "group {} of stream {} has more dead letters than the {} or {} bytes that are kept: {} of the"
                                + " oldest have gone; see its ledger, {}",
                        group,
                        stream.name(),
                        MOST_LETTERS,
                        mostBytes,
                        overflowed + dropped.size(),
                        OVERFLOW);
            }
            overflowed += dropped.size();
        }
    }

    /** Dead letters that are meant, oldest first. */
    List<DeadLetter> matching(Predicate<DeadLetter> filter) {
        return store.deadLetters(group).stream().filter(filter).toList();
    }

    /**
     * Removes dead letters for good.
     *
     * @param done told once the store has confirmed
     */
    void purge(List<DeadLetter> purged, Settlements.Done done) {
        for (DeadLetter letter : purged) {
            remove(letter.id().ordinal());
            whenGone.accept(letter.id().ordinal());
        }
        settlements.purge(purged.stream().map(each -> each.id().ordinal()).toList(), PURGED, done);
    }

    /**
     * Removes a dead letter that has been tried again, because it is done.
     *
     * @param reason why it is skipped; null when it is acked
     * @param result what to tell the member then; null for nothing
     */
    void leaves(DeadLetter letter, String reason, Member member, SettleResult result) {
        remove(letter.id().ordinal());
        settlements.purge(letter.id().ordinal(), reason, member, result);
    }

    private void add(DeadLetter letter) {
        letters.put(letter.id().ordinal(), letter.bytes());
        bytes += letter.bytes();
    }

    private void remove(long ordinal) {
        Integer known = letters.remove(ordinal);
        bytes -= known == null ? 0 : known;
    }
}
