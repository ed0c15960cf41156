package io.framebroker.server.grpc;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.memory.MemoryFrameStore;
import java.util.List;
import java.util.function.Consumer;

/** A store that says what it is told to of how durable frames are, as Redis does whose settings change. */
final class FadingStore implements FrameStore {
    private final FrameStore behind = new MemoryFrameStore();
    private volatile AckLevel level;
    private volatile long intrusions;

    FadingStore(AckLevel level) {
        this.level = level;
    }

    /** From now on. */
    void turnsTo(AckLevel now) {
        level = now;
    }

    /** Somebody else has changed a stream. */
    void isIntruded(long times) {
        intrusions = times;
    }

    @Override
    public long intrusions() {
        return intrusions;
    }

    @Override
    public String name() {
        return "fading";
    }

    @Override
    public AckLevel ackLevel() {
        return level;
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        behind.open(stream, create, opening);
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        behind.names(answer);
    }

    @Override
    public void close() {
        behind.close();
    }
}
