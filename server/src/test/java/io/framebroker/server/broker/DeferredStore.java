package io.framebroker.server.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A store that answers when it is told to: what the one behind it confirms is held back, in order within each kind, until
 * it is released. It also checks that the core keeps the port's rules.
 */
final class DeferredStore implements FrameStore {
    private final FrameStore behind;
    private final StoreWatch watch;
    private final Map<String, OfStream> streams = new TreeMap<>();
    private boolean deferred;

    DeferredStore(FrameStore behind) {
        this(behind, StoreWatch.NOBODY);
    }

    DeferredStore(FrameStore behind, StoreWatch watch) {
        this.behind = behind;
        this.watch = watch;
    }

    /** From now on nothing is confirmed before it is released. */
    void defer() {
        deferred = true;
    }

    /** Confirms everything, and from now on at once. */
    void answerAtOnce() {
        deferred = false;
        releaseAll();
    }

    void releaseAll() {
        List.copyOf(streams.values()).forEach(OfStream::releaseAll);
    }

    OfStream stream(String name) {
        return streams.get(name);
    }

    Collection<OfStream> streams() {
        return streams.values();
    }

    @Override
    public String name() {
        return "deferred " + behind.name();
    }

    @Override
    public AckLevel ackLevel() {
        return behind.ackLevel();
    }

    @Override
    public StreamStore open(String stream, StreamStore.Listener listener) {
        OfStream opened = new OfStream(stream, listener);
        opened.store = behind.open(stream, opened);
        opened.confirmed = opened.store.lastOrdinal();
        streams.put(stream, opened);
        return opened;
    }

    @Override
    public void delete(String stream) {
        streams.remove(stream);
        behind.delete(stream);
    }

    @Override
    public void close() {
        behind.close();
    }

    private record Settlement(long number, long first, long last) {}

    /** One stream's frames, and the answers about them that are held back. */
    final class OfStream implements StreamStore, StreamStore.Listener {
        private final String name;
        private final Listener listener;
        private final ArrayDeque<Long> stored = new ArrayDeque<>();
        private final Map<String, ArrayDeque<Settlement>> settled = new TreeMap<>();
        private final Map<String, long[]> asked = new HashMap<>();
        private final Set<String> durable = new HashSet<>();
        private final Set<Long> cold = new HashSet<>();
        private StreamStore store;
        private long confirmed;
        private boolean readableOwed;

        OfStream(String name, Listener listener) {
            this.name = name;
            this.listener = listener;
        }

        /** Frames appended and not confirmed, in messages. */
        int storedHeld() {
            return stored.size();
        }

        int settledHeld() {
            return settled.values().stream().mapToInt(ArrayDeque::size).sum();
        }

        boolean readableOwed() {
            return readableOwed;
        }

        boolean isCold() {
            return !cold.isEmpty() || readableOwed;
        }

        /** The next read from this frame finds it out of memory. */
        void makeCold(long ordinal) {
            cold.add(ordinal);
        }

        void releaseStored(int messages) {
            long through = confirmed;
            for (int i = 0; i < messages && !stored.isEmpty(); i++) {
                through = stored.poll();
            }
            if (through > confirmed) {
                confirmed = through;
                watch.stored(name, through);
                listener.stored(through);
            }
        }

        void releaseSettled(String group, int settlements) {
            ArrayDeque<Settlement> held = settled.get(group);
            Settlement last = null;
            for (int i = 0; held != null && i < settlements && !held.isEmpty(); i++) {
                last = held.poll();
                watch.settled(name, group, last.first, last.last);
            }
            if (last != null) {
                listener.settled(group, last.number);
            }
        }

        List<String> groupsHeld() {
            return settled.entrySet().stream()
                    .filter(held -> !held.getValue().isEmpty())
                    .map(Map.Entry::getKey)
                    .toList();
        }

        void releaseReadable() {
            if (readableOwed) {
                readableOwed = false;
                cold.clear();
                listener.readable();
            }
        }

        void releaseAll() {
            readableOwed |= !cold.isEmpty();
            while (!stored.isEmpty() || settledHeld() > 0 || readableOwed) {
                releaseStored(Integer.MAX_VALUE);
                groupsHeld().forEach(group -> releaseSettled(group, Integer.MAX_VALUE));
                releaseReadable();
            }
        }

        @Override
        public void stored(long throughOrdinal) {
            stored.add(throughOrdinal);
            if (!deferred) {
                releaseStored(Integer.MAX_VALUE);
            }
        }

        @Override
        public void settled(String group, long throughSettlement) {
            // The numbers are the core's business; here each one asked is answered on its own.
        }

        @Override
        public void readable() {
            listener.readable();
        }

        @Override
        public long lastOrdinal() {
            return confirmed;
        }

        @Override
        public long firstOrdinal() {
            return store.firstOrdinal();
        }

        @Override
        public void append(List<Frame> frames) {
            List<Frame> own = new ArrayList<>(frames);
            watch.appended(name, own);
            store.append(own);
        }

        @Override
        public List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
            if (through > confirmed) {
                throw new AssertionError("read through " + through + ", but only " + confirmed + " is stored");
            }
            if (cold.contains(from) && from <= through) {
                readableOwed = true;
                return List.of();
            }
            return store.read(from, through, maxFrames, maxBytes);
        }

        @Override
        public long count(long from, long through) {
            return store.count(from, through);
        }

        @Override
        public void trim(long throughOrdinal) {
            for (String group : durable) {
                long cursor = store.group(group).cursor();
                if (cursor < throughOrdinal) {
                    throw new AssertionError("trim through " + throughOrdinal + " takes frames waiting in group "
                            + group + ", whose cursor is at " + cursor);
                }
            }
            watch.trimmed(name, throughOrdinal);
            store.trim(throughOrdinal);
        }

        @Override
        public void createGroup(String group, long base) {
            watch.groupCreated(name, group, base);
            store.createGroup(group, base);
            settled.put(group, new ArrayDeque<>());
            asked.put(group, new long[1]);
            if (!group.startsWith("~")) {
                durable.add(group);
            }
        }

        @Override
        public void deleteGroup(String group) {
            watch.groupDeleted(name, group);
            store.deleteGroup(group);
            settled.remove(group);
            asked.remove(group);
            durable.remove(group);
        }

        @Override
        public void delivered(String group, long first, long last, int attempt) {
            store.delivered(group, first, last, attempt);
            watch.delivered(name, group, first, last, attempt);
        }

        @Override
        public void settle(String group, long first, long last, Outcome outcome, String reason) {
            store.settle(group, first, last, outcome, reason);
            watch.settleAsked(name, group, first, last, outcome, reason);
            settled.get(group).add(new Settlement(++asked.get(group)[0], first, last));
            if (!deferred) {
                releaseSettled(group, Integer.MAX_VALUE);
            }
        }

        @Override
        public GroupRecord group(String group) {
            return store.group(group);
        }
    }
}
