package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** One stream of a {@link RememberingStore}. Its state is made anew, from what was asked for, whenever it loses something. */
final class RememberedStream implements StreamStore {
    private static final int READ_BACK_FRAMES = 8;

    /** @param framesBefore newest frame that was appended before this was noted */
    private record Noted(StreamNote note, long framesBefore) {}

    private final Runnable deleted;
    private final int room;
    /** Every frame there ever was, also those that are trimmed or lost. */
    private final TreeMap<Long, Frame> frames = new TreeMap<>();

    private final Set<Long> lost = new TreeSet<>();
    private final List<Noted> notes = new ArrayList<>();
    private final Map<String, RememberedGroup> groups = new TreeMap<>();
    private final Set<Long> warm = new HashSet<>();
    private Listener listener;
    private long generation;
    private long last;
    private long trimmed;
    /** Trims are no less than this. */
    private long trimmedBefore;

    private int notesBefore;
    private long cooledThrough;
    /** What is to be read back; 0 when nothing is. */
    private long wanted;

    private boolean canCool;

    /** @param room how many frames a group may be given before that is known to last; 0 for any number */
    RememberedStream(Runnable deleted, int room) {
        this.deleted = deleted;
        this.room = room;
    }

    // ---- what befalls it

    /** From now on frames may leave memory. */
    void canCool() {
        canCool = true;
    }

    boolean isReadingBack() {
        return wanted > 0;
    }

    /** What is wanted is in memory again, and what was there instead is not. */
    void readsBack() {
        warm.clear();
        for (long ordinal = wanted; ordinal < wanted + READ_BACK_FRAMES; ordinal++) {
            warm.add(ordinal);
        }
        wanted = 0;
        listener.readable();
    }

    /** Groups may be given more. */
    void allowsMore() {
        boolean more = false;
        for (RememberedGroup group : groups.values()) {
            more |= group.allows();
        }
        if (more) {
            listener.readable();
        }
    }

    /** These frames are gone for good. */
    void loses(long first, long lastLost) {
        for (long ordinal = first; ordinal <= lastLost; ordinal++) {
            lost.add(ordinal);
        }
    }

    /**
     * Its broker has crashed, or is not to have it any more.
     *
     * @param stored newest frame that was confirmed
     * @param noted notes that were confirmed
     * @param settled settlements that were confirmed, by group; so are {@code attempted}
     */
    void fallsBack(long stored, long noted, Map<String, Long> settled, Map<String, Long> attempted, Fate fate) {
        last = fate.between(Fate.Kind.FRAMES, stored, last);
        trimmed = Math.min(last, fate.between(Fate.Kind.TRIMS, trimmedBefore, trimmed));
        long kept = fate.between(Fate.Kind.NOTES, notesBefore + noted, notes.size());
        notes.subList((int) Math.max(0, kept), notes.size()).clear();
        notes.replaceAll(this::withoutWhatIsGone);
        frames.tailMap(last, false).clear();
        groups.entrySet()
                .removeIf(each -> !each.getValue().durable()
                        || !each.getValue()
                                .fallsBack(
                                        settled.getOrDefault(each.getKey(), 0L),
                                        attempted.getOrDefault(each.getKey(), 0L),
                                        fate));
    }

    /** A note may outlast frames that were appended before it: then it says nothing of what was behind them. */
    private Noted withoutWhatIsGone(Noted noted) {
        PublisherRecord record = noted.note.publisher();
        if (record == null || noted.framesBefore <= last) {
            return noted;
        }
        for (Frame gone : frames.subMap(last, false, noted.framesBefore, true).values()) {
            if (gone.publisher().equals(record.key())) {
                long before = Math.min(record.lastSequence(), gone.sequence() - 1);
                PublisherRecord certain = new PublisherRecord(
                        record.key(),
                        before,
                        record.lastReportId(),
                        record.forgottenThrough(),
                        record.exceptions().stream()
                                .filter(each -> each.sequence() <= before)
                                .toList());
                return new Noted(
                        new StreamNote(noted.note.description(), certain, noted.note.counts(), noted.note.paused()),
                        last);
            }
        }
        return noted;
    }

    /** What a broker gets that opens it. */
    StreamRecord recover() {
        generation++;
        cooledThrough = 0;
        warm.clear();
        wanted = 0;
        trimmedBefore = trimmed;
        notesBefore = notes.size();
        StreamNote.Description description = null;
        StreamNote.Counts counts = StreamNote.Counts.NONE;
        Set<String> paused = Set.of();
        Map<String, PublisherRecord> publishers = new LinkedHashMap<>();
        for (Noted each : notes) {
            StreamNote note = each.note;
            description = note.description() == null ? description : note.description();
            counts = note.counts() == null ? counts : note.counts();
            paused = note.paused() == null ? paused : note.paused();
            if (note.publisher() != null) {
                String id = note.publisher().key().id();
                publishers.remove(id);
                publishers.put(id, note.publisher());
            }
        }
        publishers.replaceAll((id, record) -> asStored(record));
        List<StreamRecord.OfGroup> recovered = new ArrayList<>();
        groups.values().forEach(group -> recovered.add(group.recovered(lost, frames, last)));
        return new StreamRecord(description, counts, List.copyOf(publishers.values()), recovered, paused);
    }

