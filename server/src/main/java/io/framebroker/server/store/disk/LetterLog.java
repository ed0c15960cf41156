package io.framebroker.server.store.disk;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copies of a stream's dead letters, in chunks of their own: a letter lives on when its frame's chunk does not. A copy
 * is written before the journal says that there is a letter, and counts for nothing unless it does. Guarded by the
 * stream's monitor.
 */
final class LetterLog {
    private static final Logger log = LoggerFactory.getLogger(LetterLog.class);
    /** A chunk should have room for so many letters. */
    private static final int LETTERS_A_CHUNK = 4;
    /** What is known of a letter stands in front of its frame, and its length in front of that. */
    private static final int LENGTH = 4;

    /** A chunk, and how many letters are in it. */
    private static final class Filled {
        final Chunk chunk;
        int letters;

        Filled(Chunk chunk) {
            this.chunk = chunk;
        }
    }

    private record Kept(DeadLetter letter, Filled in, int at) {}

    /** Where a copy lies. */
    record Place(Chunk chunk, int at, long ordinal) {}

    private final long stream;
    private final Chunks space;
    private final FrameRecord.Writer writer = new FrameRecord.Writer();
    private final RecordBuffer known = new RecordBuffer();
    /** By the number of the group that its letters lie under, and ordinal, oldest first. */
    private final Map<Long, Map<Long, Kept>> letters = new TreeMap<>();
    /** Those that had nothing in them when they were found. */
    private final List<Chunk> empty = new ArrayList<>();

    private Filled filling;
    /** Where the next letter goes in it. */
    private int end;

    private int lost;

    LetterLog(long stream, Chunks space) {
        this.stream = stream;
        this.space = space;
    }

    // ---- at start; waits for the disk

    /**
     * Finds the copies of the letters that groups have. Where one is not there, its frame is pending again; where that is
     * not there either, the letter is lost. Before what is pending is told.
     *
     * @param generations tells the generation of a frame; 0 when it is not there
     */
    void recover(List<Chunk> chunks, Collection<DiskGroup> groups, LongUnaryOperator generations) {
        Map<Long, DiskGroup> byNumber = new TreeMap<>();
        groups.forEach(group -> byNumber.put(group.lettersNumber(), group));
        List<Filled> found = new ArrayList<>();
        for (Chunk chunk :
                chunks.stream().sorted(Comparator.comparingLong(Chunk::number)).toList()) {
            Filled filled = new Filled(chunk);
            found.add(filled);
            FrameRecord record = FrameRecord.from(chunk, Chunk.DATA);
            for (; record != null; record = FrameRecord.from(chunk, record.end())) {
                found(filled, record, byNumber);
            }
        }
        for (Filled each : found) {
            if (each.letters == 0) {
                empty.add(each.chunk);
            }
        }
        for (DiskGroup group : groups) {
            Map<Long, Kept> ofGroup = letters.getOrDefault(group.lettersNumber(), Map.of());
            List<Long> gone = new ArrayList<>();
            for (long each : List.copyOf(group.letters())) {
                if (ofGroup.containsKey(each)) {
                    continue;
                }
                if (group.isEarlier(each) || generations.applyAsLong(each) == 0) {
                    gone.add(each);
                } else {
                    // Loss of power took the copy and left the journal's word of it: nobody was told that either lasts.
                    group.isPendingAgain(each);
                }
            }
            if (!gone.isEmpty()) {
                log.error("group {}: the copies of {} dead letters are lost: {}", group.name(), gone.size(), gone);
                group.redoPurge(gone, DiskFrameStore.LOST);
                lost += gone.size();
            }
            letters.computeIfPresent(group.lettersNumber(), (number, all) -> byDeath(all));
        }
    }

    private void found(Filled in, FrameRecord record, Map<Long, DiskGroup> groups) {
        Frame copy = record.frame();
        if (copy == null) {
            return;
        }
        RecordBuffer from = new RecordBuffer(knownOf(copy.content()));
        DiskGroup group = groups.get(from.next());
        if (group == null || !group.letters().contains(copy.ordinal())) {
            return;
        }
        DeadLetter letter = new DeadLetter(
                new FrameId(copy.generation(), copy.ordinal()),
                copy.bytes() - knownLength(copy.content()),
                from.nextText(),
                from.nextInt(),
                from.nextText(),
                from.nextText(),
                from.next());
        in.letters++;
        Kept older = letters.computeIfAbsent(group.lettersNumber(), number -> new LinkedHashMap<>())
                .put(copy.ordinal(), new Kept(letter, in, record.at()));
        if (older != null) {
            older.in.letters--;
        }
    }

    private static Map<Long, Kept> byDeath(Map<Long, Kept> unordered) {
        Map<Long, Kept> ordered = new LinkedHashMap<>();
        unordered.values().stream()
                .sorted(Comparator.<Kept>comparingLong(each -> each.letter.deadMicros())
                        .thenComparingLong(each -> each.letter.id().ordinal()))
                .forEach(each -> ordered.put(each.letter.id().ordinal(), each));
        return ordered;
    }

    /** How many letters were not found. */
    int lost() {
        return lost;
    }

    /** Chunks that were found to have no letters. */
    List<Chunk> empty() {
        return empty;
    }

    // ---- what happens

    /** Takes a chunk for it, if need be. Returns false when there is none. */
    boolean makesRoomFor(Frame frame, DeadLetter letter) {
        long needed = FrameRecord.bytes(frame) + mostKnown(letter);
        if (filling != null && end + needed <= filling.chunk.size()) {
            return true;
        }
        Chunk fresh = space.take(Chunk.Kind.LETTERS, stream, LETTERS_A_CHUNK * needed, Chunk.DATA + needed);
        if (fresh == null) {
            return false;
        }
        if (filling != null && filling.letters == 0) {
            empty.add(filling.chunk);
        }
        filling = new Filled(fresh);
        end = Chunk.DATA;
        return true;
    }

