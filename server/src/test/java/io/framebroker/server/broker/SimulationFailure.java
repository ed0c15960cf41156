package io.framebroker.server.broker;

import java.util.Collection;

/** A run that broke a rule, with what there is to repeat and understand it. */
final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    SimulationFailure(long seed, int step, Collection<String> notes, Throwable cause) {
        super(
                "seed " + seed + ", step " + step + ": " + cause + "\nthe last steps were\n  "
                        + String.join("\n  ", notes),
                cause);
    }
}
