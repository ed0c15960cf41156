package io.framebroker.server.store.disk;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A stream's state, and the journal that makes it last. What the journal has no room for is in the state all the same,
 * and is written with all of it when there is room: until then the journal is behind. Guarded by the stream's monitor.
 */
final class StreamFacts {
    /** A place in the journal. */
    record Place(Chunk chunk, int end) {}

    private final long stream;
    private final StreamState state;
    private final Journal journal;
    private final Chunks space;
    private final UnaryOperator<PublisherRecord> certain;
    private final RecordBuffer record = new RecordBuffer();
    /** Chunks that the journal has left. */
    private final List<Chunk> left = new ArrayList<>();

    private boolean behind;

    /** @param certain tells what is certain of a publisher: no more than what is in front of its first unsure frame */
    StreamFacts(long stream, StreamState state, Journal journal, Chunks space, UnaryOperator<PublisherRecord> certain) {
        this.stream = stream;
        this.state = state;
        this.journal = journal;
        this.space = space;
        this.certain = certain;
    }

    StreamState state() {
        return state;
    }

    boolean isBehind() {
        return behind;
    }

    // ---- what happens

    /**
     * Begins a generation, or leaves things as they are.
     *
     * @param afresh whether the journal is to be written anew
     * @return false when there is no room for it
     */
    boolean generation(long begun, boolean afresh) {
        long before = state.generation();
        state.generation(begun);
        if (afresh || behind) {
            catchUp();
        } else {
            add(StreamState.GENERATION, record.clear().put(begun));
        }
        if (behind) {
            // Trying again is no other generation: there is at most one with each start.
            state.generation(before);
        }
        return !behind;
    }

    void stored(long through, long forced) {
        state.stored(through);
        state.forced(forced);
        add(StreamState.STORED, record.clear().put(through).put(forced));
    }

    /** Frames are going: what they alone tell of their publishers has to be written first. */
    void trimmed(long through) {
        state.trimmed(through);
        for (PublisherRecord each : state.publishers().takeAhead()) {
            PublisherRecord sure = certain.apply(each);
            if (sure != each) {
                state.publishers().ahead(each.key());
            }
            record.clear().put(each.key().id()).put(each.key().epoch());
            add(StreamState.SEQUENCE, record.put(sure.lastSequence()));
        }
        for (PublisherRecord each : state.publishers().takeCut()) {
            write(each);
        }
        add(StreamState.TRIMMED, record.clear().put(through));
    }

    void note(StreamNote note) {
        state.note(note);
        if (note.description() != null) {
            StreamState.writeAlone(record.clear(), note.description());
            add(StreamState.DESCRIPTION, record);
        }
        if (note.publisher() != null) {
            write(note.publisher());
        }
        if (note.counts() != null) {
            StreamState.write(record.clear(), note.counts());
            add(StreamState.COUNTS, record);
        }
        if (note.paused() != null) {
            StreamState.write(record.clear(), note.paused());
            add(StreamState.PAUSED, record);
        }
    }

    private void write(PublisherRecord publisher) {
        PublisherRecord sure = certain.apply(publisher);
        if (sure != publisher) {
            state.publishers().cut(publisher.key());
        }
        Publishers.write(record.clear(), sure);
        add(StreamState.PUBLISHER, record);
    }

    void created(DiskGroup group) {
        if (group.durable()) {
            state.add(group);
            record.clear().put(group.number()).put(group.name());
            record.put(group.settings().leaseMillis()).put(group.base());
            StreamState.writeRest(record, group.settings());
            add(StreamState.GROUP_CREATED, record.put(group.lettersNumber()));
        }
    }

    void deleted(DiskGroup group) {
        if (group.durable()) {
            state.remove(group);
            add(StreamState.GROUP_DELETED, record.clear().put(group.number()));
        }
    }

    /** How far a group may be delivered has changed. */
    void allowed(DiskGroup group) {
        if (group.durable()) {
            add(StreamState.ALLOWED, record.clear().put(group.number()).put(group.allowed()));
        }
    }

    void delivered(DiskGroup group, long from, long through, int attempt) {
        if (group.durable()) {
            record.clear().put(group.number()).put(from).put(through).put(attempt);
            add(StreamState.DELIVERED, record);
        }
    }

    void left(DiskGroup group, long from, long through, Left left) {
        if (group.durable()) {
            record.clear().put(group.number()).put(from).put(through).put(left.ordinal());
            add(StreamState.LEFT, record);
        }
    }

    void settled(DiskGroup group, long from, long through, Outcome outcome, String reason) {
        if (group.durable()) {
            record.clear().put(group.number()).put(from).put(through);
            record.put(outcome == Outcome.ACKED ? 0 : 1);
            if (outcome != Outcome.ACKED) {
                record.put(reason);
            }
            add(StreamState.SETTLED, record);
        }
    }

    void deadLettered(DiskGroup group, DeadLetter letter) {
        if (group.durable()) {
            record.clear().put(group.number()).put(letter.id().ordinal());
            add(StreamState.DEAD_LETTERED, record);
        }
    }

    void purged(DiskGroup group, List<Long> ordinals, String reason) {
        if (group.durable()) {
            record.clear().put(group.number());
            if (reason != null) {
                record.put(reason);
            }
            StreamState.put(record, ordinals);
            add(reason == null ? StreamState.LETTERS_ACKED : StreamState.PURGED, record);
        }
    }

    /** Nothing comes after this. Returns the chunks of the journal, which are needed until all others are free. */
    List<Chunk> deleted() {
        journal.addLast(StreamState.DELETED);
        List<Chunk> all = new ArrayList<>(left);
        all.add(journal.chunk());
        left.clear();
        return all;
    }

    // ---- writing

    private void add(byte type, RecordBuffer body) {
        if (behind || !journal.add(type, body)) {
            catchUp();
        }
    }

    /** Writes the whole state into a fresh chunk. Returns false when there is no room for one. */
    boolean catchUp() {
        behind = true;
        state.write(record.clear(), certain);
        long wanted = Journal.bytesFor(record.length());
        long least = Journal.leastFor(record.length());
        Chunk fresh = journal.chunk() == null
                ? space.takeFirst(stream, wanted, least)
                : space.take(Chunk.Kind.JOURNAL, stream, wanted, least);
        if (fresh == null) {
            return false;
        }
        Chunk before = journal.move(fresh, StreamState.STATE, record);
        if (before != null) {
            left.add(before);
        }
        behind = false;
        // The state has it not: it is for the next owner alone. What finds no room here counts as after a crash.
        state.groups()
                .forEach(group -> group.eachLeft((ordinal, how) -> journal.add(
                        StreamState.LEFT,
                        record.clear()
                                .put(group.number())
                                .put(ordinal)
                                .put(ordinal)
                                .put(how.ordinal()))));
        return true;
    }

    /** How far the journal has got. */
    Place place() {
        return new Place(journal.chunk(), journal.end());
    }

    void forced(Place before) {
        journal.forced(before.chunk, before.end);
    }

    /** Chunks that the journal has left and nobody has taken. */
    List<Chunk> left() {
        return left;
    }

    /** Chunks that nobody needs once what the journal says is on the disk. */
    List<Chunk> takeLeft() {
        if (left.isEmpty() || behind) {
            return List.of();
        }
        List<Chunk> taken = List.copyOf(left);
        left.clear();
        return taken;
    }
}
