package io.framebroker.server.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A store in the heap that outlives its brokers: it answers everything at once, and opens a stream with what it has of it.
 * Whoever has it can have it lose things.
 */
final class RememberingStore implements FrameStore {
    private final Map<String, RememberedStream> streams = new TreeMap<>();
    private final Map<String, String> addresses = new HashMap<>();
    private final Queue<Runnable> openings = new ArrayDeque<>();
    private BrokerException refusal;
    private boolean answersLater;
    private int room;
    private int opened;

    /** From now on a stream is another broker's; null for nobody else's. */
    void isAt(String stream, String address) {
        addresses.put(stream, address);
    }

    /** From now on no stream can be opened; null for all can. */
    void refuses(BrokerException why) {
        refusal = why;
    }

    /** Groups of streams that come are given so many frames before the store knows; 0 for any number. */
    void allowsAhead(int frames) {
        room = frames;
    }

    /** From now on openings are answered when {@link #answers} is called. */
    void answersLater() {
        answersLater = true;
    }

    /** Answers the openings that wait. */
    void answers() {
        answersLater = false;
        for (Runnable next = openings.poll(); next != null; next = openings.poll()) {
            next.run();
        }
    }

    /** How many times a stream was opened. */
    int opened() {
        return opened;
    }

    RememberedStream stream(String name) {
        return streams.get(name);
    }

    @Override
    public String name() {
        return "remembering";
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.STORED;
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        if (answersLater) {
            openings.add(() -> openNow(stream, create, opening));
        } else {
            openNow(stream, create, opening);
        }
    }

    private void openNow(String name, boolean create, Opening opening) {
        if (refusal != null) {
            opening.failed(refusal);
            return;
        }
        if (addresses.get(name) != null) {
            opening.elsewhere(addresses.get(name));
            return;
        }
        if (!streams.containsKey(name) && !create) {
            opening.failed(BrokerException.streamNotFound(name));
            return;
        }
        opened++;
        RememberedStream stream =
                streams.computeIfAbsent(name, absent -> new RememberedStream(() -> streams.remove(name), room));
        opening.opened(stream, stream.recover());
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        answer.accept(new ArrayList<>(streams.keySet()));
    }

    @Override
    public void close() {
        // Nothing is held outside the heap.
    }
}
