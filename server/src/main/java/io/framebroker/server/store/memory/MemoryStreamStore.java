package io.framebroker.server.store.memory;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One stream in the heap: a ring of frames by ordinal. Guarded by its owner's lock. */
final class MemoryStreamStore implements StreamStore {
    private final String stream;
    private final Listener listener;
    private final Map<String, MemoryGroup> groups = new HashMap<>();
    private Frame[] ring = new Frame[64];
    private long first = 1;
    private long last;

    MemoryStreamStore(String stream, Listener listener) {
        this.stream = stream;
        this.listener = listener;
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
    public void createGroup(String group, long base) {
        if (groups.putIfAbsent(group, new MemoryGroup(group, base)) != null) {
            throw new IllegalArgumentException("stream " + stream + " has a group " + group + " already");
        }
    }

    @Override
    public void deleteGroup(String group) {
        groups.remove(group);
    }

    @Override
    public void delivered(String group, long from, long through, int attempt) {
        known(group).delivered(from, through, attempt);
    }

    @Override
    public void settle(String group, long from, long through, Outcome outcome, String reason) {
        MemoryGroup settled = known(group);
        settled.settle(from, through, outcome, reason);
        listener.settled(group, settled.settlements());
    }

    @Override
    public GroupRecord group(String group) {
        return known(group).view();
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
