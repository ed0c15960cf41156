package io.framebroker.server.grpc;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameStore;
import java.util.List;
import java.util.function.Consumer;

/** A store whose streams are all another broker's. */
record NowhereStore(String address) implements FrameStore {
    @Override
    public String name() {
        return "nowhere";
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        opening.elsewhere(address);
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        answer.accept(List.of("gate"));
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
