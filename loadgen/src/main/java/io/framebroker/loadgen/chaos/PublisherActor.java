package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.role.ChildRole;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.role.Line;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.worker.PublisherSetup;
import java.time.Duration;

/** A checked publisher. Started again, it has a larger epoch and begins at sequence 1. */
public final class PublisherActor extends Actor {
    private static final String ROLE = "checked-publisher";

    private final Jvm jvm;
    private PublisherSetup setup;
    private ChildRole child;

    PublisherActor(String name, Jvm jvm, PublisherSetup setup) {
        super(name);
        this.jvm = jvm;
        this.setup = setup;
        this.child = ChildRole.start(ROLE, jvm);
    }

    /** Opens the publisher; frames flow with {@link #start}. */
    void open() throws InterruptedException {
        child.ask(new Line("open", setup.fields()));
    }

    void start() throws InterruptedException {
        child.ask(Line.of("start"));
    }

    @Override
    public ProcessHandle process() {
        return child.process();
    }

    @Override
    public void restart() throws InterruptedException {
        setup = setup.withEpoch(Math.max(setup.source().epoch() + 1, Stamp.nowMicros()));
        child = ChildRole.start(ROLE, jvm);
        open();
        start();
    }

    /** Frames that were acked since it was started last. */
    long acked() throws InterruptedException {
        return stats().number("acked");
    }

    /** Frames it has begun with since it was started last. */
    long invoked() throws InterruptedException {
        return stats().number("invoked");
    }

    private Line stats() throws InterruptedException {
        Line stats = child.ask(Line.of("stats"));
        if (!stats.get("failure").isEmpty()) {
            throw new RunFailure(this + ": " + stats.get("failure"));
        }
        return stats;
    }

    /** Publishes no more; returns when every frame has an outcome, or after so long, with the log at its end. */
    void finish(Duration patience) throws InterruptedException {
        child.ask(Line.of("stop").with("patience_ms", patience.toMillis()));
        child.ask(Line.of("close"));
    }

    @Override
    void end() {
        child.close();
    }
}
