package io.framebroker.server.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A store that answers when it is told to: what the one behind it confirms is held back, in order within each kind, until
 * it is released. It also checks that the core keeps the port's rules.
 */
final class DeferredStore extends PassingStore {
    private final StoreWatch watch;
    private final Map<String, OfStream> streams = new TreeMap<>();
    private boolean deferred;

    DeferredStore(FrameStore behind) {
        this(behind, StoreWatch.NOBODY);
    }

    DeferredStore(FrameStore behind, StoreWatch watch) {
        super(behind);
        this.watch = watch;
    }

    /** From now on nothing is confirmed before it is released. */
    void defer() {
        deferred = true;
    }

    boolean isDeferred() {
        return deferred;
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

    /** The broker is gone, and what was not confirmed as fate will have it. Only before stores that remember. */
    void brokerCrashes(Fate fate) {
        List.copyOf(streams.values()).forEach(stream -> stream.isGone(fate));
    }

    @Override
    protected StreamStore wrap(String name, StreamStore opened, StreamRecord record) {
        OfStream stream = new OfStream(name, opened, record);
        if (streams.put(name, stream) != null) {
            throw new AssertionError("stream " + name + " is open already");
        }
        watch.opened(name, opened, record);
        return stream;
    }

    private record Settlement(long number, long first, long last) {}

    private record Attempt(long number, long ordinal) {}

    /** What a group was asked for and is not confirmed, and how much was confirmed. */
    private static final class OfGroup {
        final ArrayDeque<Settlement> settlements = new ArrayDeque<>();
        final ArrayDeque<Attempt> attempts = new ArrayDeque<>();
        long settlementsAsked;
        long settlementsTold;
        long attemptsAsked;
        long attemptsTold;
    }

    /** One stream's frames, and the answers about them that are held back. */
    final class OfStream extends PassingStream {
        private final String name;
        private final ArrayDeque<Long> stored = new ArrayDeque<>();
        private final Map<String, OfGroup> groups = new TreeMap<>();
        private final Set<String> durable = new HashSet<>();
        private final Set<Long> cold = new HashSet<>();
        private long notes;
        private long notesTold;
        private long confirmed;
        private long cooledThrough;
        private boolean readableOwed;
        private boolean owned = true;
        private boolean full;
        private boolean gone;
        private String trouble;
        /** Told once the stream is deleted; null when nobody is to be told. */
        private Runnable deleted;

        private boolean holdsLetters;
        private int lettersAsked;
        private java.util.function.Consumer<List<Frame>> lettersAnswer;
        /** Null when none are to be read. */
        private Runnable lettersRead;

        OfStream(String name, StreamStore opened, StreamRecord record) {
            super(opened);
            this.name = name;
            this.confirmed = opened.lastOrdinal();
            for (StreamRecord.OfGroup each : record.groups()) {
                groups.put(each.name(), new OfGroup());
                durable.add(each.name());
            }
        }

        /** Frames appended and not confirmed, in messages. */
        int storedHeld() {
            return stored.size();
        }

        int settledHeld() {
            return groups.values().stream()
                    .mapToInt(group -> group.settlements.size())
                    .sum();
        }

        /** Attempts asked and not confirmed. */
        int attemptsHeld() {
            return groups.values().stream()
                    .mapToInt(group -> group.attempts.size())
                    .sum();
        }

        boolean notesHeld() {
            return notes > notesTold;
        }

        boolean readableOwed() {
            return readableOwed;
        }

        /** Whether something is out of memory, or to be. */
        boolean isCold() {
            return !cold.isEmpty() || readableOwed || isReadingBack();
        }

        private boolean isReadingBack() {
            return behind instanceof RememberedStream remembered && remembered.isReadingBack();
        }

        /** What frames that have left memory would cost there, in bytes. */
        long spared() {
            long spared = 0;
            for (long ordinal = firstOrdinal(); ordinal <= cooledThrough; ordinal++) {
                spared += bytes(ordinal) + Backlog.FRAME_OVERHEAD_BYTES;
            }
            return spared;
        }

        /** Whether the broker may speak for the stream, from now on. */
        void isOwned(boolean now) {
            owned = now;
            if (now) {
                listener.readable();
            }
        }

        /** Whether there is no room for dead letters, from now on. */
        void isFull(boolean now) {
            full = now;
        }

        /** What keeps the store from storing, from now on; null for nothing. */
        void isInTrouble(String why) {
            trouble = why;
        }

        /** The stream is another broker's from now on, with what was not confirmed as fate will have it. */
        void isLost(Fate fate) {
            isGone(fate);
            listener.lost(new BrokerException(
                    BrokerException.Kind.UNAVAILABLE, "STREAM_MOVED", "stream " + name + " is no longer served here"));
        }

        private void isGone(Fate fate) {
            gone = true;
            streams.remove(name);
            Map<String, Long> settled = new HashMap<>();
            Map<String, Long> attempted = new HashMap<>();
            groups.forEach((group, of) -> {
                settled.put(group, of.settlementsTold);
                attempted.put(group, of.attemptsTold);
            });
            ((RememberedStream) behind).fallsBack(confirmed, notesTold, settled, attempted, fate);
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

        /** Confirms some of the frames of the oldest message that is held back. Returns whether it has that many. */
        boolean releasesPart(Random random) {
            long most = stored.isEmpty() ? 0 : stored.peek() - confirmed - 1;
            if (most > 0) {
                releaseFrames(1 + random.nextInt((int) most));
            }
            return most > 0;
        }

        /** Confirms frames of the oldest message that is held back, but not all of them. */
        void releaseFrames(int frames) {
            if (confirmed + frames >= stored.peek()) {
                throw new AssertionError("the oldest message ends with frame " + stored.peek());
            }
            confirmed += frames;
            watch.stored(name, confirmed);
            listener.stored(confirmed);
        }

        void releaseSettled(String group, int settlements) {
            OfGroup of = groups.get(group);
            Settlement last = null;
            for (int i = 0; of != null && i < settlements && !of.settlements.isEmpty(); i++) {
                last = of.settlements.poll();
                watch.settled(name, group, last.first, last.last);
            }
            if (last != null) {
                of.settlementsTold = last.number;
                listener.settled(group, last.number);
            }
        }

        List<String> groupsHeld() {
            return groups.entrySet().stream()
                    .filter(each -> !each.getValue().settlements.isEmpty())
                    .map(Map.Entry::getKey)
                    .toList();
        }

        void releaseAttempts(String group, int attempts) {
            OfGroup of = groups.get(group);
            Attempt last = null;
            for (int i = 0; of != null && i < attempts && !of.attempts.isEmpty(); i++) {
                last = of.attempts.poll();
                watch.attempted(name, group, last.ordinal);
            }
            if (last != null) {
                of.attemptsTold = last.number;
                listener.attempted(group, last.number);
            }
        }

        /** Lets groups have more frames than the store knows of. */
        void releaseAllowances() {
            if (behind instanceof RememberedStream remembered) {
                remembered.allowsMore();
            }
        }

        void releaseReadable() {
            if (readableOwed) {
                readableOwed = false;
                cold.clear();
                listener.readable();
            }
            if (isReadingBack()) {
                ((RememberedStream) behind).readsBack();
            }
        }

        /** From now on, copies of dead letters are read when they are released. */
        void holdLetters() {
            holdsLetters = true;
        }

        void lettersAreReadAtOnce() {
            holdsLetters = false;
            releaseLetters();
        }

        /** How many copies are to be read. */
        int lettersAsked() {
            return lettersAsked;
        }

        void releaseLetters() {
            Runnable read = lettersRead;
            if (read != null) {
                lettersRead = null;
                lettersAsked = 0;
                read.run();
            }
        }

        /** The copies that are to be read cannot be. */
        void losesLetters() {
            java.util.function.Consumer<List<Frame>> answer = lettersAnswer;
            lettersRead = null;
            lettersAsked = 0;
            answer.accept(List.of());
        }

        @Override
        public void readDeadLetters(
                String group, List<Long> ordinals, java.util.function.Consumer<List<Frame>> answer) {
            if (!holdsLetters) {
                behind.readDeadLetters(group, ordinals, answer);
                return;
            }
            List<Frame> frames = new ArrayList<>();
            behind.readDeadLetters(group, ordinals, frames::addAll);
            lettersAsked = ordinals.size();
            lettersAnswer = answer;
            lettersRead = () -> answer.accept(frames);
        }

        void releaseNotes() {
            if (notes > notesTold) {
                notesTold = notes;
                watch.noted(name);
                listener.noted(notes);
            }
        }

        /** Confirms that the stream is deleted. */
        void releaseDeletion() {
            Runnable confirmed = deleted;
            deleted = null;
            if (confirmed != null) {
                confirmed.run();
            }
        }

        /** The store has found out that the stream is another broker's, while it was being deleted. */
        void isLostWhileDeleted() {
            deleted = null;
            listener.lost(new BrokerException(
                    BrokerException.Kind.UNAVAILABLE, "STREAM_MOVED", "stream " + name + " is no longer served here"));
        }

        void releaseAll() {
            readableOwed |= !cold.isEmpty();
            while (holdsAnything() && !gone) {
                releaseNotes();
                releaseStored(Integer.MAX_VALUE);
                for (String group : new TreeSet<>(groups.keySet())) {
                    releaseSettled(group, Integer.MAX_VALUE);
                    releaseAttempts(group, Integer.MAX_VALUE);
                }
                releaseReadable();
                releaseAllowances();
            }
            releaseAllowances();
        }

        private void allowIfAtOnce() {
            if (!deferred) {
                releaseAllowances();
            }
        }

        private boolean holdsAnything() {
            return !stored.isEmpty()
                    || settledHeld() > 0
                    || attemptsHeld() > 0
                    || notesHeld()
                    || readableOwed
                    || isReadingBack();
        }

        private void checkHere() {
            if (gone) {
                throw new AssertionError("stream " + name + " is asked for something, and it is lost");
            }
        }

        private void checkStored(long ordinal) {
            if (ordinal > confirmed) {
                throw new AssertionError("asked about frame " + ordinal + ", but only " + confirmed + " is stored");
            }
        }

        // ---- what the store behind it tells

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
        public void attempted(String group, long throughAttempt) {
            // As with settlements.
        }

        @Override
        public void noted(long throughNote) {
            notes = throughNote;
            if (!deferred) {
                releaseNotes();
            }
        }

        // ---- what the core asks

        @Override
        public boolean isOwned() {
            return owned;
        }

        @Override
        public String trouble() {
            return trouble;
        }

        @Override
        public void delete(Runnable done) {
            checkHere();
            gone = true;
            streams.remove(name);
            behind.delete(() -> deleted = done);
            if (!deferred) {
                releaseDeletion();
            }
        }

        @Override
        public long lastOrdinal() {
            return confirmed;
        }

        @Override
        public void append(List<Frame> frames) {
            checkHere();
            List<Frame> own = new ArrayList<>(frames);
            watch.appended(name, own);
            behind.append(own);
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
            return behind.read(from, through, maxFrames, maxBytes);
        }

        @Override
        public long cool(long throughOrdinal) {
            checkHere();
            if (throughOrdinal > confirmed) {
                throw new AssertionError("frame " + throughOrdinal + " is to leave memory, and is not stored");
            }
            cooledThrough = behind.cool(throughOrdinal);
            watch.cooled(name, cooledThrough);
            return cooledThrough;
        }

        @Override
        public void trim(long throughOrdinal) {
            checkHere();
            for (String group : durable) {
                long cursor = behind.group(group).cursor();
                if (cursor < throughOrdinal) {
                    throw new AssertionError("trim through " + throughOrdinal + " takes frames waiting in group "
                            + group + ", whose cursor is at " + cursor);
                }
            }
            watch.trimmed(name, throughOrdinal);
            behind.trim(throughOrdinal);
        }

        @Override
        public void createGroup(String group, long base, GroupSettings settings, boolean isDurable) {
            checkHere();
            watch.groupCreated(name, group, base);
            behind.createGroup(group, base, settings, isDurable);
            groups.put(group, new OfGroup());
            if (isDurable) {
                durable.add(group);
            }
            allowIfAtOnce();
        }

        @Override
        public void deleteGroup(String group) {
            checkHere();
            watch.groupDeleted(name, group);
            behind.deleteGroup(group);
            groups.remove(group);
            durable.remove(group);
        }

        @Override
        public void restartGroup(String group, long base) {
            checkHere();
            behind.restartGroup(group, base);
            allowIfAtOnce();
        }

        @Override
        public void delivered(String group, long first, long last, int attempt) {
            checkHere();
            checkStored(last);
            behind.delivered(group, first, last, attempt);
            if (attempt == 1) {
                watch.delivered(name, group, first, last);
                allowIfAtOnce();
                return;
            }
            if (first != last) {
                throw new AssertionError("attempt " + attempt + " of frames " + first + ".." + last + " together");
            }
            watch.attemptAsked(name, group, first, attempt);
            OfGroup of = groups.get(group);
            of.attempts.add(new Attempt(++of.attemptsAsked, first));
            if (!deferred) {
                releaseAttempts(group, Integer.MAX_VALUE);
            }
        }

        @Override
        public void settle(String group, long first, long last, Outcome outcome, String reason) {
            checkHere();
            checkStored(last);
            behind.settle(group, first, last, outcome, reason);
            watch.settleAsked(name, group, first, last, outcome, reason);
            settlementAsked(group, first, last);
            allowIfAtOnce();
        }

        @Override
        public boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
            return !full && behind.hasRoomFor(group, frame, letter);
        }

        @Override
        public void settle(String group, Frame frame, DeadLetter letter) {
            checkHere();
            behind.settle(group, frame, letter);
            settlementAsked(group, frame.ordinal(), frame.ordinal());
        }

        @Override
        public void purge(String group, List<Long> ordinals, String reason) {
            checkHere();
            behind.purge(group, ordinals, reason);
            settlementAsked(group, 0, -1);
        }

        private void settlementAsked(String group, long first, long last) {
            OfGroup of = groups.get(group);
            of.settlements.add(new Settlement(++of.settlementsAsked, first, last));
            if (!deferred) {
                releaseSettled(group, Integer.MAX_VALUE);
            }
        }

        @Override
        public void note(StreamNote note) {
            checkHere();
            watch.noteAsked(name, note);
            behind.note(note);
        }
    }
}
