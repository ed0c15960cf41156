package io.framebroker.server.grpc;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.Frame;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** A store that had a frame in every stream before the broker came, and opens streams on a thread of its own, in a moment. */
record SlowlyOpeningStore(Frame frame) implements FrameStore {
    private static final long MOMENT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    @Override
    public String name() {
        return "slow";
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        new Thread(() -> {
                    LockSupport.parkNanos(MOMENT_NANOS);
                    new MemoryFrameStore().open(stream, true, new Filling(opening));
                })
                .start();
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        answer.accept(List.of());
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    private final class Filling implements Opening {
        private final Opening opening;

        Filling(Opening opening) {
            this.opening = opening;
        }

        @Override
        public void opened(StreamStore store, StreamRecord record) {
            byte[] bytes = frame.toByteArray();
            store.listen(new Deaf());
            store.append(List.of(new io.framebroker.server.broker.Frame(
                    new FrameContent(bytes, 0, bytes.length, 1, true, null),
                    1,
                    1,
                    1,
                    1,
                    new PublisherKey("camera", 1))));
            opening.opened(
                    store,
                    new StreamRecord(
                            new StreamNote.Description(EdgeBroker.STREAMS, 1), record.counts(), List.of(), List.of()));
        }

        @Override
        public void elsewhere(String address) {
            opening.elsewhere(address);
        }

        @Override
        public void failed(BrokerException why) {
            opening.failed(why);
        }
    }

    private static final class Deaf implements StreamStore.Listener {
        @Override
        public void stored(long throughOrdinal) {}

        @Override
        public void settled(String group, long throughSettlement) {}

        @Override
        public void attempted(String group, long throughAttempt) {}

        @Override
        public void noted(long throughNote) {}

        @Override
        public void readable() {}

        @Override
        public void lost(BrokerException why) {}
    }
}
