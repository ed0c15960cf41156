package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.ChildRole;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.role.Line;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.worker.ConsumerSetup;

/** A checked consumer. Started again, it comes back under its name. */
public final class ConsumerActor extends Actor {
    private static final String ROLE = "checked-consumer";

    private final Jvm jvm;
    private final ConsumerSetup setup;
    private ChildRole child;

    ConsumerActor(String name, Jvm jvm, ConsumerSetup setup) {
        super(name);
        this.jvm = jvm;
        this.setup = setup;
        this.child = ChildRole.start(ROLE, jvm);
    }

    /** Joins the group, which thereby exists. */
    void open() throws InterruptedException {
        child.ask(new Line("open", setup.fields()));
    }

    @Override
    public ProcessHandle process() {
        return child.process();
    }

    @Override
    public void restart() throws InterruptedException {
        child = ChildRole.start(ROLE, jvm);
        open();
    }

    /** Frames that came, since it was started last. */
    long delivered() throws InterruptedException {
        Line stats = child.ask(Line.of("stats"));
        if (!stats.get("failure").isEmpty()) {
            throw new RunFailure(this + ": " + stats.get("failure"));
        }
        return stats.number("delivered");
    }

    /** From now on it can handle what was poison. */
    void cure() throws InterruptedException {
        child.ask(Line.of("cure"));
    }

    /** Gives back what it holds, and ends its log. */
    void finish() throws InterruptedException {
        child.ask(Line.of("close"));
    }

    @Override
    void end() {
        child.close();
    }
}
