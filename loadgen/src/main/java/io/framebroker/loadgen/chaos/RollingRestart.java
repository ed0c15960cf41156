package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Every broker in turn is told to stop, ends in order, and is started again: what an upgrade does. */
final class RollingRestart implements Fault {
    private static final Duration MOST_DRAIN = Duration.ofSeconds(20);

    private final String kind;
    private final List<BrokerActor> brokers;
    private final Duration lasts;
    private final List<String> ended = new ArrayList<>();

    /** @param lasts how long the last one is away */
    RollingRestart(String kind, List<BrokerActor> brokers, Duration lasts) {
        this.kind = kind;
        this.brokers = brokers;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return "all-brokers";
    }

    @Override
    public long pid() {
        return last().process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    private BrokerActor last() {
        return brokers.get(brokers.size() - 1);
    }

    @Override
    public void begin() throws InterruptedException {
        for (BrokerActor broker : brokers) {
            long pid = broker.process().pid();
            long began = System.nanoTime();
            int code = broker.terminate(MOST_DRAIN);
            long millis = (System.nanoTime() - began) / 1_000_000;
            if (code != 0) {
                throw new RunFailure(broker + " ended with exit code " + code + " when it was told to stop");
            }
            ended.add("process " + pid + " ended in order within " + millis + " ms");
            if (broker != last()) {
                broker.restart();
            }
        }
    }

    @Override
    public String effect() {
        return ended.size() == brokers.size() ? String.join(", ", ended) : "";
    }

    @Override
    public void end() throws InterruptedException {
        last().restart();
    }

    @Override
    public String toString() {
        return kind + " of " + brokers.size() + " brokers, the last one away for " + lasts.toMillis() + " ms";
    }
}