    /** Writes a copy, for which there is room. */
    void write(DiskGroup group, Frame frame, DeadLetter letter) {
        if (!makesRoomFor(frame, letter)) {
            throw new IllegalStateException("there is no room for dead letter " + letter.id());
        }
        int at = end;
        end = writer.write(filling.chunk, at, copy(group, frame, letter));
        filling.letters++;
        // Of before the group was restarted: the frame has come up again.
        remove(group, List.of(frame.ordinal()));
        letters.computeIfAbsent(group.lettersNumber(), number -> new LinkedHashMap<>())
                .put(frame.ordinal(), new Kept(letter, filling, at));
    }

    /** Forgets copies. */
    void remove(DiskGroup group, Collection<Long> ordinals) {
        Map<Long, Kept> ofGroup = letters.getOrDefault(group.lettersNumber(), new LinkedHashMap<>());
        for (long ordinal : ordinals) {
            Kept kept = ofGroup.remove(ordinal);
            if (kept != null && --kept.in.letters == 0 && kept.in != filling) {
                empty.add(kept.in.chunk);
            }
        }
    }

    void remove(DiskGroup group) {
        remove(
                group,
                List.copyOf(
                        letters.getOrDefault(group.lettersNumber(), Map.of()).keySet()));
        letters.remove(group.lettersNumber());
    }

    /** Chunks that nobody needs any more. */
    List<Chunk> takeEmpty() {
        List<Chunk> taken = List.copyOf(empty);
        empty.clear();
        return taken;
    }

    /** All chunks, which are to be used no more. */
    List<Chunk> giveUp() {
        List<Chunk> all = new ArrayList<>(takeEmpty());
        if (filling != null) {
            all.add(filling.chunk);
        }
        letters.values().stream()
                .flatMap(each -> each.values().stream())
                .map(each -> each.in)
                .filter(each -> each != filling)
                .distinct()
                .forEach(each -> all.add(each.chunk));
        letters.clear();
        return all;
    }

    // ---- looking

    Collection<DeadLetter> of(DiskGroup group) {
        return letters.getOrDefault(group.lettersNumber(), Map.of()).values().stream()
                .map(Kept::letter)
                .toList();
    }

    List<Place> places(DiskGroup group, List<Long> ordinals) {
        Map<Long, Kept> ofGroup = letters.getOrDefault(group.lettersNumber(), Collections.emptyMap());
        List<Place> places = new ArrayList<>();
        for (long ordinal : ordinals) {
            Kept kept = ofGroup.get(ordinal);
            if (kept != null) {
                places.add(new Place(kept.in.chunk, kept.at, ordinal));
            }
        }
        return places;
    }

    /** Reads copies, as far as they are there. Waits for the disk; without the monitor. */
    static List<Frame> read(List<Place> places) {
        List<Frame> frames = new ArrayList<>();
        for (Place each : places) {
            try {
                FrameRecord record = FrameRecord.at(each.chunk, each.at);
                // Purged meanwhile, and the place may be somebody else's by now.
                Frame copy = record == null || record.ordinal() != each.ordinal ? null : record.frame();
                if (copy != null) {
                    frames.add(frameOf(copy));
                }
            } catch (InternalError e) {
                log.error(
                        "the copy of dead letter {} in {} cannot be read: {}", each.ordinal, each.chunk, e.toString());
            }
        }
        return frames;
    }

    // ---- what lies on the disk: a frame whose content begins with what is known of the letter

    private Frame copy(DiskGroup group, Frame frame, DeadLetter letter) {
        known.clear().put(group.lettersNumber()).put(letter.reason()).put(letter.attempts());
        known.put(letter.lastError()).put(letter.lastConsumerId()).put(letter.deadMicros());
        FrameContent content = frame.content();
        byte[] bytes = new byte[LENGTH + known.length() + content.length()];
        for (int i = 0; i < LENGTH; i++) {
            bytes[i] = (byte) (known.length() >> 8 * i);
        }
        System.arraycopy(known.bytes(), 0, bytes, LENGTH, known.length());
        System.arraycopy(content.array(), content.offset(), bytes, LENGTH + known.length(), content.length());
        return with(frame, new FrameContent(bytes, 0, bytes.length, content.sequence(), content.keyframe(), null));
    }

    /** Bytes that go in front of a frame, at most; the record's padding included. */
    private static int mostKnown(DeadLetter letter) {
        int characters = letter.reason().length()
                + letter.lastError().length()
                + letter.lastConsumerId().length();
        return 128 + 3 * characters;
    }

    private static Frame frameOf(Frame copy) {
        FrameContent content = copy.content();
        int skip = knownLength(content);
        return with(
                copy,
                new FrameContent(
                        content.array(),
                        content.offset() + skip,
                        content.length() - skip,
                        content.sequence(),
                        content.keyframe(),
                        null));
    }

    private static Frame with(Frame frame, FrameContent content) {
        return new Frame(
                content,
                frame.generation(),
                frame.ordinal(),
                frame.sequence(),
                frame.receivedMicros(),
                frame.publisher());
    }

    private static int knownLength(FrameContent content) {
        int length = 0;
        for (int i = 0; i < LENGTH; i++) {
            length |= (content.array()[content.offset() + i] & 0xFF) << 8 * i;
        }
        return LENGTH + length;
    }

    private static byte[] knownOf(FrameContent content) {
        int from = content.offset();
        return Arrays.copyOfRange(content.array(), from + LENGTH, from + knownLength(content));
    }
}