    /** A publisher's last sequence is at least that of its last frame. */
    private PublisherRecord asStored(PublisherRecord record) {
        long lastSequence = record.lastSequence();
        for (Frame frame : frames.values()) {
            if (frame.publisher().equals(record.key())) {
                lastSequence = Math.max(lastSequence, frame.sequence());
            }
        }
        return new PublisherRecord(
                record.key(), lastSequence, record.lastReportId(), record.forgottenThrough(), record.exceptions());
    }

    // ---- what the core asks

    @Override
    public void listen(Listener told) {
        listener = told;
    }

    @Override
    public long generation() {
        return generation;
    }

    @Override
    public long lastOrdinal() {
        return last;
    }

    @Override
    public long firstOrdinal() {
        return trimmed + 1;
    }

    private boolean isThere(long ordinal) {
        return ordinal > trimmed && ordinal <= last && !lost.contains(ordinal);
    }

    @Override
    public int bytes(long ordinal) {
        return isThere(ordinal) ? frames.get(ordinal).bytes() : 0;
    }

    @Override
    public long receivedMicros(long ordinal) {
        return isThere(ordinal) ? frames.get(ordinal).receivedMicros() : 0;
    }

    @Override
    public long cool(long throughOrdinal) {
        if (canCool) {
            cooledThrough = Math.max(cooledThrough, Math.min(throughOrdinal, last));
        }
        return Math.max(cooledThrough, trimmed);
    }

    @Override
    public long firstReceivedFrom(long micros) {
        long ordinal = trimmed + 1;
        while (ordinal <= last && receivedMicros(ordinal) < micros) {
            ordinal++;
        }
        return ordinal;
    }

    @Override
    public void append(List<Frame> appended) {
        for (Frame frame : appended) {
            if (frame.ordinal() != last + 1) {
                throw new AssertionError("frame " + frame.id() + " does not follow ordinal " + last);
            }
            frames.put(++last, frame);
        }
        listener.stored(last);
    }

    @Override
    public List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        List<Frame> run = new ArrayList<>();
        long ordinal = Math.max(from, trimmed + 1);
        while (ordinal <= through && !isThere(ordinal)) {
            ordinal++;
        }
        long bytes = 0;
        for (; ordinal <= through && isThere(ordinal) && run.size() < maxFrames; ordinal++) {
            if (ordinal <= cooledThrough && !warm.contains(ordinal)) {
                if (run.isEmpty() && wanted == 0) {
                    wanted = ordinal;
                }
                return run;
            }
            bytes += frames.get(ordinal).bytes();
            if (bytes > maxBytes && !run.isEmpty()) {
                return run;
            }
            run.add(frames.get(ordinal));
        }
        return run;
    }

    @Override
    public long count(long from, long through) {
        long count = 0;
        for (long ordinal = Math.max(from, trimmed + 1); ordinal <= Math.min(through, last); ordinal++) {
            count += isThere(ordinal) ? 1 : 0;
        }
        return count;
    }

    @Override
    public void trim(long throughOrdinal) {
        trimmed = Math.max(trimmed, Math.min(throughOrdinal, last));
    }

    @Override
    public void createGroup(String group, long base, GroupSettings settings, boolean durable) {
        if (groups.putIfAbsent(group, new RememberedGroup(group, settings, durable, base, room)) != null) {
            throw new AssertionError("there is a group " + group + " already");
        }
    }

    @Override
    public void deleteGroup(String group) {
        groups.remove(group);
    }

    @Override
    public void restartGroup(String group, long base) {
        groups.put(group, groups.get(group).anew(base));
    }

    @Override
    public long deliverableThrough(String group) {
        return groups.get(group).deliverableThrough();
    }

    @Override
    public void delivered(String group, long first, long through, int attempt) {
        RememberedGroup taking = groups.get(group);
        taking.delivered(first, through, attempt);
        if (attempt > 1) {
            listener.attempted(group, taking.attempts());
        }
    }

    @Override
    public void left(String group, long first, long through, StreamRecord.Left left) {
        groups.get(group).left(first, through, left);
    }

    @Override
    public void settle(String group, long first, long through, Outcome outcome, String reason) {
        RememberedGroup settling = groups.get(group);
        settling.settle(first, through, outcome, reason);
        listener.settled(group, settling.settlements());
    }

    @Override
    public GroupRecord group(String group) {
        return groups.get(group).counts();
    }

    @Override
    public void note(StreamNote note) {
        notes.add(new Noted(note, last));
        listener.noted(notes.size() - notesBefore);
    }

    @Override
    public void delete() {
        deleted.run();
    }
}
