package io.framebroker.loadgen.role;

/** A part of a run that takes commands: in this JVM, or in one of its own behind {@link ChildRole}. */
public interface Role extends AutoCloseable {
    /**
     * Carries out one command.
     *
     * @throws RunFailure when the role cannot go on: the run has failed
     */
    Line ask(Line request) throws InterruptedException;

    /** The process it runs in. */
    default ProcessHandle process() {
        return ProcessHandle.current();
    }

    @Override
    void close();
}
