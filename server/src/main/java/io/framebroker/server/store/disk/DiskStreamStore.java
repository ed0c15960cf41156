package io.framebroker.server.store.disk;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One stream on the disk. What is asked is written into mapped memory inside the call. At STORED that is all; at FSYNC it
 * is told when the {@link Syncer} has been there.
 *
 * <p>Guarded by its monitor, which is never held while the listener is called or the disk is waited for.
 */
final class DiskStreamStore implements StreamStore {
    /** Of frames that waited for room, so many bytes are written before others get at the stream. */
    private static final long WRITE_BYTES = 4 << 20;

    /** What the disk has been given, which is durable once everything has been forced. */
    record Mark(long written, long notes, List<ToldGroups.Mark> groups, StreamFacts.Place place) {}

    private final DiskFrameStore store;
    private final String name;
    private final boolean tellsAtOnce;
    private final StreamFacts facts;
    private final StreamFrames frames;
    private final LetterLog letters;
    private final Telling telling;
    private final Map<String, DiskGroup> groups = new HashMap<>();
    /** Chunks without frames, which are free once the disk knows that they are not needed. */
    private final List<Chunk> unneeded = new ArrayList<>();

    private int unneededTold;
    private long nextGroup;
    private long forcedThrough;
    private long notesAsked;
    private long notesTold;
    private final ToldGroups toldGroups;

    private boolean marked;
    private boolean leaving;
    private boolean over;
    /** Frames or facts wait for room. Read without the monitor. */
    private volatile boolean waiting;

    DiskStreamStore(
            DiskFrameStore store, long id, StreamState state, Journal journal, FrameScan found, LetterLog letters) {
        this.store = store;
        this.name = state.name();
        this.tellsAtOnce = store.tellsAtOnce();
        this.frames = new StreamFrames(name, found);
        this.letters = letters;
        this.telling = new Telling(name);
        this.toldGroups = new ToldGroups(telling);
        this.facts = new StreamFacts(id, state, journal, store.space(), this::certain);
        this.nextGroup = state.newGroupNumber();
        state.groups().forEach(this::add);
        unneeded.addAll(found.empty());
        unneeded.addAll(letters.takeEmpty());
        state.generation(Math.max(state.generation(), found.highestGeneration()));
    }

    private void add(DiskGroup group) {
        groups.put(group.name(), group);
        toldGroups.add(group);
    }

    /** Begins an ownership. Returns false when there is no room for that. */
    synchronized boolean begin(boolean afresh) {
        StreamState state = facts.state();
        state.stored(frames.storedThrough());
        // What the journal says of the last one may be lost with the power, the count of starts is not. And nobody may
        // take a
        // frame of a stream that was deleted for one of the next of its name.
        long least = store.space().starts() + store.deletions();
        boolean begun = facts.generation(Math.max(state.generation() + 1, least), afresh);
        changed();
        return begun;
    }

    String name() {
        return name;
    }

    // ---- what the core asks

    @Override
    public void listen(Listener told) {
        telling.listen(told);
    }

    @Override
    public synchronized long generation() {
        return facts.state().generation();
    }

    @Override
    public String trouble() {
        return waiting ? store.troubleOfDisk() : null;
    }

    @Override
    public synchronized long lastOrdinal() {
        return frames.storedThrough();
    }

    @Override
    public synchronized long firstOrdinal() {
        return frames.first();
    }

    @Override
    public synchronized int bytes(long ordinal) {
        return frames.bytes(ordinal);
    }

    @Override
    public synchronized long receivedMicros(long ordinal) {
        return frames.receivedMicros(ordinal);
    }

    @Override
    public synchronized long cool(long throughOrdinal) {
        return frames.cool(throughOrdinal);
    }

    @Override
    public synchronized long firstReceivedFrom(long micros) {
        return frames.firstReceivedFrom(micros);
    }

    @Override
    public void append(List<Frame> added) {
        synchronized (this) {
            if (over) {
                return;
            }
            frames.add(added);
            write(Long.MAX_VALUE);
        }
        telling.tell();
    }

    /** Returns whether there is more to write, and room for it. */
    private boolean write(long most) {
        long before = frames.writtenThrough();
        boolean room = frames.write(most, facts.state().publishers());
        long written = frames.writtenThrough();
        if (written > before) {
            if (tellsAtOnce) {
                stored(written);
            }
            changed();
        }
        if (!room) {
            waitForRoom();
        }
        return room && frames.hasWaiting();
    }

    private void stored(long through) {
        frames.stored(through);
        facts.stored(through, Math.min(through, forcedThrough));
        telling.add(told -> told.stored(through));
    }

