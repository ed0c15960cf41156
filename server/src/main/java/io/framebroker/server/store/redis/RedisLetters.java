package io.framebroker.server.store.redis;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dead letters of a group, and how much of that Redis has been told. Guarded by its stream's monitor.
 *
 * <p>A frame is copied first, and Redis may refuse that, when its memory is used up; the copy alone counts for nothing.
 * When it is there, the letter is a small word in the commit that settles its frame, and nobody refuses those. A field in
 * Redis never changes, so what was told and not answered is found out by the names of the fields.
 */
final class RedisLetters {
    private static final Logger log = LoggerFactory.getLogger(RedisLetters.class);
    /** Copies on their way, in bytes; one may be larger. */
    private static final long MOST_BYTES_WAITING = 1 << 20;
    /** The newest copies are in memory, up to this: Redis may lose the last it was told. */
    private static final long MOST_BYTES_KEPT = 1 << 20;

    private static final int MOST_FIELDS = 300;

    /** The copy of a frame. */
    static final class Copy {
        private final String id;
        /** Null once it is there. */
        private Frame frame;

        private boolean sent;

        private Copy(Frame frame) {
            this.id = LetterFormat.id(frame.id());
            this.frame = own(frame);
        }

        private boolean isThere() {
            return frame == null;
        }

        long bytes() {
            return frame.bytes();
        }

        List<byte[]> words() {
            return LetterFormat.copy(frame);
        }
    }

    private final String group;
    /** By ordinal, those first that died first. */
    private final Map<Long, DeadLetter> letters = new LinkedHashMap<>();
    /** Of letters from before the group was restarted last, which none of its counts has: how often it had been before. */
    private final Map<Long, Integer> earlier = new HashMap<>();
    /** Of frames that are no letters yet, by ordinal, and of letters that have lost theirs. */
    private final Map<Long, Copy> copies = new LinkedHashMap<>();
    /** Frames of the newest letters. */
    private final Map<Long, Frame> newest = new LinkedHashMap<>();
    /** Letters that Redis has to be told, by ordinal. */
    private final Set<Long> added = new LinkedHashSet<>();
    /** Fields that Redis has to be rid of. */
    private final Set<String> removed = new LinkedHashSet<>();

    private final Set<String> copiesRemoved = new LinkedHashSet<>();
    /** Letters whose copies somebody took away, and who asks for their purge does not know. */
    private final Set<Long> lost = new HashSet<>();

    private int restarts;
    /** What lies under the group's name is not of this group. */
    private boolean isNew = true;

    private long buried;
    private long buriedConfirmed;
    private long bytesWaiting;
    private long bytesKept;

    RedisLetters(String group) {
        this.group = group;
    }

    // ---- what happens

    /** Whether Redis has the copy of a frame. Has it written, if not; unless there are enough on their way. */
    boolean hasCopy(Frame frame) {
        Copy known = copies.get(frame.ordinal());
        if (known != null && known.id.equals(LetterFormat.id(frame.id()))) {
            return known.isThere();
        }
        if (bytesWaiting > 0 && bytesWaiting + frame.bytes() > MOST_BYTES_WAITING) {
            return false;
        }
        dropCopy(frame.ordinal());
        Copy wanted = new Copy(frame);
        copies.put(frame.ordinal(), wanted);
        LetterFormat.fields(wanted.id).forEach(copiesRemoved::remove);
        bytesWaiting += frame.bytes();
        return false;
    }

    private void dropCopy(long ordinal) {
        Copy dropped = copies.remove(ordinal);
        if (dropped != null) {
            arrives(dropped);
            forget(dropped.id, ordinal);
        }
    }

    private void arrives(Copy copy) {
        if (copy.frame != null) {
            bytesWaiting -= copy.frame.bytes();
            copy.frame = null;
        }
    }

