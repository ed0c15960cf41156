package io.framebroker.server.store.memory;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamRecord;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Frames in the heap: fast, and gone with the process. Its ack level says so. It is also what every other store is
 * compared with, so it answers everything at once and takes no short cuts in counting.
 */
public final class MemoryFrameStore implements FrameStore {
    private static final long MOST_DEAD_LETTER_BYTES = 64 << 20;

    private final AtomicLong deletions = new AtomicLong();
    private final Set<String> names = ConcurrentHashMap.newKeySet();

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    /** They are in the heap as well, beside the frames. */
    @Override
    public long mostDeadLetterBytes() {
        return MOST_DEAD_LETTER_BYTES;
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        if (!create) {
            opening.failed(BrokerException.streamNotFound(stream));
            return;
        }
        names.add(stream);
        // Nobody may take a frame of a stream that was deleted for one of the next of its name.
        opening.opened(new MemoryStreamStore(stream, 1 + deletions.get(), () -> deleted(stream)), StreamRecord.NEW);
    }

    private void deleted(String stream) {
        deletions.incrementAndGet();
        names.remove(stream);
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        answer.accept(List.copyOf(names));
    }

    @Override
    public void close() {
        // Nothing is held outside the heap.
    }
}
