package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.Children;

/** A process that takes part in a run and may be hurt: killed, stopped, continued and started again. Used by one thread. */
public abstract class Actor implements AutoCloseable {
    private final String name;
    private boolean stopped;

    Actor(String name) {
        this.name = name;
    }

    /** What it is called in logs, for instance {@code publisher-0}. */
    public final String name() {
        return name;
    }

    /** The process that plays it now. */
    public abstract ProcessHandle process();

    /**
     * Starts it again after it was killed, as the same one: a broker and a Redis on their ports and with their data, a publisher
     * with a larger epoch, a consumer under its name. Returns when it takes part.
     */
    public abstract void restart() throws InterruptedException;

    /** Ends it in order. */
    abstract void end();

    /** SIGKILL. Returns when it is gone. */
    public final void kill() throws InterruptedException {
        Children.kill(process());
        stopped = false;
    }

    /** SIGSTOP: it does nothing, and its connections stay. */
    public final void stop() throws InterruptedException {
        Signal.STOP.send(process());
        stopped = true;
    }

    /** SIGCONT. */
    public final void cont() throws InterruptedException {
        Signal.CONT.send(process());
        stopped = false;
    }

    /** Whether the operating system says that it is stopped. */
    public final boolean isStopped() {
        return Signal.isStopped(process());
    }

    public final boolean isAlive() {
        return process().isAlive();
    }

    @Override
    public final void close() {
        if (stopped) {
            try {
                cont();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        end();
    }

    @Override
    public String toString() {
        return name + " (process " + process().pid() + ")";
    }
}