    /** Has Redis be rid of a copy, unless it is needed. */
    private void forget(String id, long ordinal) {
        Copy copy = copies.get(ordinal);
        if (!isOfLetter(id, ordinal) && (copy == null || !copy.id.equals(id))) {
            copiesRemoved.addAll(LetterFormat.fields(id));
        }
    }

    private boolean isOfLetter(String id, long ordinal) {
        DeadLetter letter = letters.get(ordinal);
        return letter != null && LetterFormat.id(letter.id()).equals(id);
    }

    /** @throws IllegalStateException it was not asked whether the copy is there, or it is not */
    void bury(Frame frame, DeadLetter letter) {
        if (!hasCopy(frame)) {
            throw new IllegalStateException("group " + group + ": there is no copy of " + letter.id() + " yet");
        }
        long ordinal = frame.ordinal();
        if (letters.containsKey(ordinal)) {
            // Of before the group was restarted: the frame has come up again.
            remove(ordinal);
        }
        copies.remove(ordinal);
        letters.put(ordinal, letter);
        removed.remove(field(ordinal));
        added.add(ordinal);
        lost.remove(ordinal);
        buried++;
        newest.put(ordinal, own(frame));
        bytesKept += frame.bytes();
        keepNewest();
    }

    private String field(long ordinal) {
        return LetterFormat.field(letters.get(ordinal).id(), earlier.getOrDefault(ordinal, restarts));
    }

    private void forgetFrame(long ordinal) {
        Frame gone = newest.remove(ordinal);
        bytesKept -= gone == null ? 0 : gone.bytes();
    }

    /** Those that Redis has confirmed need not stay. */
    private void keepNewest() {
        long confirmed = newest.size() - (buried - buriedConfirmed);
        for (var each = newest.values().iterator(); bytesKept > MOST_BYTES_KEPT && confirmed-- > 0; ) {
            bytesKept -= each.next().bytes();
            each.remove();
        }
    }

    private static Frame own(Frame frame) {
        return new Frame(
                frame.content().compact(),
                frame.generation(),
                frame.ordinal(),
                frame.sequence(),
                frame.receivedMicros(),
                frame.publisher());
    }

    /** Frames have left the group otherwise. */
    void settled(long first, long last) {
        if (!copies.isEmpty()) {
            for (long ordinal : List.copyOf(copies.keySet())) {
                if (ordinal >= first && ordinal <= last) {
                    dropCopy(ordinal);
                }
            }
        }
    }

    /**
     * Removes letters.
     *
     * @return how many of them are in the group's counts
     * @throws IllegalArgumentException one of them is not there
     */
    int purge(List<Long> ordinals) {
        for (long ordinal : ordinals) {
            if (!letters.containsKey(ordinal) && !lost.contains(ordinal)) {
                throw new IllegalArgumentException("group " + group + " has no dead letter " + ordinal);
            }
        }
        int counted = 0;
        for (long ordinal : ordinals) {
            counted += lost.remove(ordinal) ? 0 : remove(ordinal);
        }
        return counted;
    }

    private int remove(long ordinal) {
        removed.add(field(ordinal));
        added.remove(ordinal);
        DeadLetter gone = letters.remove(ordinal);
        forget(LetterFormat.id(gone.id()), ordinal);
        forgetFrame(ordinal);
        return earlier.remove(ordinal) == null ? 1 : 0;
    }

    /** The group starts anew: its letters stay, but are in none of its counts. */
    void restart() {
        letters.keySet().forEach(each -> earlier.putIfAbsent(each, restarts));
        restarts++;
        for (long each : List.copyOf(copies.keySet())) {
            if (!isOfLetter(copies.get(each).id, each)) {
                dropCopy(each);
            }
        }
    }

    // ---- looking

    int restarts() {
        return restarts;
    }

    Collection<DeadLetter> all() {
        return List.copyOf(letters.values());
    }

    /** How many letters are in the group's counts. */
    long counted() {
        return letters.size() - earlier.size();
    }

    /** How many frames were ever buried. */
    long buried() {
        return buried;
    }

