package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.check.Terms;
import java.util.Random;

/**
 * A kind of run: who takes part, which fault each round has, and what the run must have had to prove anything. To add one: implement
 * this, list it in {@link Scenarios}, and say in the README what it shows.
 */
public interface Scenario {
    /** As users write it. */
    String name();

    /** What it does, in a line. */
    String description();

    /** Who takes part: what the user asked for, and what the scenario needs. */
    default StageSetup setting(StageSetup asked) throws InterruptedException {
        return asked;
    }

    /**
     * Adds to the stage what is not in its setup, for instance replicas and sentinels, or a {@link FaultProxy} before Redis. Called
     * when the stage's own Redis serves, and before brokers start.
     */
    default void furnish(Stage stage) throws InterruptedException {}

    /** What the run must have had, and what it may have lost. */
    Terms terms(Terms usual);

    /** The fault of one round. Everything random in it comes from {@code random}, so that a seed brings it again. */
    Fault draw(Stage stage, Random random);
}
