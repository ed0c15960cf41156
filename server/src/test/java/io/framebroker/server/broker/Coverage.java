package io.framebroker.server.broker;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often something has happened, over many runs. Thread-safe. */
final class Coverage {
    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    void reached(String what) {
        counts.computeIfAbsent(what, absent -> new LongAdder()).increment();
    }

    long of(String what) {
        LongAdder count = counts.get(what);
        return count == null ? 0 : count.sum();
    }

    @Override
    public String toString() {
        return new TreeMap<>(counts).toString();
    }
}
