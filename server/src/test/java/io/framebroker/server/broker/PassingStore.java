package io.framebroker.server.broker;

import java.util.List;
import java.util.function.Consumer;

/** Stands between the core and a store, and puts something between them for each stream. */
abstract class PassingStore implements FrameStore {
    private final FrameStore behind;

    PassingStore(FrameStore behind) {
        this.behind = behind;
    }

    protected abstract StreamStore wrap(String stream, StreamStore opened, StreamRecord record);

    /** What the core is told that the store has. */
    protected StreamRecord pass(StreamRecord record) {
        return record;
    }

    @Override
    public String name() {
        return behind.name();
    }

    @Override
    public AckLevel ackLevel() {
        return behind.ackLevel();
    }

    @Override
    public long mostDeadLetterBytes() {
        return behind.mostDeadLetterBytes();
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        behind.open(stream, create, new Opening() {
            @Override
            public void opened(StreamStore store, StreamRecord record) {
                opening.opened(wrap(stream, store, record), pass(record));
            }

            @Override
            public void elsewhere(String address) {
                opening.elsewhere(address);
            }

            @Override
            public void failed(BrokerException why) {
                opening.failed(why);
            }
        });
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
