package io.framebroker.server.store.memory;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One stream in the heap: a ring of frames by ordinal. Guarded by its owner's lock. */
final class MemoryStreamStore implements StreamStore {
    private final String stream;
    private final Runnable deleted;
    private final long generation;
    private final Map<String, MemoryGroup> groups = new HashMap<>();
    private Frame[] ring = new Frame[64];
    private long first = 1;
    private long last;
    private long notes;
    private Listener listener;

    MemoryStreamStore(String stream, long generation, Runnable deleted) {
        this.stream = stream;
        this.generation = generation;
        this.deleted = deleted;
    }

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
        return first;
    }

    @Override
    public int bytes(long ordinal) {
        return ordinal < first || ordinal > last ? 0 : ring[slot(ordinal)].bytes();
    }

    @Override
    public long receivedMicros(long ordinal) {
        return ordinal < first || ordinal > last ? 0 : ring[slot(ordinal)].receivedMicros();
    }

    @Override
    public long firstReceivedFrom(long micros) {
        long ordinal = first;
        while (ordinal <= last && ring[slot(ordinal)].receivedMicros() < micros) {
            ordinal++;
        }
        return ordinal;
    }

    @Override
    public void append(List<Frame> frames) {
        for (Frame frame : frames) {
            if (frame.ordinal() != last + 1) {
                throw new IllegalArgumentException(
                        "stream " + stream + ": frame " + frame.id() + " does not follow ordinal " + last);
            }
            if (last - first + 1 == ring.length) {
                grow();
            }
            last++;
            ring[slot(last)] = frame;
        }
        listener.stored(last);
    }

    @Override
    public List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        long end = Math.min(through, last);
        if (from < first || from > end || maxFrames < 1) {
            return List.of();
        }
        if (from == end || maxFrames == 1) {
            return List.of(ring[slot(from)]);
        }
        List<Frame> frames = new ArrayList<>((int) Math.min(maxFrames, end - from + 1));
        long bytes = 0;
        for (long ordinal = from; ordinal <= end && frames.size() < maxFrames; ordinal++) {
            Frame frame = ring[slot(ordinal)];
            bytes += frame.bytes();
            if (bytes > maxBytes && !frames.isEmpty()) {
                break;
            }
            frames.add(frame);
        }
        return frames;
    }

    @Override
    public long count(long from, long through) {
        return Math.max(0, Math.min(through, last) - Math.max(from, first) + 1);
    }

    @Override
    public void trim(long throughOrdinal) {
        long end = Math.min(throughOrdinal, last);
        while (first <= end) {
            ring[slot(first++)] = null;
        }
    }

    @Override
    public void createGroup(String group, long base, GroupSettings settings, boolean durable) {
        if (groups.putIfAbsent(group, new MemoryGroup(group, base)) != null) {
            throw new IllegalArgumentException("stream " + stream + " has a group " + group + " already");
        }
    }

    @Override
    public void deleteGroup(String group) {
        groups.remove(group);
    }

    @Override
    public void restartGroup(String group, long base) {
        groups.put(group, known(group).anew(base));
    }

    @Override
    public void delivered(String group, long from, long through, int attempt) {
        MemoryGroup taking = known(group);
        if (taking.delivered(from, through) && attempt > 1) {
            listener.attempted(group, taking.attempted());
        }
    }

    @Override
    public void settle(String group, long from, long through, Outcome outcome, String reason) {
        MemoryGroup settled = known(group);
        settled.settle(from, through, outcome, reason);
        listener.settled(group, settled.settlements());
    }

    @Override
    public boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
        return true;
    }

    @Override
    public void settle(String group, Frame frame, DeadLetter letter) {
        MemoryGroup settled = known(group);
        settled.settle(frame, letter);
        listener.settled(group, settled.settlements());
    }

    @Override
    public Collection<DeadLetter> deadLetters(String group) {
        return known(group).deadLetters();
    }

    @Override
    public void readDeadLetters(String group, List<Long> ordinals, Consumer<List<Frame>> answer) {
        answer.accept(known(group).readDeadLetters(ordinals));
    }

    @Override
    public void purge(String group, List<Long> ordinals, String reason) {
        MemoryGroup purged = known(group);
        purged.purge(ordinals, reason);
        listener.settled(group, purged.settlements());
    }

    @Override
    public GroupRecord group(String group) {
        return known(group).view();
    }

    @Override
    public void note(StreamNote note) {
        listener.noted(++notes);
    }

    @Override
    public void delete() {
        deleted.run();
    }

    private MemoryGroup known(String group) {
        MemoryGroup known = groups.get(group);
        if (known == null) {
            throw new IllegalArgumentException("stream " + stream + " has no group " + group);
        }
        return known;
    }

    private int slot(long ordinal) {
        return (int) (ordinal & (ring.length - 1));
    }

    private void grow() {
        Frame[] larger = new Frame[ring.length * 2];
        for (long ordinal = first; ordinal <= last; ordinal++) {
            larger[(int) (ordinal & (larger.length - 1))] = ring[slot(ordinal)];
        }
        ring = larger;
    }
}
