package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds the frames of a stream at start, by the headers in its chunks. Waits for the disk. */
final class FrameScan {
    /** The newest frames are in memory at once, up to this: they are asked for most. */
    private static final long WARM_BYTES = 2 << 20;

    private final StreamState state;
    private final FrameFindings findings;
    private final FrameIndex index;
    private final FrameLog frames;
    /** First ordinals of the runs of frames that have a generation. */
    private final TreeMap<Long, Long> generations = new TreeMap<>();

    private final ArrayDeque<FrameRecord> newest = new ArrayDeque<>();
    private final List<Chunk> empty = new ArrayList<>();
    private long newestBytes;
    private long bytes;
    private long lastOrdinal;
    private long lastGeneration;
    private long highestGeneration;
    private int damaged;
    private long lost;
    private boolean cutOff;

    FrameScan(long stream, StreamState state, Chunks space, FrameFindings findings) {
        this.state = state;
        this.findings = findings;
        this.index = new FrameIndex(state.trimmed() + 1);
        this.frames = new FrameLog(stream, space, index);
    }

    FrameIndex index() {
        return index;
    }

    FrameLog frames() {
        return frames;
    }

    /** Chunks in which there is nothing. */
    List<Chunk> empty() {
        return empty;
    }

    /** Places where something was written and is not any more as it was. */
    int damaged() {
        return damaged;
    }

    /** Frames that were stored and are not there. */
    long lost() {
        return lost;
    }

    /** Something was found of frames that nobody was told of, and not all of it: it is not there any more. */
    boolean cutOff() {
        return cutOff;
    }

    /** Highest generation of what was found, whether it is there or not: no other owner may have it. */
    long highestGeneration() {
        return highestGeneration;
    }

    /** Ordinal of the last frame that is not in memory. */
    long coldThrough() {
        return newest.isEmpty() ? index.next() - 1 : newest.getFirst().ordinal() - 1;
    }

    /** The generation of a frame; 0 when the frame is not there. */
    long generation(long ordinal) {
        if (!index.contains(ordinal) || index.isHole(ordinal)) {
            return 0;
        }
        Map.Entry<Long, Long> run = generations.floorEntry(ordinal);
        return run == null ? 0 : run.getValue();
    }

    void scan(List<Chunk> chunks) {
        chunks.stream().sorted(Comparator.comparingLong(Chunk::number)).forEach(this::scan);
        long known = state.stored();
        for (DiskGroup group : state.groups()) {
            known = Math.max(known, group.cursor());
        }
        while (index.next() <= known) {
            index.addHole();
        }
        frames.recovered(bytes);
        warm();
        nameHoles();
    }

    private void nameHoles() {
        for (long from = index.first(); index.hasHoles() && from < index.next(); from++) {
            if (index.isHole(from)) {
                long through = from;
                while (through + 1 < index.next() && index.isHole(through + 1)) {
                    through++;
                }
                lost += through - from + 1;
                findings.lostFrames(state, from, through);
                from = through;
            }
        }
    }

    private void scan(Chunk chunk) {
        long first = 0;
        long before = 0;
        int end = Chunk.DATA;
        int at = Chunk.DATA;
        while (true) {
            FrameRecord record = FrameRecord.at(chunk, at);
            if (record == null) {
                record = FrameRecord.from(chunk, at + Long.BYTES);
                if (record == null) {
                    break;
                }
                if (record.ordinal() <= state.stored()) {
                    damaged++;
                    findings.damagedBytes(state, at, before, record);
                }
            }
            before = record.ordinal();
            at = record.end();
            if (take(record)) {
                first = first == 0 ? record.ordinal() : first;
                end = at;
            }
        }
        if (first == 0) {
            empty.add(chunk);
        } else {
            frames.recovered(chunk, first, end);
        }
    }

    private boolean take(FrameRecord record) {
        if (record.ordinal() <= lastOrdinal || record.generation() < lastGeneration) {
            // Left from before frames were cut off.
            return false;
        }
        if (record.ordinal() < index.next()) {
            lastOrdinal = record.ordinal();
            lastGeneration = record.generation();
            return false;
        }
        boolean right = record.ordinal() <= state.forced() || record.frame() != null;
        boolean promised = record.ordinal() <= state.stored();
        if (!right && promised) {
            damaged++;
            findings.damagedFrame(state, record);
            return false;
        }
        if (!right || !promised && record.ordinal() > index.next()) {
            cutOff = true;
        }
        highestGeneration = Math.max(highestGeneration, record.generation());
        if (cutOff) {
            // This one or one before it did not get here as a whole and was never promised: whoever sends that again
            // sends this again too, and must not find it here.
            record.erase();
            findings.cutOff(state, record);
            return false;
        }
        while (index.next() < record.ordinal()) {
            index.addHole();
        }
        if (generations.isEmpty() || record.generation() > lastGeneration) {
            generations.put(record.ordinal(), record.generation());
        }
        lastOrdinal = record.ordinal();
        lastGeneration = record.generation();
        index.add(record.length(), record.received(), record.at());
        bytes += record.length();
        state.publishers().appended(record.publisher(), record.sequence());
        findings.frame(state, record);
        newest.add(record);
        newestBytes += record.length();
        while (newestBytes > WARM_BYTES) {
            newestBytes -= newest.remove().length();
        }
        return true;
    }

    private void warm() {
        for (FrameRecord record : newest) {
            Frame frame = record.frame();
            if (frame == null) {
                damaged++;
                findings.damagedFrame(state, record);
                index.makeHole(record.ordinal());
            } else {
                index.put(record.ordinal(), frame);
            }
        }
    }
}