    /** Ids of the letters of these frames, as far as they are there. */
    List<String> ids(List<Long> ordinals) {
        return ordinals.stream()
                .filter(letters::containsKey)
                .map(each -> LetterFormat.id(letters.get(each).id()))
                .toList();
    }

    // ---- copies on their way

    /** Not before what lies under the group's name is cleared away. */
    boolean hasUnsentCopies() {
        return !copies.isEmpty() && !isNew && copies.values().stream().anyMatch(each -> !each.isThere() && !each.sent);
    }

    /** Takes copies that are to be sent, at most so many bytes; one may be larger. */
    List<Copy> takeCopies(long maxBytes) {
        List<Copy> taken = new ArrayList<>();
        if (!hasUnsentCopies()) {
            return taken;
        }
        long bytes = 0;
        for (Copy each : copies.values()) {
            if (each.isThere() || each.sent) {
                continue;
            }
            bytes += each.bytes();
            if (bytes > maxBytes && !taken.isEmpty()) {
                break;
            }
            each.sent = true;
            taken.add(each);
        }
        return taken;
    }

    /** Redis has a copy. Returns whether anybody may be waiting for it. */
    boolean arrived(Copy copy) {
        long ordinal = Entry.half(copy.id, 1);
        if (copies.get(ordinal) != copy) {
            return false;
        }
        arrives(copy);
        if (isOfLetter(copy.id, ordinal) && !earlier.containsKey(ordinal)) {
            copies.remove(ordinal);
        }
        return true;
    }

    /** Redis has not taken a copy, and is to be asked again. */
    void refused(Copy copy) {
        copy.sent = false;
    }

    // ---- what Redis is told

    boolean isTold() {
        return added.isEmpty() && removed.isEmpty() && copiesRemoved.isEmpty() && !isNew;
    }

    /** Adds what Redis has to be told now. */
    void tell(Commit commit, byte[] lettersKey, byte[] copiesKey) {
        if (isNew) {
            commit.add("DEL", lettersKey, copiesKey);
            isNew = false;
        }
        tell(commit, "HDEL", copiesKey, List.copyOf(copiesRemoved));
        tell(commit, "HDEL", lettersKey, List.copyOf(removed));
        List<Object> facts = new ArrayList<>();
        for (long ordinal : added) {
            facts.add(field(ordinal));
            facts.add(LetterFormat.text(letters.get(ordinal)));
        }
        tell(commit, "HSET", lettersKey, facts);
        copiesRemoved.clear();
        removed.clear();
        added.clear();
    }

    private static void tell(Commit commit, String command, byte[] key, List<Object> words) {
        for (int from = 0; from < words.size(); from += MOST_FIELDS) {
            List<Object> all = new ArrayList<>(List.of(command, key));
            all.addAll(words.subList(from, Math.min(words.size(), from + MOST_FIELDS)));
            commit.add(all);
        }
    }

    /** Redis knows of so many burials. */
    void confirmed(long burials) {
        buriedConfirmed = Math.max(buriedConfirmed, burials);
        keepNewest();
    }

    /** Asks whether all is there still. */
    void look(Commit commit, byte[] lettersKey, byte[] copiesKey) {
        if (letters.isEmpty()) {
            return;
        }
        commit.add("HLEN", lettersKey);
        commit.expect(letters.size(), "number of dead letters of group " + group);
        // What is on its way may be there or not.
        if (copies.values().stream().allMatch(Copy::isThere)) {
            Set<String> ids = new HashSet<>();
            letters.values().forEach(each -> ids.add(LetterFormat.id(each.id())));
            copies.values().forEach(each -> ids.add(each.id));
            commit.add("HLEN", copiesKey);
            commit.expect(
                    (long) LetterFormat.FIELDS_OF_COPY * ids.size(),
                    "number of fields of the copies of dead letters of group " + group);
        }
    }

    // ---- what Redis knows

