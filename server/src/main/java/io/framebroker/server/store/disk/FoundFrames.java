package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.store.disk.FolderReport.Frames;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Checks every frame of one stream, or those of a range, counts them, and writes down what is wrong. */
final class FoundFrames implements FrameFindings {
    private static final String LEFT_OUT = "left out; groups that have not settled it skip it, " + DiskFrameStore.LOST;

    /** Bytes that are nothing, and the frames that may have been there. */
    private record Gap(Chunk chunk, int from, int bytes, long first, long last) {}

    private final long from;
    private final long through;
    private final Consumer<Frame> each;
    private final List<Damage> damages = new ArrayList<>();
    private final List<Gap> gaps = new ArrayList<>();
    /** Frames that are there and not what was written. */
    private final TreeSet<Long> damaged = new TreeSet<>();
    /** The last frame of each chunk. */
    private final TreeMap<Long, FrameRecord> ends = new TreeMap<>();

    private FrameRecord before;
    private long missing;
    private long cutOffFirst;
    private long cutOffLast;
    private long frames;
    private long bytes;
    private long first;
    private long last;
    private long oldest;
    private long newest;

    /**
     * @param from ordinal of the first frame that is wanted
     * @param each told of those that are whole, in their order
     */
    FoundFrames(long from, long through, Consumer<Frame> each) {
        this.from = from;
        this.through = through;
        this.each = each;
    }

    /** What is wrong in the range. */
    List<Damage> damages() {
        return damages;
    }

    /** Frames that are whole. */
    Frames frames() {
        return new Frames(frames, bytes, first, last, oldest, newest);
    }

    /** Frames that were stored, have not been trimmed, and are not there. */
    long lost() {
        return missing + damaged.size();
    }

    /** What a crash has left; null when it has left nothing. */
    String cutOff() {
        return cutOffFirst == 0
                ? null
                : "frames " + cutOffFirst + ".." + cutOffLast
                        + " were on their way to the disk, and nobody was told of them; they are erased";
    }

    @Override
    public void frame(StreamState state, FrameRecord record) {
        if (before != null && before.chunk() != record.chunk()) {
            ends.put(before.ordinal(), before);
        }
        before = record;
        if (record.ordinal() < from || record.ordinal() > through) {
            return;
        }
        Frame frame = record.frame();
        if (frame == null) {
            damagedFrame(state, record);
        } else {
            count(frame);
            each.accept(frame);
        }
    }

    private void count(Frame frame) {
        long received = frame.receivedMicros();
        first = frames == 0 ? frame.ordinal() : first;
        last = frame.ordinal();
        oldest = frames == 0 ? received : Math.min(oldest, received);
        newest = frames == 0 ? received : Math.max(newest, received);
        frames++;
        bytes += frame.bytes();
    }

    @Override
    public void damagedFrame(StreamState state, FrameRecord record) {
        long ordinal = record.ordinal();
        if (ordinal >= from && ordinal <= through && damaged.add(ordinal)) {
            String what = "the frame's bytes are not what its checksum says";
            add(state, record.chunk(), record.at(), ordinal, ordinal, what, LEFT_OUT);
        }
    }

    @Override
    public void damagedBytes(StreamState state, int at, long ordinalBefore, FrameRecord behind) {
        int length = behind.at() - at;
        if (behind.ordinal() > state.trimmed() + 1) {
            long mayBeFirst = Math.max(ordinalBefore, state.trimmed()) + 1;
            gaps.add(new Gap(behind.chunk(), at, length, mayBeFirst, behind.ordinal() - 1));
        } else if (from <= 1) {
            // Whoever asked for a range is not told of what belongs to no frame.
            String what = length + " bytes are damaged, where frames were that have been trimmed";
            add(state, behind.chunk(), at, 0, 0, what, "nothing is lost");
        }
    }

    @Override
    public void lostFrames(StreamState state, long lostFrom, long lostThrough) {
        if (before != null) {
            ends.put(before.ordinal(), before);
        }
        long end = Math.min(lostThrough, through);
        for (long ordinal = Math.max(lostFrom, from); ordinal <= end; ordinal++) {
            if (!damaged.contains(ordinal)) {
                Long stop = damaged.higher(ordinal);
                long last = stop == null ? end : Math.min(end, stop - 1);
                missing(state, ordinal, last);
                ordinal = last;
            }
        }
    }

    private void missing(StreamState state, long lostFrom, long lostThrough) {
        missing += lostThrough - lostFrom + 1;
        for (Gap gap : gaps) {
            if (gap.first <= lostThrough && gap.last >= lostFrom) {
                String what = gap.bytes + " bytes are damaged, and a frame's header is among them";
                add(state, gap.chunk, gap.from, lostFrom, lostThrough, what, LEFT_OUT);
                return;
            }
        }
        String what = lostFrom > state.forced()
                ? "stored and not there; not forced to the disk yet, so this may be what loss of power took"
                : "stored and not there";
        FrameRecord end = ends.get(lostFrom - 1);
        if (end == null) {
            damages.add(new Damage(0, -1, state.name(), lostFrom, lostThrough, what, LEFT_OUT));
        } else {
            add(state, end.chunk(), end.end(), lostFrom, lostThrough, what + "; here ends what is in front", LEFT_OUT);
        }
    }

    private void add(
            StreamState state, Chunk chunk, int at, long ordinal, long lastOrdinal, String what, String meaning) {
        damages.add(new Damage(
                chunk.segment().number(),
                chunk.offset() + (long) at,
                state.name(),
                ordinal,
                lastOrdinal,
                what,
                meaning));
    }

    @Override
    public void cutOff(StreamState state, FrameRecord frame) {
        cutOffFirst = cutOffFirst == 0 ? frame.ordinal() : cutOffFirst;
        cutOffLast = frame.ordinal();
    }
}
