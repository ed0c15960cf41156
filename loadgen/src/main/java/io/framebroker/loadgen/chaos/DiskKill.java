package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A broker on its disk store is killed while frames flow, and started again; or killed once more while it finds out what it has,
 * and then started again.
 */
final class DiskKill implements Fault {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FLOW_POLL_MILLIS = 50;
    private static final long POLL_MILLIS = 1;

    private final String kind;
    private final Stage stage;
    private final BrokerActor broker;
    private final Path lock;
    private final Duration again;
    private final Duration lasts;
    private String effect = "";

    /**
     * @param folder of the disk store; its file {@code lock} says which process has taken it
     * @param again how long after it has taken the folder it is killed again; null for not at all
     * @param lasts how long it is gone
     */
    DiskKill(String kind, Stage stage, Path folder, Duration again, Duration lasts) {
        this.kind = kind;
        this.stage = stage;
        this.broker = stage.brokers().get(0);
        this.lock = folder.resolve("lock");
        this.again = again;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return broker.name();
    }

    @Override
    public long pid() {
        return broker.process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    /** Publishers come back a while after the broker does. */
    @Override
    public void await() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (PublisherActor publisher : stage.publishers()) {
            long before = publisher.acked();
            while (publisher.acked() == before && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(FLOW_POLL_MILLIS);
            }
        }
    }

    @Override
    public void begin() throws InterruptedException {
        long first = pid();
        broker.kill();
        effect = "process " + first + " is gone";
        if (again != null) {
            effect = killAgain();
        }
    }

    private String killAgain() throws InterruptedException {
        broker.launch();
        long second = pid();
        boolean taken = awaitFolderTaken(Long.toString(second));
        TimeUnit.MILLISECONDS.sleep(again.toMillis());
        if (!broker.isAlive()) {
            throw new RunFailure(broker + " ended by itself when it was started again; what it said is above");
        }
        broker.kill();
        return taken
                ? effect + ", and process " + second + ", " + again.toMillis() + " ms after it had taken the folder"
                : "";
    }

    private boolean awaitFolderTaken(String pid) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (broker.isAlive() && System.nanoTime() - deadline < 0) {
            if (owner().equals(pid)) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return false;
    }

    private String owner() {
        try {
            return Files.readString(lock).trim();
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public String effect() {
        return broker.isAlive() ? "" : effect;
    }

    @Override
    public void end() throws InterruptedException {
        broker.restart();
    }

    @Override
    public String toString() {
        return kind + " of " + broker
                + (again == null ? "" : ", again " + again.toMillis() + " ms after it has taken its folder,") + " for "
                + lasts.toMillis() + " ms";
    }
}
