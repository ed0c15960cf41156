package io.framebroker.loadgen.chaos;

import java.time.Duration;

/**
 * A store hangs, and after a while who writes to it is killed, with whatever it was about to write. The store goes on first, with
 * what is on its way to it still.
 */
final class KilledBehindHung implements Fault {
    private final String kind;
    private final Actor store;
    private final Actor writer;
    private final Duration hangsBefore;
    private final Duration lasts;

    /** @param hangsBefore how long the store hangs before the writer is killed */
    KilledBehindHung(String kind, Actor store, Actor writer, Duration hangsBefore, Duration lasts) {
        this.kind = kind;
        this.store = store;
        this.writer = writer;
        this.hangsBefore = hangsBefore;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return writer.name();
    }

    @Override
    public long pid() {
        return writer.process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() throws InterruptedException {
        store.stop();
        Thread.sleep(hangsBefore.toMillis());
        writer.kill();
    }

    @Override
    public String effect() {
        return store.isStopped() && !writer.isAlive() ? store + " hangs, and " + writer + " is gone" : "";
    }

    @Override
    public void end() throws InterruptedException {
        store.cont();
        writer.restart();
    }

    @Override
    public String toString() {
        return kind + " of " + writer + " for " + lasts.toMillis() + " ms, " + hangsBefore.toMillis() + " ms behind "
                + store;
    }
}
