package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A stream's frames in its chunks, the newest of which is being filled. Frames that find no room wait in memory, in
 * order. Guarded by its owner.
 */
final class FrameLog {
    /** A chunk should have room for so many frames, and have so small a part of what the stream keeps. */
    private static final int FRAMES_A_CHUNK = 8;

    private static final int CHUNKS_A_STREAM = 8;

    /** @param first ordinal of the first frame in it */
    private record Filled(Chunk chunk, long first) {}

    private final long stream;
    private final Chunks space;
    private final FrameIndex index;
    private final FrameRecord.Writer writer = new FrameRecord.Writer();
    /** Oldest first. */
    private final ArrayDeque<Filled> chunks = new ArrayDeque<>();

    /** Where the next frame goes in the newest chunk. */
    private int end;
    /** Of the frames that are written, and of those that wait. */
    private long bytes;

    private long nextUnwritten;

    FrameLog(long stream, Chunks space, FrameIndex index) {
        this.stream = stream;
        this.space = space;
        this.index = index;
        this.nextUnwritten = index.next();
    }

    /** Adds a chunk that was there before, with what was found in it. The frames are in the index. */
    void recovered(Chunk chunk, long first, int endOfFrames) {
        chunks.add(new Filled(chunk, first));
        end = endOfFrames;
    }

    /** All of them are in the index. */
    void recovered(long bytesOfFrames) {
        bytes = bytesOfFrames;
        nextUnwritten = index.next();
    }

    long nextUnwritten() {
        return nextUnwritten;
    }

    boolean hasWaiting() {
        return nextUnwritten < index.next();
    }

    /** @throws IllegalArgumentException when it is larger than any chunk */
    void add(Frame frame) {
        if (Chunk.DATA + FrameRecord.bytes(frame) > space.largest()) {
            throw new IllegalArgumentException("frame " + frame.id() + " of " + frame.bytes()
                    + " bytes is larger than a segment of the disk store, " + space.largest() + " bytes");
        }
        index.add(frame);
        bytes += frame.bytes();
    }

    /** Writes the next one of those that wait. Returns it; null when there is no room. */
    Frame write() {
        Frame frame = index.frame(nextUnwritten);
        long needed = FrameRecord.bytes(frame);
        if (chunks.isEmpty() || end + needed > chunks.getLast().chunk.size()) {
            long wanted = Math.max(FRAMES_A_CHUNK * needed, bytes / CHUNKS_A_STREAM);
            Chunk fresh = space.take(Chunk.Kind.FRAMES, stream, wanted, Chunk.DATA + needed);
            if (fresh == null) {
                return null;
            }
            chunks.add(new Filled(fresh, nextUnwritten));
            end = Chunk.DATA;
        }
        index.place(nextUnwritten, end);
        end = writer.write(chunks.getLast().chunk, end, frame);
        nextUnwritten++;
        return frame;
    }

    /** Where a written frame lies; null when it is not there any more. */
    Chunk chunk(long ordinal) {
        Filled found = null;
        for (Iterator<Filled> newest = chunks.descendingIterator(); newest.hasNext(); ) {
            found = newest.next();
            if (found.first <= ordinal) {
                return found.chunk;
            }
        }
        return null;
    }

    /** Forgets written frames. Returns chunks that have none left. */
    List<Chunk> trim(long through) {
        for (long ordinal = index.first(); ordinal <= through; ordinal++) {
            bytes -= index.size(ordinal);
        }
        index.dropThrough(through);
        List<Chunk> empty = List.of();
        // The newest one is still being filled, so whether it is empty does not matter.
        while (chunks.size() > 1) {
            Filled oldest = chunks.remove();
            if (chunks.element().first > index.first()) {
                chunks.addFirst(oldest);
                break;
            }
            empty = empty.isEmpty() ? new ArrayList<>() : empty;
            empty.add(oldest.chunk);
        }
        return empty;
    }

    /** All chunks, which are to be used no more. */
    List<Chunk> giveUp() {
        List<Chunk> all = chunks.stream().map(Filled::chunk).toList();
        chunks.clear();
        return all;
    }
}
