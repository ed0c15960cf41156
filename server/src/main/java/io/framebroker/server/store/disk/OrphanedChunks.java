package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives back the room of frames whose journal is lost. This is a start of its own, which counts as one: the folder's lock is
 * taken, damaged headers of chunks are written anew, and what is freed is forced to the disk.
 */
public final class OrphanedChunks {
    /** What was freed. */
    public record Freed(int chunks, long bytes) {}

    private OrphanedChunks() {}

    /**
     * Frees the chunks of a stream whose journal is lost. Blocks.
     *
     * @param stream its number
     * @throws IOException when there is no such folder, a broker has it, it is of another version, segments of it cannot be
     *     read, or this stream has a journal or nothing at all
     */
    public static Freed free(Path folder, long stream) throws IOException {
        int segmentBytes = check(folder, stream);
        try (FolderDisk disk = new FolderDisk(folder, segmentBytes)) {
            Chunks space = new Chunks(disk, Long.MAX_VALUE);
            List<Chunk> chunks = new ArrayList<>();
            // Looked for again: whoever had the folder meanwhile may have changed it.
            for (Recovery.Orphan orphan : new Recovery(space, new FoundDamages()).orphans()) {
                if (orphan.stream() == stream) {
                    chunks.addAll(orphan.frames());
                    chunks.addAll(orphan.journals());
                }
            }
            chunks.forEach(space::release);
            space.force();
            return new Freed(
                    chunks.size(), chunks.stream().mapToLong(Chunk::size).sum());
        }
    }

    /** Looks before anything is written. Returns the size of segments. */
    private static int check(Path folder, long stream) throws IOException {
        try (ReadOnlyDisk disk = new ReadOnlyDisk(folder)) {
            if (!disk.unreadable().isEmpty()) {
                throw refused(
                        disk,
                        "segments cannot be read: " + disk.unreadable()
                                + "; the journal may be in one of them, so put them in place first");
            }
            Recovery recovery = new Recovery(new Chunks(disk, Long.MAX_VALUE), new FoundDamages());
            for (Recovered known : recovery.streams().values()) {
                if (known.id() == stream) {
                    throw refused(
                            disk,
                            "stream number " + stream + " is " + known.state().name()
                                    + ", whose journal is there; have a broker delete it, with DeleteStream");
                }
            }
            if (recovery.orphans().stream().noneMatch(each -> each.stream() == stream)) {
                throw refused(
                        disk,
                        "no stream has number " + stream + "; the numbers of those that have lost their journal are "
                                + recovery.orphans().stream()
                                        .map(Recovery.Orphan::stream)
                                        .toList());
            }
            return disk.segmentBytes();
        }
    }

    private static IOException refused(Disk disk, String why) {
        return new FileSystemException(disk.where(), null, why);
    }
}
