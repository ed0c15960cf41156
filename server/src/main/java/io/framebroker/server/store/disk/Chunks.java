package io.framebroker.server.store.disk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Hands out the space of all segments. Journals and frames lie in different ones, so that journals can be forced alone.
 * Thread-safe; nothing here waits but {@link #start}, {@link #grow} and what forces.
 */
final class Chunks {
    private static final int START_BITS = 32;

    private final Disk disk;
    private final int segmentBytes;
    private final int most;
    /** Left to journals of streams there are, so that settling, which makes room, does not need room. */
    private final int reservedBytes;

    private final List<Segment> segments = new ArrayList<>();
    /** Told when there is little room left and there could be more. */
    private Runnable shortOfRoom = () -> {};

    private long starts;
    private long number;
    private long freeBytes;

    Chunks(Disk disk, long maxBytes) {
        this.disk = disk;
        this.segmentBytes = disk.segmentBytes();
        this.most = (int) Math.min(Integer.MAX_VALUE, Math.max(2, maxBytes / segmentBytes));
        this.reservedBytes = Math.max(Chunk.LEAST, segmentBytes / 8);
    }

    void whenShort(Runnable told) {
        shortOfRoom = told;
    }

    /** What was there at start. */
    record Found(List<Chunk> chunks, int damagedHeaders) {}

    /** Finds what is there. Called first, once. */
    Found start(Findings findings) throws IOException {
        starts = disk.start();
        number = starts << START_BITS;
        List<Chunk> chunks = new ArrayList<>();
        int damaged = 0;
        for (int each : disk.segments()) {
            Segment segment = new Segment(each, disk.open(each), segmentBytes);
            segment.unsure();
            if (segment.isBlank()) {
                segment.format(++number);
            } else {
                Segment.Found found = segment.walk(findings);
                chunks.addAll(found.chunks());
                found.chunks().forEach(chunk -> segment.use(chunk.kind().ofSegment()));
                damaged += found.damaged();
                number = Math.max(number, found.highest());
                if (found.stale() > 0) {
                    segment.force();
                }
            }
            add(segment);
        }
        return new Found(chunks, damaged);
    }

    /** How many starts there have been on this disk. No loss of power takes one back. */
    long starts() {
        return starts;
    }

    private synchronized void add(Segment segment) {
        segments.add(segment);
        freeBytes += segment.buddy().freeSlots() * (long) Chunk.LEAST;
    }

    /** Adds a segment. */
    void grow() throws IOException {
        int next;
        synchronized (this) {
            next = segments.isEmpty() ? 1 : segments.get(segments.size() - 1).number() + 1;
        }
        Segment fresh = new Segment(next, disk.create(next), segmentBytes);
        synchronized (this) {
            fresh.format(++number);
        }
        fresh.force();
        add(fresh);
    }

    synchronized boolean mayGrow() {
        return segments.size() < most;
    }

    /** Whether a segment more should be there before somebody waits for it. */
    synchronized boolean isShort() {
        return freeSegments() <= keptForJournals();
    }

    /**
     * How many of the segments that nobody uses are not for frames. A journal goes on in a new chunk before its old one is
     * free: without room for one, no journal could, and no chunk would come back.
     */
    private int keptForJournals() {
        boolean any = false;
        long free = 0;
        for (Segment each : segments) {
            if (each.use() == Chunk.Kind.JOURNAL) {
                any = true;
                free += each.buddy().freeSlots() * (long) Chunk.LEAST;
            }
        }
        return any && free < reservedBytes ? 1 : 0;
    }

    /** How many segments nobody uses. */
    synchronized int freeSegments() {
        int free = 0;
        for (Segment each : segments) {
            free += each.use() == Chunk.Kind.FREE ? 1 : 0;
        }
        return free;
    }

    synchronized long freeBytes() {
        return freeBytes;
    }

    synchronized long allBytes() {
        return segments.size() * (long) segmentBytes;
    }

    long mostBytes() {
        return most * (long) segmentBytes;
    }

    int largest() {
        return segmentBytes;
    }

    /** Takes a chunk for the journal of a stream that is new, if that leaves some for those of others. */
    synchronized Chunk takeFirst(long stream, long wanted, long least) {
        long free = 0;
        for (Segment segment : segments) {
            if (segment.use() != Chunk.Kind.FRAMES) {
                free += segment.buddy().freeSlots() * (long) Chunk.LEAST;
            }
        }
        long most = Math.min(wanted, free - reservedBytes);
        return most < least ? null : take(Chunk.Kind.JOURNAL, stream, most, least);
    }

    /**
     * Takes a chunk.
     *
     * @param wanted bytes that would do well; rounded up to a power of two
     * @param least bytes that have to be
     * @return null when there is none now
     */
    synchronized Chunk take(Chunk.Kind kind, long stream, long wanted, long least) {
        int leastOrder = orderFor(least);
        for (int each = Math.max(orderFor(wanted), leastOrder); each >= leastOrder; each--) {
            Segment in = fitting(each, kind.ofSegment());
            if (in == null && (kind == Chunk.Kind.JOURNAL || !isShort())) {
                in = fitting(each, Chunk.Kind.FREE);
            }
            if (in != null) {
                return take(in, each, in.buddy().fitting(each), kind, stream);
            }
        }
        return null;
    }

    /** Of the segments with this use, one that has to be split least. */
    private Segment fitting(int order, Chunk.Kind use) {
        Segment best = null;
        int from = Integer.MAX_VALUE;
        for (Segment segment : segments) {
            int fitting = segment.use() == use ? segment.buddy().fitting(order) : -1;
            if (fitting >= 0 && fitting < from) {
                best = segment;
                from = fitting;
            }
        }
        return best;
    }

    private int orderFor(long bytes) {
        long size = Chunk.LEAST;
        int order = 0;
        while (size < bytes && size < segmentBytes) {
            size <<= 1;
            order++;
        }
        return order;
    }

    /** What is split off is named free before the rest is named taken: a crash in between leaves no gap. */
    private Chunk take(Segment segment, int order, int from, Chunk.Kind kind, long stream) {
        int slot = segment.buddy().take(order, from);
        for (int each = from - 1; each >= order; each--) {
            segment.write(slot + (1 << each), Chunk.LEAST << each, Chunk.Kind.FREE, 0, ++number);
        }
        int size = Chunk.LEAST << order;
        segment.use(kind.ofSegment());
        segment.write(slot, size, kind, stream, ++number);
        freeBytes -= size;
        if (isShort() && mayGrow()) {
            shortOfRoom.run();
        }
        return new Chunk(segment, slot * Chunk.LEAST, size, kind, stream, number);
    }

    /** Gives a chunk back, which nothing on the disk may need any more. */
    synchronized void release(Chunk chunk) {
        int slot = chunk.offset() / Chunk.LEAST;
        Segment segment = chunk.segment();
        int merged = segment.buddy().release(slot, Segment.order(chunk.size()));
        // Otherwise a crash while the block is split again could bring back what its own header said.
        segment.write(slot, chunk.size(), Chunk.Kind.FREE, 0, ++number);
        if (Chunk.LEAST << merged > chunk.size()) {
            segment.write(Buddy.start(slot, merged), Chunk.LEAST << merged, Chunk.Kind.FREE, 0, ++number);
        }
        freeBytes += chunk.size();
        if (merged == Segment.order(segmentBytes)) {
            segment.use(Chunk.Kind.FREE);
        }
    }

    /** A number that nothing on this disk has had. */
    synchronized long newNumber() {
        return ++number;
    }

    /** Blocks until everything that was written before the call is on the disk. */
    void force() throws IOException {
        for (Segment segment : all()) {
            segment.force();
        }
    }

    /** Blocks until everything that was written to journals before the call is on the disk. */
    void forceJournals() throws IOException {
        for (Segment segment : all()) {
            if (segment.use() == Chunk.Kind.JOURNAL) {
                segment.force();
            }
        }
    }

    synchronized List<Segment> all() {
        return List.copyOf(segments);
    }
}
