package io.framebroker.loadgen.chaos;

import java.time.Duration;
import java.util.List;

/** Several processes are killed one right after the other, and started again in that order. */
final class AllKilled implements Fault {
    private final String kind;
    private final List<? extends Actor> actors;
    private final Duration lasts;

    AllKilled(String kind, List<? extends Actor> actors, Duration lasts) {
        this.kind = kind;
        this.actors = actors;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return actors.get(0).name();
    }

    @Override
    public long pid() {
        return actors.get(0).process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() throws InterruptedException {
        for (Actor actor : actors) {
            actor.kill();
        }
    }

    @Override
    public String effect() {
        return actors.stream().noneMatch(Actor::isAlive) ? "all of " + actors.size() + " processes are gone" : "";
    }

    @Override
    public void end() throws InterruptedException {
        for (Actor actor : actors) {
            actor.restart();
        }
    }

    @Override
    public String toString() {
        return kind + " of " + actors + " for " + lasts.toMillis() + " ms";
    }
}
