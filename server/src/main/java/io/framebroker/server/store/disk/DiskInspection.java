package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.store.disk.FolderReport.OfGroup;
import io.framebroker.server.store.disk.FolderReport.OfOrphan;
import io.framebroker.server.store.disk.FolderReport.OfStream;
import io.framebroker.server.store.disk.FolderReport.Space;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Looks into the folder of a disk store that no broker has, and changes nothing there. What it finds is what a broker would
 * find that starts now, because the same code goes over the disk; and it checks every frame, which a start leaves to
 * those who read it. Blocks. Each stream can be looked at once.
 */
public final class DiskInspection implements Closeable {
    private final ReadOnlyDisk disk;
    private final Chunks space;
    private final Recovery recovery;
    private final FoundDamages found = new FoundDamages();

    /**
     * Takes the folder's lock until it is closed, and reads the journals.
     *
     * @throws IOException when there is no such folder, a broker has it, it is of another version, or cannot be read
     */
    public DiskInspection(Path folder) throws IOException {
        disk = new ReadOnlyDisk(folder);
        try {
            disk.unreadable().forEach(this::unreadable);
            disk.unfinished().forEach(name -> found.note("segments/" + name + " had not been finished; it is removed"));
            space = new Chunks(disk, Long.MAX_VALUE);
            recovery = new Recovery(space, found);
        } catch (IOException | RuntimeException e) {
            disk.close();
            throw e;
        } catch (InternalError e) {
            disk.close();
            throw failed(e);
        }
    }

    private void unreadable(int segment, String why) {
        found.add(new Damage(
                segment,
                -1,
                null,
                0,
                0,
                why + "; it was not looked at",
                why.endsWith("missing")
                        ? "frames and journals in it are lost; put it back before a broker starts"
                        : "a broker does not start on this folder; put a whole copy in its place"));
    }

    /** Memory that is mapped to a disk tells of a failed read by this error. */
    private IOException failed(InternalError e) {
        return new FileSystemException(
                disk.where(),
                null,
                "the disk cannot be read (" + e.getMessage() + "); see the kernel's log, copy what can be read to"
                        + " another disk, and look at the copy");
    }

    /** Names of the streams, ascending. */
    public List<String> names() {
        return List.copyOf(new TreeMap<>(recovery.streams()).keySet());
    }

    /** Numbers of the streams whose journal is lost. */
    public List<Long> orphans() {
        return recovery.orphans().stream().map(Recovery.Orphan::stream).toList();
    }

    // ---- all of it

    /** Looks at everything. */
    public FolderReport report() throws IOException {
        try {
            List<OfStream> streams = new ArrayList<>();
            new TreeMap<>(recovery.streams()).forEach((name, stream) -> streams.add(report(stream)));
            List<OfOrphan> orphans = new ArrayList<>();
            recovery.orphans().forEach(orphan -> orphans.add(report(orphan)));
            return new FolderReport(
                    disk.where(),
                    FolderFormat.VERSION,
                    disk.format().starts(),
                    disk.segmentBytes(),
                    space(),
                    streams,
                    orphans,
                    List.copyOf(found.damages()),
                    found.notes());
        } catch (InternalError e) {
            throw failed(e);
        }
    }

    private OfStream report(Recovered stream) {
        FoundFrames frames = new FoundFrames(1, Long.MAX_VALUE, frame -> {});
        FrameScan scan = scan(stream.id(), stream.state(), stream.frames(), frames);
        found.unneeded(scan.empty());
        List<OfGroup> groups = new ArrayList<>();
        for (DiskGroup group : stream.state().groups()) {
            group.recover(scan::generation, DiskFrameStore.LOST);
            groups.add(new OfGroup(group.name(), group.view()));
        }
        return new OfStream(stream.state().name(), stream.id(), frames.frames(), frames.lost(), groups);
    }

    private OfOrphan report(Recovery.Orphan orphan) {
        FoundFrames frames = new FoundFrames(1, Long.MAX_VALUE, frame -> {});
        scan(orphan.stream(), stateOf(orphan), orphan.frames(), frames);
        long bytes = 0;
        int chunks = 0;
        for (List<Chunk> some : List.of(orphan.frames(), orphan.journals())) {
            chunks += some.size();
            bytes += some.stream().mapToLong(Chunk::size).sum();
        }
        return new OfOrphan(orphan.stream(), frames.frames(), chunks, bytes);
    }

    private FrameScan scan(long id, StreamState state, List<Chunk> chunks, FoundFrames frames) {
        FrameScan scan = new FrameScan(id, state, space, frames);
        scan.scan(chunks);
        frames.damages().forEach(found::add);
        if (frames.cutOff() != null) {
            found.note("stream " + state.name() + ": " + frames.cutOff());
        }
        return scan;
    }

    private List<Space> space() {
        List<Space> space = new ArrayList<>();
        for (Chunk.Kind use : List.of(Chunk.Kind.JOURNAL, Chunk.Kind.FRAMES, Chunk.Kind.FREE)) {
            List<Segment> segments =
                    this.space.all().stream().filter(each -> each.use() == use).toList();
            long free = segments.stream()
                    .mapToLong(each -> each.buddy().freeSlots() * (long) Chunk.LEAST)
                    .sum();
            space.add(
                    new Space(use.name(), segments.size(), segments.size() * (long) disk.segmentBytes() - free, free));
        }
        return space;
    }

    // ---- frames

    /**
     * Reads the frames of a stream, as a broker that starts now would have them.
     *
     * @param from ordinal of the first one
     * @param through ordinal of the last one
     * @param each told of those that are whole, in their order
     * @return what is wrong with the others
     * @throws NoSuchElementException when there is no such stream
     */
    public List<Damage> frames(String stream, long from, long through, Consumer<Frame> each) throws IOException {
        Recovered known = recovery.streams().get(stream);
        if (known == null) {
            throw new NoSuchElementException(stream);
        }
        return frames(known.id(), known.state(), known.frames(), new FoundFrames(from, through, each));
    }

    /** As above, of a stream whose journal is lost: with frames that had been trimmed, as far as they are there. */
    public List<Damage> orphanedFrames(long stream, long from, long through, Consumer<Frame> each) throws IOException {
        for (Recovery.Orphan orphan : recovery.orphans()) {
            if (orphan.stream() == stream) {
                return frames(stream, stateOf(orphan), orphan.frames(), new FoundFrames(from, through, each));
            }
        }
        throw new NoSuchElementException(Long.toString(stream));
    }

    private List<Damage> frames(long id, StreamState state, List<Chunk> chunks, FoundFrames frames) throws IOException {
        try {
            scan(id, state, chunks, frames);
            return frames.damages();
        } catch (InternalError e) {
            throw failed(e);
        }
    }

    /** What the frames themselves tell: that there are those from the first to the last one. */
    private static StreamState stateOf(Recovery.Orphan orphan) {
        long first = Long.MAX_VALUE;
        long last = 0;
        for (Chunk chunk : orphan.frames()) {
            FrameRecord record = FrameRecord.from(chunk, Chunk.DATA);
            for (; record != null; record = FrameRecord.from(chunk, record.end())) {
                first = Math.min(first, record.ordinal());
                last = Math.max(last, record.ordinal());
            }
        }
        StreamState state = new StreamState(FoundDamages.nameless(orphan.stream()));
        state.trimmed(last == 0 ? 0 : first - 1);
        state.stored(last);
        return state;
    }

    @Override
    public void close() throws IOException {
        disk.close();
    }
}
