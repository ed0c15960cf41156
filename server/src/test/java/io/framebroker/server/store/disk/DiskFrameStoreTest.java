package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.FrameStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract, in a folder. */
class DiskFrameStoreTest {
    @Nested
    class Stored extends FrameStoreContract {
        @TempDir
        Path folder;

        @Override
        protected FrameStore emptyStore() {
            return Folders.store(folder, AckLevel.STORED);
        }
    }

    @Nested
    class Fsync extends FrameStoreContract {
        @TempDir
        Path folder;

        @Override
        protected FrameStore emptyStore() {
            return Folders.store(folder, AckLevel.FSYNC);
        }
    }
}
