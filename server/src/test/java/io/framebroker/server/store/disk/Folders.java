package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;

/** Stores in folders, with segments that are made fast. */
final class Folders {
    static final int SEGMENT = 16 << 20;

    private Folders() {}

    static DiskSettings settings(Path folder, AckLevel level) {
        return new DiskSettings(folder, 16L * SEGMENT, SEGMENT, level, Duration.ofMillis(50), Duration.ofMillis(5));
    }

    static DiskFrameStore store(Path folder, AckLevel level) {
        try {
            return new DiskFrameStore(settings(folder, level));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
