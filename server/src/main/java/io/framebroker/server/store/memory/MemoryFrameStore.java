package io.framebroker.server.store.memory;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamStore;

/**
 * Frames in the heap: fast, and gone with the process. Its ack level says so. It is also what every other store is
 * compared with, so it answers everything at once and takes no short cuts in counting.
 */
public final class MemoryFrameStore implements FrameStore {
    @Override
    public String name() {
        return "memory";
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    @Override
    public StreamStore open(String stream, StreamStore.Listener listener) {
        return new MemoryStreamStore(stream, listener);
    }

    @Override
    public void delete(String stream) {
        // A stream's frames are reachable from its owner only, which forgets them.
    }

    @Override
    public void close() {
        // Nothing is held outside the heap.
    }
}
