package io.framebroker.server.broker;

import io.framebroker.server.broker.ReplayedLetter.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Dead letters that wait to be tried again, by the time they may be, and the copies of the first of them: a few are read when
 * somebody takes frames and none is left of those before. Guarded by the stream's lock.
 */
final class ReplayLine {
    /** Most letters whose copies are in memory, unless one alone is larger. */
    private static final int BATCH_FRAMES = 16;

    private static final long BATCH_BYTES = 256 * 1024;
    /** So often a copy that is not there is looked for. */
    private static final int MOST_READS = 5;

    private final String group;
    private final FrameStream stream;
    private final Runnable whenRead;
    private final Consumer<ReplayedLetter> whenUnreadable;
    private final TreeSet<ReplayedLetter> line = new TreeSet<>(ReplayedLetter.BY_TIME);
    private final ArrayDeque<ReplayedLetter> ready = new ArrayDeque<>();
    /** What the store is reading; null while it reads nothing. */
    private List<ReplayedLetter> reading;

    /**
     * @param whenRead called when there may be more to take, maybe inside {@link #first}
     * @param whenUnreadable called for a letter whose copy was looked for often enough; it waits no more
     */
    ReplayLine(String group, FrameStream stream, Runnable whenRead, Consumer<ReplayedLetter> whenUnreadable) {
        this.group = group;
        this.stream = stream;
        this.whenRead = whenRead;
        this.whenUnreadable = whenUnreadable;
    }

    void add(ReplayedLetter letter, long notBeforeNanos) {
        letter.place = Place.LINE;
        letter.deadlineNanos = notBeforeNanos;
        letter.frame = null;
        line.add(letter);
        stream.wakeAfter(Math.max(0, notBeforeNanos - stream.clock().nanos()));
    }

    /** A letter that waits here waits no more. */
    void remove(ReplayedLetter letter) {
        if (letter.place == Place.LINE) {
            line.remove(letter);
        } else if (letter.place == Place.READY) {
            ready.remove(letter);
        } else if (reading != null) {
            reading.remove(letter);
        }
        letter.frame = null;
    }

    /** Forgets all; what is still being read is of no use any more. */
    void clear() {
        line.clear();
        ready.clear();
        reading = null;
    }

    /** The next one that may be given now, READY; null when there is none, or it is being read. */
    ReplayedLetter first() {
        if (ready.isEmpty() && reading == null) {
            read();
        }
        return ready.peek();
    }

    /** Takes what {@link #first} has told, with its copy. */
    Frame take() {
        ReplayedLetter first = ready.remove();
        Frame frame = first.frame;
        first.frame = null;
        return frame;
    }

    /** Nobody is there to take any: they need not be in memory. */
    void rest() {
        while (!ready.isEmpty()) {
            ReplayedLetter first = ready.remove();
            add(first, first.deadlineNanos);
        }
    }

    private void read() {
        long now = stream.clock().nanos();
        List<ReplayedLetter> batch = new ArrayList<>();
        long bytes = 0;
        while (!line.isEmpty() && batch.size() < BATCH_FRAMES) {
            ReplayedLetter next = line.first();
            bytes += next.bytes();
            if (next.deadlineNanos - now > 0 || bytes > BATCH_BYTES && !batch.isEmpty()) {
                break;
            }
            line.remove(next);
            next.place = Place.READING;
            batch.add(next);
        }
        if (!batch.isEmpty()) {
            reading = batch;
            List<Long> ordinals = batch.stream().map(ReplayedLetter::ordinal).toList();
            stream.store()
                    .readDeadLetters(group, ordinals, copies -> stream.turn().run(() -> hasRead(batch, copies)));
        }
    }

    private void hasRead(List<ReplayedLetter> batch, List<Frame> copies) {
        if (reading != batch) {
            // The group has ended meanwhile.
            return;
        }
        reading = null;
        Map<Long, Frame> byOrdinal = new HashMap<>();
        copies.forEach(copy -> byOrdinal.put(copy.ordinal(), copy));
        for (ReplayedLetter each : batch) {
            each.frame = byOrdinal.get(each.ordinal());
            if (each.frame != null) {
                each.place = Place.READY;
                ready.add(each);
            } else if (++each.missed < MOST_READS) {
                add(each, stream.clock().nanos() + Backoff.nanos(each.missed, each.ordinal()));
            } else {
                whenUnreadable.accept(each);
            }
        }
        whenRead.run();
    }

    /** Nanoseconds until another one may be tried; {@link Long#MAX_VALUE} when none waits but those that may be now. */
    long untilNext(long now) {
        // Those that are due wait for a consumer, and the next event hands them out.
        ReplayedLetter next = line.higher(ReplayedLetter.border(now));
        return next == null ? Long.MAX_VALUE : next.deadlineNanos - now;
    }
}
