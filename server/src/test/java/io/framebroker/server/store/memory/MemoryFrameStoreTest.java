package io.framebroker.server.store.memory;

import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.FrameStoreContract;

class MemoryFrameStoreTest extends FrameStoreContract {
    @Override
    protected FrameStore emptyStore() {
        return new MemoryFrameStore();
    }
}