    /** What the hashes of a group's letters have, by the names of their fields. */
    record Names(Set<String> letters, Set<String> copies) {
        boolean hasCopy(String id) {
            return copies.containsAll(LetterFormat.fields(id));
        }

        /** Fields that are not those of these copies. */
        List<String> copiesBut(Set<String> ids) {
            Set<String> needed = new HashSet<>();
            ids.forEach(each -> needed.addAll(LetterFormat.fields(each)));
            return copies.stream().filter(each -> !needed.contains(each)).toList();
        }
    }

    /**
     * It is not known what Redis was told: by what it has, sees what it has still to be told, and which copies are to be
     * written again.
     *
     * @return how many of the group's counted letters are lost, with their copies
     */
    int compare(Names inRedis) {
        copies.values().forEach(copy -> copy.sent = false);
        copies.values().removeIf(copy -> copy.isThere() && !inRedis.hasCopy(copy.id));
        Set<String> known = new HashSet<>();
        Set<String> ids = new HashSet<>();
        int lostNow = 0;
        added.clear();
        for (long ordinal : List.copyOf(letters.keySet())) {
            String id = LetterFormat.id(letters.get(ordinal).id());
            if (!inRedis.hasCopy(id) && !copyAgain(ordinal, id)) {
                log.error("group {}: the copy of dead letter {} is lost", group, id);
                lost.add(ordinal);
                lostNow += remove(ordinal);
                continue;
            }
            known.add(field(ordinal));
            ids.add(id);
            if (!inRedis.letters.contains(field(ordinal))) {
                added.add(ordinal);
            }
        }
        copies.values().forEach(copy -> ids.add(copy.id));
        removed.clear();
        inRedis.letters.stream().filter(each -> !known.contains(each)).forEach(removed::add);
        copiesRemoved.clear();
        copiesRemoved.addAll(inRedis.copiesBut(ids));
        return lostNow;
    }

    private boolean copyAgain(long ordinal, String id) {
        Copy onItsWay = copies.get(ordinal);
        if (onItsWay != null && onItsWay.id.equals(id)) {
            return true;
        }
        Frame frame = newest.get(ordinal);
        if (frame != null) {
            copies.put(ordinal, new Copy(frame));
            bytesWaiting += frame.bytes();
        }
        return frame != null;
    }

    /**
     * Takes up what an owner before this one left.
     *
     * @param found what is known of each letter, by field
     * @return letters of the group's counts without their copies, which are none any more
     */
    List<DeadLetter> recover(Map<String, byte[]> found, Set<String> copyFields, int restartsBefore) {
        isNew = false;
        restarts = restartsBefore;
        Names names = new Names(found.keySet(), copyFields);
        Map<DeadLetter, Integer> kept = new HashMap<>();
        List<DeadLetter> without = new ArrayList<>();
        found.forEach((field, text) -> {
            try {
                DeadLetter letter = LetterFormat.letter(field, StreamKeys.text(text));
                int diedIn = LetterFormat.restarts(field);
                if (names.hasCopy(LetterFormat.id(letter.id()))) {
                    kept.put(letter, diedIn);
                } else {
                    log.error("group {}: the copy of dead letter {} is lost", group, field);
                    removed.add(field);
                    if (diedIn == restarts) {
                        without.add(letter);
                    }
                }
            } catch (RuntimeException e) {
                log.error("group {}: what is known of dead letter {} cannot be read: {}", group, field, e.toString());
                removed.add(field);
            }
        });
        Set<String> ids = new HashSet<>();
        kept.keySet().stream()
                .sorted(Comparator.comparingLong(DeadLetter::deadMicros)
                        .thenComparingLong(each -> each.id().ordinal()))
                .forEach(each -> {
                    letters.put(each.id().ordinal(), each);
                    if (kept.get(each) != restarts) {
                        earlier.put(each.id().ordinal(), kept.get(each));
                    }
                    ids.add(LetterFormat.id(each.id()));
                });
        copiesRemoved.addAll(names.copiesBut(ids));
        return without;
    }
}
