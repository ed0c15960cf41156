package io.framebroker.server;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/** Gathers what is wrong with the settings, so that it is all said at once. */
final class Complaints {
    private final Set<String> found = new LinkedHashSet<>();

    Complaints unless(boolean isWell, Supplier<String> what) {
        if (!isWell) {
            found.add(what.get());
        }
        return this;
    }

    /** Makes something of settings, and keeps what that complains of. */
    Complaints of(Runnable making) {
        try {
            making.run();
        } catch (IllegalArgumentException e) {
            found.addAll(e instanceof Found all ? all.each : Set.of(String.valueOf(e.getMessage())));
        }
        return this;
    }

    /** @throws IllegalArgumentException that says all of them, where there is one */
    void done() {
        if (!found.isEmpty()) {
            throw new Found(found);
        }
    }

    private static final class Found extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        private final transient Set<String> each;

        Found(Set<String> each) {
            super(String.join("; ", each));
            this.each = each;
        }
    }
}
