package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.DurableStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** What outlives a broker, in a folder. */
class DiskDurableStoreTest {
    /** A folder whose store ends, and begins again. */
    abstract static class InFolder extends DurableStoreContract {
        private final AckLevel level;

        @TempDir
        Path folder;

        InFolder(AckLevel level) {
            this.level = level;
        }

        @Override
        protected FrameStore emptyStore() {
            return Folders.store(folder, level);
        }

        @Override
        protected FrameStore reopened(FrameStore before, Ending ending) {
            if (ending == Ending.CLOSED) {
                before.close();
            } else {
                ((DiskFrameStore) before).abandon();
            }
            return emptyStore();
        }
    }

    @Nested
    class Stored extends InFolder {
        Stored() {
            super(AckLevel.STORED);
        }
    }

    @Nested
    class Fsync extends InFolder {
        Fsync() {
            super(AckLevel.FSYNC);
        }
    }
}
