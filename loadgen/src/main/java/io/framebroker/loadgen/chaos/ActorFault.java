package io.framebroker.loadgen.chaos;

import java.time.Duration;

/** A process is killed and started again, or stopped and continued. */
public final class ActorFault implements Fault {
    private final String kind;
    private final Actor actor;
    private final boolean kills;
    private final Duration lasts;
    private long pid;

    private ActorFault(String kind, Actor actor, boolean kills, Duration lasts) {
        this.kind = kind;
        this.actor = actor;
        this.kills = kills;
        this.lasts = lasts;
    }

    /** SIGKILL, and started again after so long. */
    public static ActorFault kill(String kind, Actor actor, Duration lasts) {
        return new ActorFault(kind, actor, true, lasts);
    }

    /** SIGSTOP, and SIGCONT after so long. */
    public static ActorFault stop(String kind, Actor actor, Duration lasts) {
        return new ActorFault(kind, actor, false, lasts);
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return actor.name();
    }

    @Override
    public long pid() {
        return actor.process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() throws InterruptedException {
        pid = pid();
        if (kills) {
            actor.kill();
        } else {
            actor.stop();
        }
    }

    @Override
    public String effect() {
        if (kills) {
            return actor.isAlive() ? "" : "process " + pid + " is gone";
        }
        return actor.isStopped() ? "process " + pid + " is stopped" : "";
    }

    @Override
    public void end() throws InterruptedException {
        if (kills) {
            actor.restart();
        } else {
            actor.cont();
        }
    }

    @Override
    public String toString() {
        return kind + " of " + actor + " for " + lasts.toMillis() + " ms";
    }
}
