package io.framebroker.loadgen.chaos;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A publisher is killed with frames on their way, and started again. Killed at any moment it often has none: a broker in memory
 * answers sooner than the next frame comes. So the run's brokers stand still until it has. A broker that ran before does not.
 */
final class PublisherKill implements Fault {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long POLL_MILLIS = 1;

    private final String kind;
    private final Stage stage;
    private final PublisherActor publisher;
    private final Duration lasts;
    private long pid;

    PublisherKill(String kind, Stage stage, PublisherActor publisher, Duration lasts) {
        this.kind = kind;
        this.stage = stage;
        this.publisher = publisher;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return publisher.name();
    }

    @Override
    public long pid() {
        return publisher.process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() throws InterruptedException {
        pid = pid();
        try {
            for (BrokerActor broker : stage.brokers()) {
                broker.stop();
            }
            if (!stage.brokers().isEmpty()) {
                awaitFrameOnItsWay();
            }
            publisher.kill();
        } finally {
            for (BrokerActor broker : stage.brokers()) {
                broker.cont();
            }
        }
    }

    /** One that was begun with when nobody answered any more; an answer to those before may be on its way, too. */
    private void awaitFrameOnItsWay() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!stage.brokers().stream().allMatch(Actor::isStopped) && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        long before = publisher.invoked();
        while (publisher.invoked() == before && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    @Override
    public String effect() {
        return publisher.isAlive() ? "" : "process " + pid + " is gone";
    }

    @Override
    public void end() throws InterruptedException {
        publisher.restart();
    }

    @Override
    public String toString() {
        return kind + " of " + publisher + " for " + lasts.toMillis() + " ms";
    }
}