    @Override
    public synchronized List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        StreamFrames.Reading reading = frames.read(from, through, maxFrames, maxBytes);
        if (!reading.wanted().isEmpty()) {
            store.read(() -> readBack(reading.wanted()));
        }
        return reading.frames();
    }

    /** Waits for the disk; on a thread of the store's. */
    private void readBack(List<ColdFrames.Place> wanted) {
        List<ColdFrames.Read> read = ColdFrames.read(wanted);
        long bytes = 0;
        for (ColdFrames.Read each : read) {
            bytes += each.frame() == null ? 0 : each.frame().bytes();
        }
        synchronized (this) {
            store.damaged(frames.arrived(read));
            telling.add(Listener::readable);
        }
        store.warm(this, bytes);
        telling.tell();
    }

    /** Frames that were only read back leave memory again. */
    synchronized void dropWarm() {
        frames.dropWarm();
    }

    @Override
    public synchronized long count(long from, long through) {
        return frames.count(from, through);
    }

    @Override
    public synchronized void trim(long throughOrdinal) {
        long end = Math.min(throughOrdinal, frames.storedThrough());
        if (!over && end >= frames.first()) {
            facts.trimmed(end);
            unneeded.addAll(frames.trim(end));
            changed();
        }
    }

    @Override
    public synchronized void createGroup(String group, long base, GroupSettings settings, boolean durable) {
        if (groups.containsKey(group)) {
            throw new IllegalArgumentException("stream " + name + " has a group " + group + " already");
        }
        DiskGroup created = new DiskGroup(group, nextGroup++, settings, durable, base);
        add(created);
        if (!over) {
            facts.created(created);
            changed();
        }
    }

    @Override
    public synchronized void deleteGroup(String group) {
        DiskGroup removed = groups.remove(group);
        if (removed != null && !over) {
            toldGroups.remove(removed);
            facts.deleted(removed);
            letters.remove(removed);
            unneeded.addAll(letters.takeEmpty());
            changed();
        }
    }

    @Override
    public synchronized void restartGroup(String group, long base) {
        DiskGroup before = known(group);
        DiskGroup anew = before.anew(nextGroup++, base);
        toldGroups.remove(before);
        add(anew);
        if (!over) {
            facts.created(anew);
            changed();
        }
    }

    /** At STORED deliveries last as soon as they are noted; loss of power may forget them, but that is the level's word. */
    @Override
    public synchronized long deliverableThrough(String group) {
        DiskGroup known = known(group);
        return tellsAtOnce || !known.durable() ? Long.MAX_VALUE : known.deliverable();
    }

    @Override
    public void delivered(String group, long first, long last, int attempt) {
        synchronized (this) {
            DiskGroup taking = known(group);
            boolean numbered = taking.delivered(first, last, attempt);
            if (over) {
                return;
            }
            facts.delivered(taking, first, last, attempt);
            if (numbered) {
                asked(taking);
            }
            changed();
        }
        telling.tell();
    }

    @Override
    public void left(String group, long first, long last, Left left) {
        synchronized (this) {
            DiskGroup of = known(group);
            if (over) {
                return;
            }
            of.left(first, last, left);
            facts.left(of, first, last, left);
            changed();
        }
        telling.tell();
    }

    @Override
    public void settle(String group, long first, long last, Outcome outcome, String reason) {
        synchronized (this) {
            DiskGroup settled = known(group);
            settled.settle(first, last, outcome, reason);
            if (over) {
                return;
            }
            facts.settled(settled, first, last, outcome, reason);
            asked(settled);
            changed();
        }
        telling.tell();
    }

    @Override
    public synchronized boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
        if (over || facts.isBehind()) {
            return false;
        }
        boolean room = letters.makesRoomFor(frame, letter);
        if (!room) {
            waitForRoom();
        }
        return room;
    }

    @Override
    public void settle(String group, Frame frame, DeadLetter letter) {
        synchronized (this) {
            DiskGroup settled = known(group);
            settled.settle(letter);
            if (over) {
                return;
            }
            letters.write(settled, frame, letter);
            facts.deadLettered(settled, letter);
            asked(settled);
            unneeded.addAll(letters.takeEmpty());
            changed();
        }
        telling.tell();
    }

    @Override
    public synchronized Collection<DeadLetter> deadLetters(String group) {
        return letters.of(known(group));
    }

    @Override
    public synchronized void readDeadLetters(String group, List<Long> ordinals, Consumer<List<Frame>> answer) {
        List<LetterLog.Place> places = letters.places(known(group), ordinals);
        store.read(() -> answer.accept(LetterLog.read(places)));
    }

    @Override
    public void purge(String group, List<Long> ordinals, String reason) {
        synchronized (this) {
            DiskGroup purged = known(group);
            purged.purge(ordinals, reason);
            if (over) {
                return;
            }
            facts.purged(purged, ordinals, reason);
            letters.remove(purged, ordinals);
            unneeded.addAll(letters.takeEmpty());
            asked(purged);
            changed();
        }
        telling.tell();
    }

    @Override
    public synchronized GroupRecord group(String group) {
        return known(group).view();
    }

    @Override
    public void note(StreamNote note) {
        synchronized (this) {
            if (over) {
                return;
            }
            notesAsked++;
            facts.note(note);
            changed();
            if (tellsAtOnce && !facts.isBehind()) {
                noted(notesAsked);
            }
        }
        telling.tell();
    }

    @Override
    public void delete() {
        delete(() -> {});
    }

    @Override
    public void delete(Runnable done) {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            telling.end();
            List<Chunk> journals = facts.deleted();
            unneeded.addAll(frames.giveUp());
            unneeded.addAll(letters.giveUp());
            store.deleted(this, List.copyOf(unneeded), journals, tellsAtOnce ? () -> {} : done);
            unneeded.clear();
        }
        if (tellsAtOnce) {
            done.run();
        }
    }

    private DiskGroup known(String group) {
        DiskGroup known = groups.get(group);
        if (known == null) {
            throw new IllegalArgumentException("stream " + name + " has no group " + group);
        }
        return known;
    }

    // ---- what becomes durable

    private void asked(DiskGroup group) {
        if (tellsAtOnce && !facts.isBehind()) {
            toldGroups.tell(ToldGroups.Mark.of(group));
        }
    }

    private void noted(long through) {
        notesTold = through;
        telling.add(told -> told.noted(through));
    }

    private void changed() {
        mark();
        if (facts.isBehind()) {
            waitForRoom();
        }
        if (unneeded.size() + facts.left().size() > unneededTold) {
            List<Chunk> all = new ArrayList<>(facts.left());
            all.addAll(unneeded);
            unneededTold = all.size();
            store.unneeded(this, all.get(all.size() - 1).size());
        }
    }

    /** There is something to force. */
    private void mark() {
        if (!marked) {
            marked = true;
            store.syncer().add(this);
        }
    }

    private void waitForRoom() {
        waiting = true;
        store.waitForRoom(this);
    }

    /** The next force is about to begin; on a thread of the store's. */
    synchronized Mark takeMark() {
        marked = false;
        if (!tellsAtOnce && !leaving && !over) {
            toldGroups.allow(facts);
            if (facts.isBehind()) {
                waitForRoom();
            }
        }
        boolean behind = facts.isBehind();
        return new Mark(
                frames.writtenThrough(),
                behind ? notesTold : notesAsked,
                behind || tellsAtOnce ? List.of() : toldGroups.marks(),
                facts.place());
    }

    /** The store is being closed: what was allowed in advance is not, and nothing is from now on. */
    synchronized void takeLeave() {
        leaving = true;
        if (!tellsAtOnce && !over) {
            toldGroups.takeLeave(facts);
            mark();
        }
    }

    /** Chunks that are free once what the journal says by now is on the disk; on a thread of the store's. */
    synchronized List<Chunk> takeUnneeded() {
        // Of a stream that is over they are somebody else's to give back.
        if (over || facts.isBehind()) {
            return List.of();
        }
        unneededTold = 0;
        List<Chunk> taken = new ArrayList<>(facts.takeLeft());
        taken.addAll(unneeded);
        unneeded.clear();
        return taken;
    }

    /** What was marked is on the disk; on a thread of the store's. */
    void forced(Mark mark) {
        synchronized (this) {
            if (over) {
                return;
            }
            forcedThrough = Math.max(forcedThrough, mark.written);
            facts.forced(mark.place);
            if (!tellsAtOnce) {
                if (mark.written > frames.storedThrough()) {
                    stored(mark.written);
                }
                toldGroups.forced(mark.groups);
                if (mark.notes > notesTold) {
                    noted(mark.notes);
                }
            }
        }
        telling.tell();
    }

    /** There may be room; on a thread of the store's. Returns whether there is still something to write, and room. */
    boolean roomCame() {
        boolean more;
        synchronized (this) {
            if (over) {
                return false;
            }
            if (facts.isBehind()) {
                caughtUp(facts.catchUp());
            }
            more = write(WRITE_BYTES);
            waiting = facts.isBehind() || frames.hasWaiting();
        }
        telling.tell();
        return more;
    }

    private void caughtUp(boolean isSo) {
        if (isSo && tellsAtOnce) {
            toldGroups.marks().forEach(toldGroups::tell);
            if (notesAsked > notesTold) {
                noted(notesAsked);
            }
        }
        changed();
    }

    private PublisherRecord certain(PublisherRecord record) {
        return frames.certain(record, tellsAtOnce ? frames.writtenThrough() : frames.storedThrough());
    }

    /** Nothing is written from now on. Returns how many frames have waited for room in vain. */
    synchronized long stop() {
        over = true;
        telling.end();
        return frames.waiting();
    }

    void lost(BrokerException why) {
        synchronized (this) {
            over = true;
            telling.lost(why);
        }
        telling.tell();
    }
}
