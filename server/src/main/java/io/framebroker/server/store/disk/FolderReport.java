package io.framebroker.server.store.disk;

import io.framebroker.server.broker.GroupRecord;
import java.util.List;

/**
 * What a broker that starts on a folder will find there.
 *
 * @param folder absolute path
 * @param starts how many there have been
 * @param segmentBytes of chunks in a segment
 * @param space by use: journals, frames, free
 * @param streams by name
 * @param orphans frames of streams whose journal is lost, by number of the stream
 * @param damages in the order in which they were found
 * @param notes what a crash has left and the next start clears up; none of it is damage
 */
public record FolderReport(
        String folder,
        int version,
        long starts,
        int segmentBytes,
        List<Space> space,
        List<OfStream> streams,
        List<OfOrphan> orphans,
        List<Damage> damages,
        List<String> notes) {

    /** Whether everything is as it was written. */
    public boolean isWhole() {
        return damages.isEmpty();
    }

    /** Segments that are used for FRAMES or JOURNAL, or FREE as a whole. */
    public record Space(String use, int segments, long takenBytes, long freeBytes) {}

    /**
     * Frames that are whole.
     *
     * @param bytes header and payload, without what the store adds
     * @param first ordinal of the oldest; 0 when there is none
     * @param oldestMicros time of receipt, in microseconds since 1970
     */
    public record Frames(long frames, long bytes, long first, long last, long oldestMicros, long newestMicros) {}

    /**
     * A stream.
     *
     * @param lost frames that were stored, have not been trimmed, and are not there
     */
    public record OfStream(String name, long number, Frames frames, long lost, List<OfGroup> groups) {}

    /** A group, as it goes on with what is there. */
    public record OfGroup(String name, GroupRecord counts) {}

    /** @param bytes of the chunks, which are taken until they are freed */
    public record OfOrphan(long number, Frames frames, int chunks, long bytes) {}
}
