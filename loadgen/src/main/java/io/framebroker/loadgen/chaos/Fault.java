package io.framebroker.loadgen.chaos;

import java.time.Duration;

/**
 * One disturbance, drawn beforehand and carried out once. Used by one thread: {@link #await}, {@link #begin}, a while of {@link #lasts},
 * {@link #effect}, {@link #end}.
 */
public interface Fault {
    /** For instance {@code publisher-kill}; {@link io.framebroker.loadgen.check.Terms#tails} go by it. */
    String kind();

    /** Who is hurt. */
    String target();

    /** Process that is hurt; 0 when it is none. */
    long pid();

    Duration lasts();

    /** Waits until it can hit what it is to hit, or for a while; before it begins. */
    default void await() throws InterruptedException {}

    void begin() throws InterruptedException;

    /** What shows that it is in effect; empty when nothing does, and then the run is void. */
    String effect() throws InterruptedException;

    /** Puts everything right again, as far as the fault did it wrong. Returns when that is so. */
    void end() throws InterruptedException;
}
