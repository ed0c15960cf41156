package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where the disk store keeps what it keeps, how much of it, and when it says so.
 *
 * @param maxBytes room for segments in bytes, at least two of them, without the small table that each has in its file
 * @param segmentBytes size of a new folder's segments: a power of two, 1 MiB .. 64 MiB. The largest frame is a little
 *     smaller
 * @param level STORED: frames are told at once and forced to the disk in the background; FSYNC: they are told when they
 *     have been forced
 * @param syncInterval how often is forced in the background; what loss of power can take at STORED
 * @param retryInterval how often a disk that could not be written is tried again
 */
public record DiskSettings(
        Path folder, long maxBytes, int segmentBytes, AckLevel level, Duration syncInterval, Duration retryInterval) {
    static final int LEAST_SEGMENT_BYTES = 1 << 20;
    static final int MOST_SEGMENT_BYTES = 64 << 20;

    public DiskSettings {
        if (!isSegmentSize(segmentBytes)) {
            throw new IllegalArgumentException("segment size of " + segmentBytes + " bytes is no power of two in "
                    + LEAST_SEGMENT_BYTES + ".." + MOST_SEGMENT_BYTES);
        }
        if (maxBytes < 2L * segmentBytes) {
            throw new IllegalArgumentException(
                    maxBytes + " bytes have no room for two segments of " + segmentBytes + " bytes");
        }
        if (level != AckLevel.STORED && level != AckLevel.FSYNC) {
            throw new IllegalArgumentException("ack level " + level + " is none of STORED and FSYNC");
        }
    }

    static boolean isSegmentSize(long bytes) {
        return Long.bitCount(bytes) == 1 && bytes >= LEAST_SEGMENT_BYTES && bytes <= MOST_SEGMENT_BYTES;
    }

    /** Up to so many bytes in a folder, at STORED, forced every second. */
    public static DiskSettings of(Path folder, long maxBytes) {
        return new DiskSettings(
                folder, maxBytes, MOST_SEGMENT_BYTES, AckLevel.STORED, Duration.ofSeconds(1), Duration.ofSeconds(1));
    }
}
