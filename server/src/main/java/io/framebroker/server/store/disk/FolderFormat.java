package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a folder's file {@code format} says: lines of a word and a number.
 *
 * @param segmentBytes of frames and journals in a segment
 * @param starts how many there have been
 */
record FolderFormat(int segmentBytes, long starts) {
    static final int VERSION = 1;
    static final String FILE = "format";

    /** @throws IOException naming the file when it cannot be understood, or the folder when it is of another version */
    static FolderFormat read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        Map<String, Long> values = new TreeMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ");
                values.put(words[0], Long.parseLong(words[1]));
            }
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException | CharacterCodingException e) {
            throw new FileSystemException(file.toString(), null, "the file cannot be understood: " + e.getMessage());
        }
        long version = values.getOrDefault("version", 0L);
        if (version != VERSION) {
            throw new FileSystemException(
                    folder.toString(),
                    null,
                    "the folder has format version " + version + ", and this broker reads version " + VERSION
                            + "; start the broker that wrote it, or give this one another folder");
        }
        long segmentBytes = values.getOrDefault("segment-bytes", 0L);
        if (!DiskSettings.isSegmentSize(segmentBytes)) {
            throw new FileSystemException(
                    file.toString(),
                    null,
                    "the file speaks of segments of " + segmentBytes + " bytes, which is no power of two in "
                            + DiskSettings.LEAST_SEGMENT_BYTES + ".." + DiskSettings.MOST_SEGMENT_BYTES);
        }
        return new FolderFormat((int) segmentBytes, values.getOrDefault("starts", 0L));
    }

    @Override
    public String toString() {
        return "version " + VERSION + "\nsegment-bytes " + segmentBytes + "\nstarts " + starts + "\n";
    }
}
