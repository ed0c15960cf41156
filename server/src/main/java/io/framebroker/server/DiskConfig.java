package io.framebroker.server;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.disk.DiskFrameStore;
import io.framebroker.server.store.disk.DiskSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The settings of the disk store. */
final class DiskConfig {
    /** A frame lies in one segment, of 64 MiB. */
    private static final int MOST_FRAME_BYTES = 63 << 20;

    private static final long SEGMENT_BYTES = 64 << 20;
    /** Beside what a segment is for, its file has a table; and the folder has two small files. */
    private static final long BESIDE_BYTES = 32 << 10;

    private static final long LEAST_BYTES = 129L << 20;

    @Option(
            names = "--data-dir",
            defaultValue = "${env:DATA_DIR:-frame-broker-data}",
            description = "Folder to keep frames in, this broker's alone; made where it is not there (DATA_DIR, default"
                    + " frame-broker-data)")
    Path folder;

    @Option(
            names = "--disk-limit",
            converter = ByteSize.class,
            defaultValue = "${env:DISK_LIMIT:-8G}",
            description = "Most bytes it takes in that folder, in files of 64M, 129M or more (DISK_LIMIT, default 8G)")
    long maxBytes;

    @Option(
            names = "--disk-sync",
            defaultValue = "${env:DISK_SYNC:-PT1S}",
            description =
                    "How often what was written is forced to the disk: that, and the time it takes, is what loss of power"
                            + " takes at most, 10 ms .. 1 min, ISO-8601 (DISK_SYNC, default PT1S)")
    Duration syncInterval;

    @Option(
            names = "--disk-ack-level",
            defaultValue = "${env:DISK_ACK_LEVEL:-STORED}",
            description = "When frames are acknowledged: STORED, when they are written, or FSYNC, when they have been"
                    + " forced to the disk, many at once (DISK_ACK_LEVEL, default STORED)")
    AckLevel level;

    /** @throws IllegalArgumentException that says everything that is wrong */
    void check(long maxFrameBytes) {
        new Complaints()
                .unless(
                        syncInterval.toMillis() >= 10 && syncInterval.toMillis() <= 60_000,
                        () -> "--disk-sync " + syncInterval + " is outside PT0.01S..PT1M")
                .unless(
                        maxBytes >= LEAST_BYTES,
                        () -> "--disk-limit " + maxBytes + " is less than 129M, two files of 64M")
                .unless(
                        maxFrameBytes <= MOST_FRAME_BYTES,
                        () -> "--max-frame-bytes " + maxFrameBytes + " is more than the disk store keeps, "
                                + MOST_FRAME_BYTES)
                .done();
    }

    /** Takes the folder. Blocks while it is read. */
    DiskFrameStore store(int maxFrameBytes) {
        check(maxFrameBytes);
        long segmentBytes = maxBytes / (SEGMENT_BYTES + BESIDE_BYTES) * SEGMENT_BYTES;
        DiskSettings standard = DiskSettings.of(folder, segmentBytes);
        try {
            return new DiskFrameStore(new DiskSettings(
                    folder, segmentBytes, standard.segmentBytes(), level, syncInterval, standard.retryInterval()));
        } catch (IOException e) {
            throw new UncheckedIOException("--data-dir " + folder + " cannot be used: " + e.getMessage(), e);
        }
    }
}
